import { Argument, type Command } from "../commander.ts";
import { DONE } from "../exit-status.ts";
import { KINDS, type Kind } from "./kinds.ts";

/** `ropewalk new KIND NAME`. */
export function addNew(program: Command, done: (status: number) => void): void {
  program
    .command("new")
    .summary("write the beginning of a plug-in, a service or a protocol")
    .description(
      "Writes a small package into the folder NAME: a plug-in for twistd, a program of services, or both sides of a " +
        "protocol, each with a test that passes. In a checkout of ropewalk, a protocol becomes a family in src/protocols/.",
    )
    .addArgument(new Argument("KIND", "what to begin").choices(KINDS))
    .argument("NAME", "a word in lower case, with hyphens: traffic-report")
    .action(async (kind: Kind, name: string) => {
      const { writeNew } = await import("./write-new.ts");
      process.stdout.write(writeNew(kind, name, process.cwd()));
      done(DONE);
    });
}
