import type { TrialArguments } from "./trial.ts";

/** The command that does the same again, in the same order. */
export function repeatCommand({ words, jobs, random, seed, timeout, shard }: TrialArguments): string {
  const options = [
    ...(jobs === undefined ? [] : ["-j", String(jobs)]),
    ...(timeout === undefined ? [] : ["--timeout", String(timeout)]),
    ...(shard === undefined ? [] : ["--shard", `${shard.index}/${shard.total}`]),
    ...(seed === undefined ? [] : ["--seed", String(seed)]),
    ...(random === undefined ? [] : ["--random", String(random)]),
  ];
  return ["npx trial", ...options, ...words.map(quoted)].join(" ");
}

/** For a shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
