/** A web server and an agent that asks it for all kinds of things, while the network does its worst. */
import assert from "node:assert/strict";
import { deferLater, listen, type Reactor } from "ropewalk";
import { type Scenario, scenario } from "ropewalk/sim";
import { Agent, type Request, RequestError, Response, webServer } from "ropewalk/web";

export interface WebWorld {
  asked: number;
  settled: number;
  answered: number;
  /** What should not be: answers to other requests, requests that came twice, errors of another kind. */
  readonly wrong: string[];
  /** How often each POST reached the server. */
  readonly posted: Map<string, number>;
  /** What the running server holds: requests that are not over, and connections. */
  inside: Set<Request>;
  connections: Set<object>;
  agent: Agent | undefined;
  isOver: boolean;
}

export function newWorld(): WebWorld {
  return {
    asked: 0,
    settled: 0,
    answered: 0,
    wrong: [],
    posted: new Map(),
    inside: new Set(),
    connections: new Set(),
    agent: undefined,
    isOver: false,
  };
}

/** Serves on port 80; what it holds is in the world. A new process begins with nothing. */
export function server(world: WebWorld, plant?: string): (reactor: Reactor) => unknown {
  return (reactor) => {
    const [inside, connections] = [new Set<Request>(), new Set<object>()];
    world.inside = inside;
    world.connections = connections;
    let last = "";
    const site = webServer(reactor, (request) => {
      inside.add(request);
      request.notifyFinish().addBoth(() => void inside.delete(request));
      const id = request.path.split("/")[2] ?? "";
      last = id;
      if (request.method === "POST") world.posted.set(id, (world.posted.get(id) ?? 0) + 1);
      return answer(reactor, request, plant === "answers go to who asked last" ? () => last : () => id);
    });
    return listen(reactor, "tcp:80", {
      buildProtocol(peer) {
        const protocol = site.buildProtocol(peer);
        if (protocol === undefined) return undefined;
        connections.add(protocol);
        const lost = protocol.connectionLost.bind(protocol);
        protocol.connectionLost = (reason) => {
          connections.delete(protocol);
          lost(reason);
        };
        return protocol;
      },
    });
  };
}

async function answer(reactor: Reactor, request: Request, id: () => string): Promise<Response> {
  switch (request.path.split("/")[1]) {
    case "plain":
      return new Response(id());
    case "slow":
      await deferLater(reactor, 200);
      return new Response(id());
    case "parts":
      return new Response(parts(reactor, id));
    case "count": {
      let count = 0;
      for await (const part of request.body ?? []) count += (part as Uint8Array).length;
      return new Response(`${id()} ${count}`);
    }
    default:
      // What comes goes back at once: each way waits for the other.
      return new Response(request.body, { headers: { "X-Id": id() } });
  }
}

async function* parts(reactor: Reactor, text: () => string): AsyncGenerator<string> {
  for (let left = PARTS; left > 0; left -= 1) {
    yield `${text()} `;
    await deferLater(reactor, 10);
  }
}

/** Asks for one thing, and notes what came of it. */
export async function ask(world: WebWorld, reactor: Reactor, kind: string, bytes: number): Promise<void> {
  const id = `${world.asked++}`;
  try {
    const heard = await KINDS[kind]?.({ world, reactor, id, bytes });
    if (heard === undefined) return;
    if (heard[0] !== heard[1]) world.wrong.push(`${kind} ${id} was answered by ${heard[0]}`);
    world.answered += 1;
  } catch (error) {
    if (!(error instanceof RequestError)) world.wrong.push(`${kind} ${id} failed with ${String(error)}`);
  } finally {
    world.settled += 1;
    if ((world.posted.get(id) ?? 0) > 1) world.wrong.push(`${kind} ${id} reached the server twice`);
  }
}

interface Asked {
  readonly world: WebWorld;
  readonly reactor: Reactor;
  readonly id: string;
  readonly bytes: number;
}

/** What is heard, and what should be. */
type Kind = (asked: Asked) => Promise<readonly [string, string]>;

const get = (path: string, expected: (id: string) => string): Kind => {
  return async ({ world, id }) => {
    const response = await agentOf(world).get(`http://server/${path}/${id}`, PATIENCE);
    return [`${response.status} ${await response.text()}`, `200 ${expected(id)}`];
  };
};

export const KINDS: Readonly<Record<string, Kind>> = {
  plain: get("plain", (id) => id),
  slow: get("slow", (id) => id),
  parts: get("parts", (id) => `${id} `.repeat(PARTS)),
  count: async ({ world, id, bytes }) => {
    const response = await agentOf(world).post(`http://server/count/${id}`, { ...PATIENCE, body: "x".repeat(bytes) });
    return [`${response.status} ${await response.text()}`, `200 ${id} ${bytes}`];
  },
  echo: async ({ world, reactor, id, bytes }) => {
    const options = { ...PATIENCE, body: pieces(reactor, id, bytes) };
    const response = await agentOf(world).post(`http://server/echo/${id}`, options);
    const text = await response.text();
    return [`${response.headers.get("x-id")} ${text}`, `${id} ${`${id},`.repeat(Math.ceil(bytes / 1_000))}`];
  },
};

/** A body that takes its time. */
async function* pieces(reactor: Reactor, id: string, bytes: number): AsyncGenerator<string> {
  for (let left = bytes; left > 0; left -= 1_000) {
    yield `${id},`;
    await deferLater(reactor, 5);
  }
}

function agentOf({ agent }: WebWorld): Agent {
  assert.ok(agent);
  return agent;
}

/** Four that ask over two connections, for as long as the scenario lasts. */
const HOSTED = new Set(["pause", "kill", "crash"]);

export const web: Scenario<WebWorld> = scenario({
  name: "web",
  durationMs: 30_000,
  plants: ["answers go to who asked last"],
  setup(sim, { plant }) {
    const world = newWorld();
    const random = sim.random("what is asked");
    const kinds = Object.keys(KINDS);
    sim.host("server", { program: server(world, plant) });
    const { reactor } = sim.host("client");
    sim.link("server", "client", { latencyMs: 10, jitterMs: 5, loss: 0.02 });
    const agent = new Agent(reactor, { maxConnectionsPerHost: 2 });
    world.agent = agent;
    const visit = async (): Promise<void> => {
      while (reactor.now() < 30_000) {
        const kind = kinds[Math.floor(random() * kinds.length)] ?? "";
        await ask(world, reactor, kind, Math.floor(random() * 40_000));
        await deferLater(reactor, Math.floor(random() * 300));
      }
    };
    void Promise.all(Array.from({ length: 4 }, visit)).then(() => {
      world.isOver = true;
    });
    return world;
  },
  faults: {
    kinds: [
      "partition",
      "one-way partition",
      "reset",
      "half-open",
      "silent drop",
      "bad link",
      "slow reader",
      "refuse",
      "full accept queue",
      "pause",
      "kill",
      "crash",
    ].map((kind) => (HOSTED.has(kind) ? { kind, hosts: ["server"] } : kind) as never),
  },
  invariants: {
    "each hears its own answer": ({ wrong }) => assert.deepEqual(wrong, []),
    "no more connections than allowed": ({ agent }) => assert.ok((agent?.connections ?? 0) <= 2),
  },
  eventually: {
    "nothing hangs": ({ isOver, asked, settled }) => isOver && asked === settled,
    "most are answered": ({ asked, answered }) => answered > asked / 3,
    "the agent holds nothing": ({ agent }) => agent?.connections === 0 && agent.queued === 0,
    "the server holds nothing": ({ inside, connections }) => inside.size === 0 && connections.size === 0,
  },
  settleMs: 1_800_000,
});

const PARTS = 10;
const PATIENCE = { timeoutMs: 20_000 };
