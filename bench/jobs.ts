/** Runs the benches that need no network: each contender in a process of its own, in alternating rounds. */
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import type { Options } from "./arguments.ts";
import type { JobBench } from "./catalogue.ts";
import { type Figure, rotated, type Sample, toFigure } from "./figure.ts";
import { Program } from "./program.ts";

/** Yields a figure for each contender of each load. */
export async function* runJobs(name: string, bench: JobBench, options: Options): AsyncGenerator<Figure> {
  for (const load of bench.loads) {
    const chosen = load.servers.filter((server) => options.servers.length === 0 || options.servers.includes(server));
    const samples = new Map<string, Sample[]>(chosen.map((server) => [server, []]));
    for (let round = 0; round < options.rounds; round++)
      for (const server of rotated(chosen, round))
        samples.get(server)?.push(await runJob(name, load.name, server, options.seconds));
    for (const [server, taken] of samples) yield toFigure(name, load.name, server, taken);
  }
}

async function runJob(bench: string, load: string, server: string, seconds: number): Promise<Sample> {
  const program = new Program([execPath, jobProgram, bench, load, server, String(seconds)]);
  try {
    return JSON.parse(await program.nextLine(seconds * 1_000 + timeoutMs));
  } finally {
    await program.end();
  }
}

const jobProgram = fileURLToPath(new URL("jobs/main.js", import.meta.url));
const timeoutMs = 30_000;
