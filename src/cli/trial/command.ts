import { Command, InvalidArgumentError, Option } from "../commander.ts";
import type { TrialArguments } from "./trial.ts";

/** The command `trial`, which is also `ropewalk test`. What it does is loaded when it is done. */
export function trialCommand(name: string, done: (status: number) => void): Command {
  return new Command(name)
    .summary("run tests: files, folders, or those of a name")
    .description(
      "Runs test files with Node's test runner, one process a file, TypeScript without a build. A WORD that is a file is run; " +
        "of a folder, all files that end in .test.ts, .test.js, .test.mts or .test.mjs; any other is a name: only tests whose " +
        "name contains it are run. Without files, the working directory is searched.",
    )
    .argument("[WORDS...]", "files, folders, and names of tests")
    .addOption(
      new Option("-j, --jobs <count>", "processes at once (default: one a processor, less one)").argParser(count),
    )
    .option("--random [seed]", "shuffle the files, and the tests in each", seed)
    .addOption(new Option("--seed <n>", "for what is left to chance in tests: simulations").argParser(integer))
    .option("--until-failure", "run again and again until a test fails")
    .option("--reporter <name[=file]>", "spec, tap, dot, junit, lcov, or a module; can be given again", again, [])
    .addOption(
      new Option("--timeout <ms>", "for each part of a test that does not say (default: 120000)").argParser(count),
    )
    .option("--coverage", "say which lines were run")
    .option("--watch", "run tests again when a file of theirs changes")
    .option("--debug", "wait for a debugger in each file: node --inspect-brk")
    .addOption(new Option("--shard <n/of>", "run one of so many parts of the files").argParser(shard))
    .showHelpAfterError(`(${name} --help tells more)`)
    .action(async (words: readonly string[], options: Omit<TrialArguments, "words">) => {
      const { trial } = await import("./trial.ts");
      done(await trial({ ...options, words }));
    });
}

function integer(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("It is no whole number.");
  return Number(text);
}

/** An optional value that looks like a file is none: `--random a.test.ts`. */
function seed(text: string): number {
  if (!/^\d{1,15}$/.test(text)) {
    throw new InvalidArgumentError(`It is no whole number; put words before --random, or -- between.`);
  }
  return Number(text);
}

function count(text: string): number {
  const number = integer(text);
  if (number < 1) throw new InvalidArgumentError("It is 1 or more.");
  return number;
}

function shard(text: string): { readonly index: number; readonly total: number } {
  const [index = 0, total = 0] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).slice(1).map(Number);
  if (index < 1 || index > total) throw new InvalidArgumentError("It is like 1/3: the first of three parts.");
  return { index, total };
}

function again(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
