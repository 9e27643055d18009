/** Runs the HTTP benches: every server its own process, every round every server, wrk as the load. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Options } from "./arguments.ts";
import type { HttpBench, HttpLoad } from "./catalogue.ts";
import { type Figure, rotated, type Sample, toFigure } from "./figure.ts";
import { cpuUs, rssBytes } from "./measure.ts";
import { type Server, startServer } from "./tcp.ts";
import type { Toolbox } from "./toolbox.ts";

/** Yields a figure for each server under each load. Throws when a server dies, refuses, or answers with an error. */
export async function* runHttp(
  name: string,
  bench: HttpBench,
  options: Options,
  toolbox: Toolbox,
): AsyncGenerator<Figure> {
  for (const load of bench.loads) {
    const chosen = load.servers.filter(({ name }) => options.servers.length === 0 || options.servers.includes(name));
    const servers = new Map<string, Server>();
    const samples = new Map<string, Sample[]>();
    try {
      for (const { name, program, mode } of chosen) {
        const command = toolbox.server(program);
        if (command === undefined) continue;
        servers.set(name, await startServer([...command, mode]));
        samples.set(name, []);
      }
      for (const server of servers.values()) await measure(server, load, options.warmUpSeconds);
      for (let round = 0; round < options.rounds; round++)
        for (const [name, server] of rotated([...servers], round))
          samples.get(name)?.push(await measure(server, load, options.seconds));
    } finally {
      for (const server of servers.values()) await server.program.end();
    }
    for (const [server, taken] of samples) yield toFigure(name, load.name, server, taken);
  }
}

async function measure(server: Server, load: HttpLoad, seconds: number): Promise<Sample> {
  const { pid } = server.program;
  const scheme = load.isTls === true ? "https" : "http";
  const script = load.script === undefined ? [] : ["-s", `${scripts}${load.script}.lua`];
  // wrk counts in whole seconds.
  const whole = String(Math.max(1, Math.round(seconds)));
  const url = `${scheme}://127.0.0.1:${server.port}${load.path ?? "/"}`;
  const before = cpuUs(pid);
  const report = await said("wrk", ["-t1", `-c${load.connections}`, `-d${whole}s`, ...script, url]);
  const took = cpuUs(pid) - before;
  const [, requests = "0", time = whole] = /(\d+) requests in ([\d.]+)s/.exec(report) ?? [];
  const wrong = /Non-2xx.*: \d+|Socket errors: .*/.exec(report)?.[0];
  // Those that wrk has under way when its time is over count as timeouts only after two seconds.
  if (Number(requests) === 0 || wrong !== undefined) {
    throw new Error(`Cannot measure ${load.name}: ${wrong ?? `no requests were answered: ${report}`}`);
  }
  return { ops: Number(requests), seconds: Number(time), cpuUs: took, rssBytes: rssBytes(pid) };
}

function said(program: string, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (data: Buffer) => {
      text += data.toString("utf8");
    });
    child.once("error", reject);
    child.once("close", (status) => {
      if (status === 0) resolve(text);
      else reject(new Error(`Cannot measure: ${program} ended with status ${status}`));
    });
  });
}

const scripts = fileURLToPath(new URL("../../bench/loads/wrk/", import.meta.url));
