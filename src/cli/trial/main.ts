import { runCommand } from "../run-command.ts";
import { trialCommand } from "./command.ts";

const status = await runCommand((done) => trialCommand("trial", done), process.argv.slice(2));
process.exit(status);
