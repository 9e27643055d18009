/** Comes first in each process that runs a test file. */
import { relative } from "node:path";
import { readTypeScript } from "../typescript/register.ts";

const { env, argv } = process;
env["NODE_OPTIONS"] = env["TRIAL_NODE_OPTIONS"];
if (!env["NODE_OPTIONS"]) delete env["NODE_OPTIONS"];
delete env["TRIAL_NODE_OPTIONS"];
env["TRIAL_FILE"] = relative(process.cwd(), argv[1] ?? "");
readTypeScript();
