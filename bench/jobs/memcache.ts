/** memcache: clients against one memcached, each in its own process; and servers, whose CPU time counts instead of this one's. */
import { spawn } from "node:child_process";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { Client } from "memjs";
import { connect, NodeReactor } from "ropewalk";
import { MemcacheProtocol } from "ropewalk/memcache";
import { cpuUs, rssBytes } from "../measure.ts";
import { expectTotal, type Job, type JobResult, type Jobs } from "./job.ts";
import { freePort, waitFor } from "./peer.ts";

export const memcacheJobs: Jobs = {
  "client, get": { ropewalk: () => asOurs(1, "get"), memjs: () => asMemjs(1, "get") },
  "client, 50 gets under way": { ropewalk: () => asOurs(50, "get"), memjs: () => asMemjs(50, "get") },
  "client, 50 sets under way": { ropewalk: () => asOurs(50, "set"), memjs: () => asMemjs(50, "set") },
  "server, 50 gets under way": { ropewalk: server(ourServer, "get"), memcached: server(memcached, "get") },
  "server, 50 sets under way": { ropewalk: server(ourServer, "set"), memcached: server(memcached, "set") },
};

type Verb = "get" | "set";

/** What a job does with any client. */
interface Asker {
  get(key: string): PromiseLike<Uint8Array | null | undefined>;
  set(key: string): PromiseLike<unknown>;
}

interface Peer extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
}

async function asOurs(lanes: number, verb: Verb): Promise<JobResult> {
  await using peer = await start(memcached);
  return { ops: await ask(peer.port, lanes, verb) };
}

async function asMemjs(lanes: number, verb: Verb): Promise<JobResult> {
  await using peer = await start(memcached);
  const client = Client.create(`127.0.0.1:${peer.port}`, { timeout: 10, retries: 0 });
  const get = async (key: string): Promise<Uint8Array | null> => (await client.get(key)).value;
  const ops = await run({ get, set: (key) => client.set(key, VALUE, {}) }, lanes, verb);
  client.close();
  return { ops };
}

function server(command: (port: number) => readonly string[], verb: Verb): Job {
  return async () => {
    await using peer = await start(command);
    await ask(peer.port, 50, verb);
    const before = cpuUs(peer.pid);
    const ops = await ask(peer.port, 50, verb);
    return { ops, cpuUs: cpuUs(peer.pid) - before, rssBytes: rssBytes(peer.pid) };
  };
}

async function ask(port: number, lanes: number, verb: Verb): Promise<number> {
  const reactor = new NodeReactor();
  await using client = await connect(reactor, `tcp:127.0.0.1:${port}`, () => new MemcacheProtocol(reactor));
  const { cache } = client;
  const get = (key: string): PromiseLike<Uint8Array | undefined> => cache.get(key).addCallback((item) => item?.value);
  return await run({ get, set: (key) => cache.set(key, VALUE) }, lanes, verb);
}

/** As many lanes as requests may be under way, each asking again when it is answered. */
async function run(asker: Asker, lanes: number, verb: Verb): Promise<number> {
  for (let i = 0; i < KEYS; i += 1) await asker.set(`key${i}`);
  const ops = lanes === 1 ? FEW : MANY;
  let left = ops;
  let answered = 0;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const key = `key${left % KEYS}`;
      const isRight = verb === "get" ? (await asker.get(key))?.length === VALUE.length : await asker.set(key);
      if (isRight) answered += 1;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  expectTotal(answered, ops);
  return ops;
}

function memcached(port: number): readonly string[] {
  return ["memcached", "-l", "127.0.0.1", "-p", String(port), "-U", "0", "-t", "1", "-u", "nobody"];
}

function ourServer(port: number): readonly string[] {
  return [execPath, fileURLToPath(new URL("../servers/memcache.js", import.meta.url)), String(port)];
}

async function start(command: (port: number) => readonly string[]): Promise<Peer> {
  const port = await freePort();
  const [file = "", ...words] = command(port);
  const child = spawn(file, words, { stdio: ["pipe", "ignore", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve).once("error", resolve));
  if (child.pid === undefined) throw new Error(`Cannot start "${file}": install it (apt-get install memcached)`);
  await listening(port);
  const stop = async (): Promise<void> => {
    child.kill();
    await ended;
  };
  return { pid: child.pid, port, [Symbol.asyncDispose]: stop };
}

async function listening(port: number): Promise<void> {
  const reactor = new NodeReactor();
  const probe = await waitFor(() =>
    Promise.resolve(connect(reactor, `tcp:127.0.0.1:${port}`, () => new MemcacheProtocol(reactor))),
  );
  await probe[Symbol.asyncDispose]();
}

const KEYS = 100;
const VALUE = "0123456789".repeat(10);
/** Operations of a run: as many as make starting a server and connecting disappear. */
const FEW = 10_000;
const MANY = 50_000;
