import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DatagramProtocol } from "../../core/datagram.ts";
import { Simulation } from "../simulation.ts";
import { exponential, type LinkOptions, longTail, normal, uniform } from "./link-options.ts";

describe("a link", () => {
  test("takes its latency, in each direction its own", async () => {
    const line = await makeLine({ latencyMs: 20 });
    line.sim.linkOneWay("b", "a", { latencyMs: 5 });
    line.send("there");
    line.answer("back");
    await line.sim.advance(100);
    assert.deepEqual(line.arrivals("b"), [20]);
    assert.deepEqual(line.arrivals("a"), [5]);
  });

  test("adds jitter, and datagrams may overtake one another", async () => {
    const line = await makeLine({ latencyMs: 20, jitterMs: 10 });
    for (let i = 0; i < 100; i += 1) line.send(`${i}`);
    await line.sim.advance(100);
    const times = line.arrivals("b");
    assert.ok(times.every((at) => at >= 20 && at < 30));
    assert.ok(new Set(times).size > 90);
    assert.notDeepEqual(
      line.texts("b"),
      Array.from({ length: 100 }, (_, i) => `${i}`),
    );
  });

  test("draws its latency from a distribution", async () => {
    const means: number[] = [];
    for (const latencyMs of [uniform(10, 30), normal(20, 4), exponential(20), longTail(20, 0.01)]) {
      const line = await makeLine({ latencyMs });
      for (let i = 0; i < 2_000; i += 1) line.send("x");
      await line.sim.advance(1_000);
      const times = line.arrivals("b");
      assert.ok(times.every((at) => at >= 0));
      means.push(times.reduce((sum, at) => sum + at, 0) / times.length);
    }
    for (const mean of means) assert.ok(Math.abs(mean - 20) < 2, String(means));
  });

  test("lets so many bytes pass in a second, and the rest waits", async () => {
    // 72 bytes and 28 of headers, at 100 bytes in a millisecond.
    const line = await makeLine({ latencyMs: 0, bytesPerSecond: 100_000 });
    for (let i = 0; i < 3; i += 1) line.send("x".repeat(72));
    await line.sim.advance(100);
    assert.deepEqual(line.arrivals("b"), [1, 2, 3]);
  });

  test("loses what its queue has no room for", async () => {
    const line = await makeLine({ latencyMs: 0, bytesPerSecond: 100_000, queueBytes: 250 });
    for (let i = 0; i < 5; i += 1) line.send("x".repeat(72));
    await line.sim.advance(100);
    assert.deepEqual(line.arrivals("b"), [1, 2]);
    assert.deepEqual(line.losses, ["queue full", "queue full", "queue full"]);
  });

  test("loses a share of what it carries; of fragments the more", async () => {
    const small = await makeLine({ loss: 0.2 });
    const large = await makeLine({ loss: 0.2, mtuBytes: 500 });
    for (let i = 0; i < 1_000; i += 1) {
      small.send("x");
      large.send("x".repeat(2_400));
    }
    await small.sim.advance(100);
    await large.sim.advance(100);
    assert.ok(Math.abs(small.losses.length - 200) < 40, String(small.losses.length));
    // Five fragments: 1 - 0.8 ** 5 = 0.67.
    assert.ok(Math.abs(large.losses.length - 672) < 50, String(large.losses.length));
  });

  test("doubles some, and holds some back", async () => {
    const line = await makeLine({ latencyMs: 1, duplicate: 0.3, reorder: 0.3, reorderMs: 50 });
    for (let i = 0; i < 1_000; i += 1) line.send(`${i}`);
    await line.sim.advance(100);
    assert.ok(Math.abs(line.texts("b").length - 1_300) < 60);
    const late = line.arrivals("b").filter((at) => at > 1);
    assert.ok(Math.abs(late.length - 390) < 60, String(late.length));
  });

  test("that is set again keeps what it is not told", async () => {
    const line = await makeLine({ latencyMs: 20, bytesPerSecond: 100_000 });
    line.sim.link("*", "*", { latencyMs: 2 });
    line.send("x".repeat(72));
    await line.sim.advance(100);
    assert.deepEqual(line.arrivals("b"), [3]);
  });

  test("joins groups", async () => {
    const sim = new Simulation();
    const [a, b] = [sim.host("a", { groups: ["west"] }), sim.host("b", { groups: ["east"] })];
    sim.link("west", ["east"], { latencyMs: 80 });
    let at = 0;
    class Ear extends DatagramProtocol {
      override datagramReceived(): void {
        at = sim.nowMs;
      }
    }
    await b.reactor.listenUdp({ port: 7 }, new Ear());
    (await a.reactor.listenUdp({ port: 8 }, new Ear())).write("x", { host: b.address, port: 7 });
    await sim.advance(100);
    assert.equal(at, 80);
  });

  test("cannot be what no link is", () => {
    const sim = new Simulation();
    sim.host("a");
    for (const options of [
      { loss: 1.5 },
      { latencyMs: -1 },
      { mtuBytes: 20 },
      { bytesPerSecond: 0 },
      { jitterMs: Number.NaN },
    ]) {
      assert.throws(() => sim.link("a", "a", options), RangeError, JSON.stringify(options));
    }
  });
});

describe("a rule", () => {
  test("loses, delays or passes what it sees, until it is disposed", async () => {
    const line = await makeLine({ latencyMs: 10 });
    const rule = line.sim.rule(({ data }) => {
      if (data.length === 1) return { lose: "too short" };
      return data.length === 2 ? { delayMs: 5 } : undefined;
    });
    for (const text of ["x", "xx", "xxx"]) line.send(text);
    await line.sim.advance(50);
    assert.deepEqual(line.arrivals("b"), [10, 15]);
    assert.deepEqual(line.losses, ["too short"]);
    rule[Symbol.dispose]();
    line.send("x");
    await line.sim.advance(50);
    assert.equal(line.arrivals("b").length, 3);
  });

  test("is not asked within one host", async () => {
    const line = await makeLine({});
    line.sim.rule(() => ({ lose: "all" }));
    line.sim.host("b").reactor;
    line.answer("to itself", line.sim.host("b").address);
    await line.sim.advance(10);
    assert.deepEqual(line.texts("b"), ["to itself"]);
  });
});

interface Line {
  readonly sim: Simulation;
  readonly losses: string[];
  send(text: string): void;
  answer(text: string, host?: string): void;
  /** When the datagrams came, since the line was made. */
  arrivals(host: "a" | "b"): number[];
  texts(host: "a" | "b"): string[];
}

/** Two hosts, each with UDP port 7. */
async function makeLine(options: LinkOptions): Promise<Line> {
  const sim = new Simulation({ seed: 11 });
  const heard: Record<string, { readonly at: number; readonly text: string }[]> = { a: [], b: [] };
  const losses: string[] = [];
  class Ear extends DatagramProtocol {
    readonly #host: string;

    constructor(host: string) {
      super();
      this.#host = host;
    }

    override datagramReceived(data: Uint8Array): void {
      heard[this.#host]?.push({ at: sim.nowMs, text: new TextDecoder().decode(data) });
    }
  }
  const [a, b] = [sim.host("a"), sim.host("b")];
  sim.link("a", "b", options);
  sim.observe({ packetLost: (_packet, _nowMs, reason) => void losses.push(reason) });
  const fromA = await a.reactor.listenUdp({ port: 7 }, new Ear("a"));
  const fromB = await b.reactor.listenUdp({ port: 7 }, new Ear("b"));
  return {
    sim,
    losses,
    send: (text) => fromA.write(text, { host: b.address, port: 7 }),
    answer: (text, host = a.address) => fromB.write(text, { host, port: 7 }),
    arrivals: (host) => (heard[host] ?? []).map(({ at }) => at),
    texts: (host) => (heard[host] ?? []).map(({ text }) => text),
  };
}
