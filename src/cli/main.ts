import { runProgram } from "./program.ts";

const status = await runProgram(process.argv.slice(2));
// What a service left behind, a timer or a socket, must not keep a process that was told to stop.
process.exit(status);
