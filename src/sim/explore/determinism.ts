import type { Packet } from "../network/packet.ts";
import type { Simulation } from "../simulation.ts";
import { TraceHash } from "../trace/trace-hash.ts";
import { type RunResult, runScenario } from "./run-scenario.ts";
import type { Scenario } from "./scenario.ts";

/** Which seeds to run twice. */
export interface DeterminismOptions {
  /** How many, from `firstSeed` on; or which. */
  readonly seeds: number | Iterable<number>;
  /** Default 1. */
  readonly firstSeed?: number | undefined;
  readonly plant?: string | undefined;
}

/** What running twice came to. */
export interface Determinism {
  /** How many seeds were run twice. */
  readonly seeds: number;
  /** Undefined if all agreed. */
  readonly difference: RunDifference | undefined;
}

/** Two runs of one seed that are not the same. */
export interface RunDifference {
  readonly seed: number;
  readonly runs: readonly [RunResult, RunResult];
  /** The first thing that one run did and the other did not, for people. */
  readonly first: string;
}

/**
 * Runs each seed twice and compares the traces. A difference means that the program goes by something that is not the
 * simulation's: the real clock, real randomness, real I/O, or what an earlier run left behind. Stops at the first one.
 *
 * @throws as `runScenario` does.
 *
 * @example
 * ```ts
 * import { checkDeterminism, scenario } from "ropewalk/sim";
 *
 * const quiet = scenario({ name: "quiet", durationMs: 1_000, setup: (sim) => sim.host("a") });
 * console.log((await checkDeterminism(quiet, { seeds: 10 })).difference); // undefined
 * ```
 */
export async function checkDeterminism<W>(scenario: Scenario<W>, options: DeterminismOptions): Promise<Determinism> {
  const { seeds, firstSeed = 1, plant } = options;
  let count = 0;
  for (const seed of typeof seeds === "number" ? range(firstSeed, seeds) : seeds) {
    const one = await runScenario(scenario, { seed, plant });
    const other = await runScenario(scenario, { seed, plant });
    count += 1;
    if (isSame(one, other)) continue;
    return {
      seeds: count,
      difference: { seed, runs: [one, other], first: await firstDifference(scenario, seed, plant) },
    };
  }
  return { seeds: count, difference: undefined };
}

function isSame(one: RunResult, other: RunResult): boolean {
  const fails = [one, other].map(({ failure }) => `${failure?.invariant} ${failure?.atMs}`);
  return one.hash === other.hash && one.eventCount === other.eventCount && fails[0] === fails[1];
}

/** Runs it twice more and listens, which would cost too much the first time. */
async function firstDifference<W>(scenario: Scenario<W>, seed: number, plant: string | undefined): Promise<string> {
  const logs: string[][] = [[], []];
  for (const log of logs) await runScenario(scenario, { seed, plant, observe: (sim) => listen(sim, log) });
  const [one = [], other = []] = logs;
  const at = one.findIndex((line, index) => line !== other[index]);
  if (at < 0 && one.length === other.length) {
    return "two more runs sent the same packets: the difference is in what a program did on its own, or it comes and goes";
  }
  const index = at < 0 ? one.length : at;
  return `after ${index} that are the same: ${one[index] ?? "the end"}; and in the other run: ${other[index] ?? "the end"}`;
}

function listen(sim: Simulation, log: string[]): void {
  sim.observe({
    packetSent: (packet, nowMs) => void log.push(`${nowMs} ms ${describePacket(packet)}`),
    noted: ({ timeMs, host, text }) => void log.push(`${timeMs} ms ${host}: ${text}`),
  });
}

function describePacket(packet: Packet): string {
  const { protocol, from, sourcePort, to, destinationHost, destinationPort, data, isOpaque, wireBytes } = packet;
  const target = to?.name ?? destinationHost;
  const what = isOpaque ? `${wireBytes} bytes of ciphertext` : `${data.length} bytes ${hashOf(data)}`;
  return `${protocol} ${from.name}:${sourcePort} to ${target}:${destinationPort}, flags ${packet.flags}, ${what}`;
}

function hashOf(data: Uint8Array): string {
  const hash = new TraceHash();
  hash.addBytes(data);
  return hash.toString();
}

function* range(first: number, count: number): Iterable<number> {
  for (let at = 0; at < count; at += 1) yield first + at;
}
