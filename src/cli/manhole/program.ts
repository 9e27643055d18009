import type { Command } from "commander";

/** Adds `ropewalk manhole`. */
export function addManhole(program: Command, done: (status: number) => void): void {
  program
    .command("manhole")
    .summary("enter the manhole of a running process: a prompt into it")
    .description(
      "Opens a prompt into the process that listens at PATH (twistd --manhole PATH). On a terminal it completes, remembers and " +
        "colours; Ctrl-C drops a line, Ctrl-D leaves, Ctrl-] hangs up if there is no answer. Otherwise it sends standard input " +
        "line by line and prints the answers.",
    )
    .argument("PATH", "the socket of the manhole")
    .action(async (path: string) => {
      const { enterManhole } = await import("./command.ts");
      done(await enterManhole(path));
    });
}
