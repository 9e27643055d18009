/** TLS among faults: what breaks it, and when, is decided by the seed too. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { deferLater, Protocol, type Reactor } from "ropewalk";
import { type Fault, Simulation } from "ropewalk/sim";
import { makeIdentity } from "../conformance/identity.ts";

const identity = makeIdentity("one.test");
const tls = { trustRoots: identity.cert, servername: "one.test" };

test("the same faults break the same handshakes and connections in every run of one seed", async () => {
  const reasons = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const run = await runWithFaults(seed);
    assert.deepEqual(await runWithFaults(seed), run, `seed ${seed}`);
    for (const line of run.log) reasons.add(line.split(" ")[1] as string);
  }
  // What can end a connection has ended some.
  for (const name of ["ConnectionDone", "ConnectionLost", "ConnectionAborted", "TlsError"]) {
    assert.ok(reasons.has(name), `${name} is not among ${[...reasons].join(", ")}`);
  }
});

test("a slow reader is as slow under TLS", async () => {
  const sim = new Simulation({ seed: 1 });
  const [server, client] = [sim.host("server"), sim.host("client")];
  const taken = new Counter([]);
  sim.inject({ kind: "slow reader", host: "server", bytesPerSecond: 1_000, forMs: 60_000 });
  await sim.until(server.reactor.listenTcp({ port: 443, tls: { identity } }, () => taken));
  const sent = await sim.until(client.reactor.connectTcp({ host: "server", port: 443, tls }, () => new Protocol()));
  sent.transport.write(new Uint8Array(100_000));
  await sim.advance(20_000);
  assert.ok(taken.size > 15_000 && taken.size < 25_000, `${taken.size} bytes`);
  await sim.advance(60_000);
  assert.equal(taken.size, 100_000);
});

async function runWithFaults(seed: number): Promise<{ hash: string; events: number; log: readonly string[] }> {
  const sim = new Simulation({ seed });
  const log: string[] = [];
  sim.host("server", { program: (reactor) => reactor.listenTcp({ port: 443, tls: { identity } }, () => new Echo()) });
  sim.host("client", { program: (reactor) => callForEver(reactor, log) });
  sim.link("server", "client", { latencyMs: 10, jitterMs: 5, loss: 0.01 });
  const random = sim.random("faults");
  for (let count = 0; count < 20; count += 1) sim.inject({ ...drawn(random), atMs: random() * 20_000 });
  await sim.advance(20_000);
  return { hash: sim.hash, events: sim.eventCount, log };
}

async function callForEver(reactor: Reactor, log: string[]): Promise<void> {
  for (;;) {
    try {
      const where = { host: "server", port: 443, timeoutMs: 5_000, tls };
      const { transport } = await reactor.connectTcp(where, () => new Counter(log));
      for (let count = 0; count < 5; count += 1) {
        transport.write(new Uint8Array(Math.floor(reactor.random() * 20_000)));
        await deferLater(reactor, reactor.random() * 300);
      }
      if (reactor.random() < 0.5) transport.loseConnection();
      else transport.abortConnection();
    } catch (error) {
      log.push(`0 ${(error as Error).name}`);
    }
    await deferLater(reactor, 100);
  }
}

class Counter extends Protocol {
  size = 0;
  readonly #log: string[];

  constructor(log: string[]) {
    super();
    this.#log = log;
  }

  override dataReceived(data: Uint8Array): void {
    this.size += data.length;
  }

  override connectionLost({ name }: Error): void {
    this.#log.push(`${this.size} ${name}`);
  }
}

class Echo extends Protocol {
  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }
}

function drawn(random: () => number): Fault {
  const host = random() < 0.5 ? "server" : "client";
  const between = ["server", "client"] as const;
  const menu: readonly Fault[] = [
    { kind: "partition", between, forMs: 2_000 * random() },
    { kind: "reset", between },
    { kind: "crash", host, forMs: 500 },
    { kind: "kill", host },
    { kind: "pause", host, forMs: 500 },
    { kind: "slow reader", host, bytesPerSecond: 5_000, forMs: 1_000 },
  ];
  return menu[Math.floor(random() * menu.length)] as Fault;
}

const SEEDS = 15;
