/** The command line of the bench. */
import { parseArgs } from "node:util";

export interface Options {
  readonly benches: readonly string[];
  readonly json: boolean;
  readonly help: boolean;
  /** Whether the figures become bench/RESULTS.md: only those of a full run do. */
  readonly save: boolean;
  /** How long one measurement lasts. Short ones that alternate often cancel what drifts on the machine. */
  readonly seconds: number;
  /** How long each server is put under load before the first measurement. */
  readonly warmUpSeconds: number;
  /** Measurements of each server; the median counts. */
  readonly rounds: number;
  /** Names of the servers to measure; all when empty. */
  readonly servers: readonly string[];
}

/** Reads `words` against the known names. Throws an Error that names the wrong word and shows the accepted ones. */
export function parseArguments(
  words: readonly string[],
  known: readonly string[],
  contenders: readonly string[],
): Options {
  const { values, positionals } = parseArgs({ args: [...words], options: flags, allowPositionals: true });
  const quick = values.quick === true;
  const json = values.json === true;
  const servers = values.servers?.split(",").filter((name) => name !== "") ?? [];
  refuseUnknown("bench", positionals, known);
  refuseUnknown("server", servers, contenders);
  const complete = positionals.length === 0 && servers.length === 0 && !quick;
  return {
    benches: positionals.length > 0 ? positionals : known,
    json,
    help: values.help === true,
    save: complete && !json && values["no-save"] !== true,
    seconds: numberIn("seconds", values.seconds, quick ? 0.2 : 0.5, 0.1, 60),
    warmUpSeconds: quick ? 0.1 : 1,
    rounds: Math.round(numberIn("rounds", values.rounds, quick ? 1 : 7, 1, 99)),
    servers,
  };
}

/** What `--help` prints. */
export function usage(known: readonly string[], contenders: readonly string[]): string {
  return `npm run bench -- [BENCH…] [--json] [--quick] [--seconds N] [--rounds N] [--servers A,B] [--no-save]
  benches: ${known.join(" ")} (all when none is named)
  servers: ${contenders.join(" ")}
  --json     one JSON object a line on stdout: bench, load, server, cpuUsPerOp, opsPerSec, rssMiB
  --quick    one short round: shows that it works, measures nothing
  --no-save  leave bench/RESULTS.md alone (only a full run writes it)
`;
}

function refuseUnknown(kind: string, given: readonly string[], known: readonly string[]): void {
  for (const name of given)
    if (!known.includes(name)) throw new Error(`Cannot find ${kind} "${name}": use any of ${known.join(", ")}`);
}

function numberIn(name: string, given: string | undefined, byDefault: number, least: number, most: number): number {
  const number = given === undefined ? byDefault : Number(given);
  if (number >= least && number <= most) return number;
  throw new Error(`Cannot use --${name} "${given}": give a number from ${least} to ${most}`);
}

const flags = {
  json: { type: "boolean" },
  quick: { type: "boolean" },
  help: { type: "boolean" },
  "no-save": { type: "boolean" },
  seconds: { type: "string" },
  rounds: { type: "string" },
  servers: { type: "string" },
} as const;
