import { Command, InvalidArgumentError, Option } from "./commander.ts";
import { addCompletion } from "./completion/command.ts";
import { addManhole } from "./manhole/program.ts";
import { addNew } from "./new/command.ts";
import { runCommand } from "./run-command.ts";
import type { SimArguments } from "./sim/command.ts";
import { addTop } from "./top/command.ts";
import { trialCommand } from "./trial/command.ts";
import { twistdCommand } from "./twistd/command.ts";

/** Does what the command line of `ropewalk` says, and gives the exit status. */
export function runProgram(args: readonly string[]): Promise<number> {
  return runCommand((done) => {
    const program = new Command("ropewalk")
      .description("Tools of the Ropewalk networking framework")
      .showHelpAfterError("(ropewalk --help tells more)")
      .enablePositionalOptions();
    addSim(program, done);
    addTop(program, done);
    addManhole(program, done);
    program.addCommand(twistdCommand("run", done));
    program.addCommand(trialCommand("test", done));
    addCompletion(program, done);
    addNew(program, done);
    return program;
  }, args);
}

function addSim(program: Command, done: (status: number) => void): void {
  program
    .command("sim")
    .summary("run a scenario on a simulated network, with many seeds or one")
    .description(
      "Runs the scenario that FILE exports by default on a simulated network. With many seeds it looks for one that fails, " +
        "shrinks its faults, and says how to replay it; with --seed it runs that one.",
    )
    .argument("FILE", "a module, .ts or .js, whose default export is a scenario")
    .addOption(new Option("--seeds <count>", "how many seeds to run (default: 100)").argParser(count).conflicts("seed"))
    .addOption(new Option("--first-seed <n>", "the first of them (default: 1)").argParser(integer).conflicts("seed"))
    .addOption(new Option("--seed <n>", "run this seed only").argParser(integer))
    .addOption(new Option("--jobs <count>", "processes to run seeds in (default: 1)").argParser(count))
    .addOption(new Option("--stop-after <count>", "stop when so many seeds have failed (default: 1)").argParser(count))
    .option("--plant <name>", "plant this bug of the scenario's")
    .option("--faults <json>", "this schedule of faults in place of the scenario's own: JSON, or a file that holds it")
    .option("--capture <file>", "with --seed: write what the network carried, for Wireshark (pcapng)")
    .option("--diagram <file>", "with --seed: write a sequence diagram (HTML)")
    .option("--hash", "with --seed: print the hash of the trace")
    .option("--trace", "with --seed: print what happened, packet by packet")
    .action(async (file: string, options: Omit<SimArguments, "file">) => {
      // Not for those who ask for help, or for another command: the simulator is larger than all the rest.
      const { sim } = await import("./sim/command.ts");
      done(await sim({ ...options, file }));
    });
}

function integer(text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) throw new InvalidArgumentError("It is no whole number.");
  return Number(text);
}

function count(text: string): number {
  const number = integer(text);
  if (number < 1) throw new InvalidArgumentError("It is 1 or more.");
  return number;
}
