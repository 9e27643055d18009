import { Argument, type Command } from "../commander.ts";
import { DONE } from "../exit-status.ts";
import { type Shell, scripts } from "./scripts.ts";

/** `ropewalk completion SHELL`, and the hidden `ropewalk complete` that its scripts call at each press of the key. */
export function addCompletion(program: Command, done: (status: number) => void): void {
  program
    .command("completion")
    .summary("print what makes a shell complete these commands")
    .description(
      "Prints a script that makes a shell complete ropewalk, twistd and trial: their sub-commands, options, plug-ins and " +
        "files. For bash, put this into ~/.bashrc: source <(ropewalk completion bash)",
    )
    .addArgument(new Argument("SHELL", "which shell").choices(Object.keys(scripts)))
    .action((shell: Shell) => {
      process.stdout.write(scripts[shell]);
      done(DONE);
    });
  program
    .command("complete", { hidden: true })
    .argument("<words...>", "the command line, its last word being the one to complete")
    .action(async (words: readonly string[]) => {
      const { complete } = await import("./complete.ts");
      process.stdout.write((await complete(program, words)).map((line) => `${line}\n`).join(""));
      done(DONE);
    });
}
