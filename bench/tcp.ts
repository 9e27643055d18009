/** Runs the TCP benches: every server its own process, every round every server, the load from outside. */
import { stderr } from "node:process";
import type { Options } from "./arguments.ts";
import { type TcpBench, type TcpLoad, tcpServers } from "./catalogue.ts";
import { type Figure, rotated, type Sample, toFigure } from "./figure.ts";
import { cpuUs, rssBytes } from "./measure.ts";
import { type Opening, proxyOpening, socksOpening, webSocketOpening } from "./opening.ts";
import { Program } from "./program.ts";
import type { Toolbox } from "./toolbox.ts";

/** Yields a figure for each server under each load. Throws when a server dies or answers with wrong bytes. */
export async function* runTcp(
  name: string,
  bench: TcpBench,
  options: Options,
  toolbox: Toolbox,
): AsyncGenerator<Figure> {
  for (const load of bench.loads) {
    const able = load.servers ?? tcpServers;
    const chosen = able.filter((server) => options.servers.length === 0 || options.servers.includes(server));
    const rounds = load.kind === "hold" ? holdRounds : loadRounds;
    const target = load.behind === undefined ? undefined : await startTarget(toolbox, load.behind);
    const commands = new Map<string, readonly string[]>();
    for (const server of chosen) {
      const command = toolbox.server(server);
      if (command !== undefined) commands.set(server, [...command, load.mode, ...(target ? [target.port] : [])]);
    }
    try {
      const opened = { ...load, opening: openingOf(load, target) };
      for (const [server, taken] of await rounds(opened, commands, options, toolbox.load()))
        yield toFigure(name, load.name, server, taken);
    } finally {
      await target?.program.end();
    }
  }
}

type OpenedLoad = Omit<TcpLoad, "opening"> & { readonly opening: Opening };

/** What a proxy connects to: the cheapest that there is, so that it does not get in the proxy's way. */
function startTarget(toolbox: Toolbox, mode: string): Promise<Server> {
  const command = toolbox.server("c-epoll") ?? toolbox.server("node-net");
  if (command === undefined) throw new Error("Cannot measure a proxy: there is no server behind it");
  return startServer([...command, mode]);
}

function openingOf({ opening }: TcpLoad, target: Server | undefined): Opening {
  if (opening === "proxy") return proxyOpening;
  if (opening === "websocket") return webSocketOpening;
  return opening === undefined || target === undefined ? [] : socksOpening(Number(target.port));
}

type Samples = Map<string, Sample[]>;
type Rounds = (
  load: OpenedLoad,
  commands: ReadonlyMap<string, readonly string[]>,
  options: Options,
  generator: readonly string[],
) => Promise<Samples>;

/** All servers stay up, so that each is warm and none is measured while another starts. */
const loadRounds: Rounds = async (load, commands, options, generator) => {
  const samples: Samples = new Map();
  const servers = new Map<string, Server>();
  try {
    for (const [name, command] of commands) {
      servers.set(name, await startServer(command));
      samples.set(name, []);
    }
    for (const server of servers.values()) await measure(server, load, options.warmUpSeconds, generator);
    for (let round = 0; round < options.rounds; round++)
      for (const [name, server] of rotated([...servers], round))
        samples.get(name)?.push(await measure(server, load, options.seconds, generator));
  } finally {
    for (const server of servers.values()) await server.program.end();
  }
  return samples;
};

/** A server for each round: one that has held the connections before keeps the memory for them. */
const holdRounds: Rounds = async (load, commands, options, generator) => {
  const samples: Samples = new Map([...commands.keys()].map((name) => [name, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const [name, command] of rotated([...commands], round)) {
      const server = await startServer(command);
      try {
        samples.get(name)?.push(await measure(server, load, options.seconds, generator));
      } finally {
        await server.program.end();
      }
    }
  }
  return samples;
};

export interface Server {
  readonly program: Program;
  readonly port: string;
}

/** Starts a program that says `port N` when it listens. */
export async function startServer(command: readonly string[]): Promise<Server> {
  const program = new Program(command);
  const line = await program.nextLine(startTimeoutMs);
  const port = /^port (\d+)$/.exec(line)?.[1];
  if (port !== undefined) return { program, port };
  await program.end();
  throw new Error(`Cannot use "${command.join(" ")}": it said "${line}" instead of its port`);
}

/** The connections are open before the first look at the server and still open at the last. */
async function measure(
  server: Server,
  load: OpenedLoad,
  seconds: number,
  generator: readonly string[],
): Promise<Sample> {
  const { pid } = server.program;
  const first = load.opening.flatMap(({ said, answerBytes }) => [said, answerBytes]);
  const words = [load.kind, server.port, seconds, load.connections, load.depth, ...first].map(String);
  const program = new Program([...generator, ...words]);
  try {
    await program.nextLine(startTimeoutMs);
    const rssBefore = rssBytes(pid);
    const cpuBefore = cpuUs(pid);
    program.say("go");
    const { ops, seconds: took }: { ops: number; seconds: number } = JSON.parse(
      await program.nextLine(seconds * 1_000 + answerTimeoutMs),
    );
    if (ops === 0) stderr.write(`bench: no operation ended within ${seconds} s: use more --seconds\n`);
    if (load.kind === "hold") await new Promise((resolve) => setTimeout(resolve, settleMs));
    const sample = { ops, seconds: took, cpuUs: cpuUs(pid) - cpuBefore, rssBytes: rssBytes(pid) };
    if (load.kind !== "hold") return sample;
    return { ...sample, bytesPerConnection: (sample.rssBytes - rssBefore) / ops };
  } finally {
    await program.end();
  }
}

const startTimeoutMs = 10_000;
const answerTimeoutMs = 15_000;
const settleMs = 500;
