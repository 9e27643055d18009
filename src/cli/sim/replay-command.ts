import type { ReplayCommand } from "../../sim/explore/report.ts";
import type { SimArguments } from "./command.ts";

/** What to type to see a failure again; `--faults` only if the seed does not draw just these. */
export function replayCommand({ file, plant }: SimArguments, wereGiven: boolean): ReplayCommand {
  return ({ found, shortest }) => {
    const faults = shortest === found && !wereGiven ? [] : ["--faults", JSON.stringify(shortest.faults)];
    const words = ["npx", "ropewalk", "sim", file, "--seed", String(shortest.seed)];
    return [...words, ...(plant === undefined ? [] : ["--plant", plant]), ...faults].map(quoted).join(" ");
  };
}

/** For a POSIX shell. */
function quoted(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
