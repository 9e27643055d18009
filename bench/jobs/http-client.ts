/** HTTP clients against one nginx, in a process of its own; what counts is the time and the CPU of the client's process. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { NodeReactor } from "ropewalk";
import { Agent } from "ropewalk/web";
import { Pool } from "undici";
import { expectTotal, type JobResult, type Jobs } from "./job.ts";

export const httpClientJobs: Jobs = {
  "one after the other": { ropewalk: () => ours(1), undici: () => undici(1), "node-fetch": () => platform(1) },
  "50 under way": { ropewalk: () => ours(50), undici: () => undici(50), "node-fetch": () => platform(50) },
};

/** Asks once, and gives the length of the text that came. */
type Ask = () => Promise<number>;

async function ours(lanes: number): Promise<JobResult> {
  await using server = await start();
  await using agent = new Agent(new NodeReactor(), { maxConnectionsPerHost: lanes });
  return await run(lanes, async () => (await (await agent.get(server.url)).text()).length);
}

async function undici(lanes: number): Promise<JobResult> {
  await using server = await start();
  const pool = new Pool(server.url, { connections: lanes });
  const result = await run(lanes, async () => {
    const { body } = await pool.request({ path: "/", method: "GET" });
    return (await body.text()).length;
  });
  await pool.close();
  return result;
}

async function platform(lanes: number): Promise<JobResult> {
  await using server = await start();
  return await run(lanes, async () => (await (await fetch(server.url)).text()).length);
}

/** As many lanes as requests may be under way, each asking again when it is answered. */
async function run(lanes: number, ask: Ask): Promise<JobResult> {
  const ops = lanes === 1 ? FEW : MANY;
  let left = ops;
  let bytes = 0;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const length = await ask();
      bytes += length;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  expectTotal(bytes, ops * TEXT_BYTES);
  return { ops };
}

interface Server extends AsyncDisposable {
  readonly url: string;
}

async function start(): Promise<Server> {
  const child = spawn("python3", [NGINX], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve).once("error", resolve));
  const stop = async (): Promise<void> => {
    child.kill();
    await ended;
    child.stdin.end();
  };
  for await (const line of createInterface(child.stdout)) {
    const [word, port] = line.split(" ");
    if (word === "port") return { url: `http://127.0.0.1:${port}/`, [Symbol.asyncDispose]: stop };
  }
  throw new Error("Cannot start nginx: install it (apt-get install nginx-light)");
}

const NGINX = fileURLToPath(new URL("../../../bench/servers/http/nginx.py", import.meta.url));
/** "Hello, ropewalk!\n" */
const TEXT_BYTES = 17;
/** Requests of a run: as many as make starting a server and connecting disappear. */
const FEW = 10_000;
const MANY = 30_000;
