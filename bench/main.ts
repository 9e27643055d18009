/**
 * `npm run bench`: what an operation costs the server in CPU time, ours and its peers in one alternating run.
 * CPU time is the figure because it holds on a noisy machine; throughput is what the load happened to reach.
 */
import { argv, exit, stderr, stdout } from "node:process";
import { type Options, parseArguments, usage } from "./arguments.ts";
import { type Bench, catalogue, contenders } from "./catalogue.ts";
import type { Figure } from "./figure.ts";
import { runHttp } from "./http.ts";
import { runJobs } from "./jobs.ts";
import { toJson, toText } from "./report.ts";
import { machine, saveResults } from "./results.ts";
import { runTcp } from "./tcp.ts";
import { openToolbox, type Toolbox } from "./toolbox.ts";

try {
  await main();
} catch (error) {
  stderr.write(`bench: ${error instanceof Error ? error.message : error}\n`);
  exit(1);
}

async function main(): Promise<void> {
  const options = parseArguments(argv.slice(2), Object.keys(catalogue), contenders);
  if (options.help) {
    stdout.write(usage(Object.keys(catalogue), contenders));
    return;
  }
  const toolbox = openToolbox((line) => stderr.write(`bench: ${line}\n`));
  const where = machine();
  if (options.benches.includes("startup")) {
    stderr.write("bench: making the package, whose start is measured\n");
    const { makePackage, PACKAGE } = await import("../tools/package.ts");
    await makePackage(PACKAGE);
  }
  const figures: Figure[] = [];
  try {
    for (const name of options.benches) {
      const bench = catalogue[name];
      if (bench === undefined) throw new Error(`Cannot find bench "${name}"`);
      for await (const figure of figuresOf(name, bench, options, toolbox)) {
        figures.push(figure);
        stdout.write(`${options.json ? toJson(figure) : toText(figure)}\n`);
      }
    }
  } finally {
    toolbox.close();
  }
  if (options.save) stderr.write(`bench: saved ${saveResults(figures, argv.slice(2), where)}\n`);
}

function figuresOf(name: string, bench: Bench, options: Options, toolbox: Toolbox): AsyncGenerator<Figure> {
  switch (bench.kind) {
    case "tcp":
      return runTcp(name, bench, options, toolbox);
    case "http":
      return runHttp(name, bench, options, toolbox);
    default:
      return runJobs(name, bench, options);
  }
}
