import { option } from "../../app/option.ts";
import { type Command, InvalidArgumentError, Option } from "../commander.ts";

/** What the command line says. */
export interface TopOptions {
  readonly pid?: number;
  readonly pidfile?: string;
  readonly token?: string;
  /** Milliseconds. */
  readonly interval: number;
  readonly once?: true;
  readonly json?: true;
}

export function addTop(program: Command, done: (status: number) => void): void {
  program
    .command("top")
    .summary("watch a running program: its services, connections, timers, errors and log")
    .description(
      "Shows the live view of a program that twistd runs with --inspect-port, in this terminal. Without a URL or a process it " +
        "takes the one of yours that runs; of several it names all.",
    )
    .argument("[URL]", "of the live view, as the program printed it")
    .addOption(new Option("-p, --pid <pid>", "the process to look at").argParser(wholeNumber).conflicts("pidfile"))
    .option("--pidfile <file>", "the file with the process's id, as of twistd --pidfile")
    .option("--token <file>", "a file with the token, if the URL has none")
    .addOption(
      new Option("-i, --interval <duration>", "time between two looks").argParser(interval).default(2_000, "2s"),
    )
    .option("-1, --once", "print it once and end; so it does if standard output is no terminal")
    .option("--json", "print it once, as JSON")
    .action(async (url: string | undefined, options: TopOptions) => {
      const { top } = await import("./top.ts");
      done(await top(url, options));
    });
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError("It is the number of a process.");
  return Number(text);
}

function interval(text: string): number {
  try {
    return Math.max(LEAST_INTERVAL_MS, option.duration("").parse(text) as number);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** More often tells a reader nothing, and costs the one that is looked at. */
const LEAST_INTERVAL_MS = 250;
