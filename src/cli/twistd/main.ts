import { runCommand } from "../run-command.ts";
import { twistdCommand } from "./command.ts";

const status = await runCommand((done) => twistdCommand("twistd", done), process.argv.slice(2));
// What a service left behind, a timer or a socket, must not keep a process that was told to stop.
process.exit(status);
