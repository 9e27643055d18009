/**
 * What the live view costs the program that is looked at: processor time of the server per request, `node
 * build/bench/live-view/main.js [ROUNDS]`. A server of each kind; each round measures all of them, in an order that turns
 * round, and compares within the round.
 */
import { type ChildProcess, execFile, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const KINDS = ["off", "on", "watched", "off again"] as const;
type Kind = (typeof KINDS)[number];

const LOADS: Readonly<Record<string, readonly string[]>> = {
  "kept alive": ["-t1", "-c64"],
  "a connection each": ["-t1", "-c64", "-H", "Connection: close"],
};
const SECONDS = 2;

interface Server {
  readonly child: ChildProcess;
  readonly port: number;
}

const rounds = Number(process.argv[2] ?? 12);
const children: ChildProcess[] = [];
const servers = new Map<Kind, Server>();
for (const kind of KINDS) servers.set(kind, await begin(kind));
for (const [load, flags] of Object.entries(LOADS)) {
  const costs: Record<Kind, number[]> = { off: [], on: [], watched: [], "off again": [] };
  for (let round = -1; round < rounds; round += 1) {
    for (const kind of round % 2 === 0 ? KINDS : [...KINDS].reverse()) {
      const cost = await costOf(servers.get(kind) as Server, flags);
      // The first round is for the compiler.
      if (round >= 0) costs[kind].push(cost);
    }
  }
  for (const kind of KINDS) {
    const over = costs[kind].map((cost, round) => (cost / (costs.off[round] as number) - 1) * 100);
    const [low, middle, high] = [0.25, 0.5, 0.75].map((part) => quantile(over, part).toFixed(1));
    const figure = `${quantile(costs[kind], 0.5).toFixed(2)} µs a request, least ${Math.min(...costs[kind]).toFixed(2)}`;
    console.log(`${load}, ${kind}: ${figure}; over off ${middle} % (quartiles ${low}, ${high})`);
  }
}
for (const child of children) child.kill();

async function begin(kind: Kind): Promise<Server> {
  const child = fork(fileURLToPath(new URL("server.js", import.meta.url)), [kind.split(" ")[0] as string]);
  children.push(child);
  const { port, url, token } = await told<{ port: number; url: string; token: string }>(child);
  if (kind === "watched") children.push(fork(fileURLToPath(new URL("page.js", import.meta.url)), [url, token]));
  return { child, port };
}

async function costOf({ child, port }: Server, flags: readonly string[]): Promise<number> {
  const spent = async (): Promise<number> => {
    child.send("how much?");
    return told<number>(child);
  };
  const before = await spent();
  const { stdout } = await promisify(execFile)("wrk", [...flags, `-d${SECONDS}`, `http://127.0.0.1:${port}/`]);
  return ((await spent()) - before) / Number(/(\d+) requests in/.exec(stdout)?.[1]);
}

function told<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve) => {
    child.once("message", (answer) => resolve(answer as T));
  });
}

function quantile(values: readonly number[], part: number): number {
  return [...values].sort((a, b) => a - b)[Math.round(part * (values.length - 1))] as number;
}
