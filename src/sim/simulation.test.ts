import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DatagramProtocol } from "../core/datagram.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { LookupError } from "../core/errors.ts";
import { Logger } from "../core/log/logger.ts";
import { captureLogs } from "../core/log/observers.ts";
import { Protocol } from "../core/protocol.ts";
import { codeOf, Recorder } from "../testing/recorder.ts";
import { Simulation, SimulationStuck } from "./simulation.ts";

describe("virtual time", () => {
  test("jumps from one event to the next, and a call sees its own instant", async () => {
    const sim = new Simulation();
    const { reactor } = sim.host("a");
    const seen: number[] = [];
    for (const ms of [3_600_000, 5, 250]) reactor.callLater(ms, () => seen.push(reactor.now()));
    await sim.advance(86_400_000);
    assert.deepEqual(seen, [5, 250, 3_600_000]);
    assert.equal(sim.nowMs, 86_400_000);
  });

  test("microtasks run before the next event, however many hops they take", async () => {
    const sim = new Simulation();
    const { reactor } = sim.host("a");
    const order: string[] = [];
    reactor.callLater(1, () => {
      let hops = Promise.resolve();
      for (let hop = 0; hop < 100; hop += 1) hops = hops.then(() => undefined);
      void hops.then(() => order.push("microtasks of the first"));
    });
    reactor.callLater(1, () => order.push("second"));
    await sim.advance(1);
    assert.deepEqual(order, ["microtasks of the first", "second"]);
  });

  test("what an await writes leaves in the same turn as what the event wrote", async () => {
    const sim = new Simulation();
    const [a, b] = [sim.host("a"), sim.host("b")];
    const sizes: number[] = [];
    using _watch = sim.observe({ packetSent: ({ data }) => void (data.length > 0 && sizes.push(data.length)) });
    await sim.run(async () => {
      await b.reactor.listenTcp({ port: 7 }, () => new Protocol());
      const { transport } = await a.reactor.connectTcp({ host: "b", port: 7 }, () => new Protocol());
      transport.write("one");
      await Promise.resolve();
      transport.write("two");
    });
    await sim.advance(10);
    assert.deepEqual(sizes, [6]);
  });

  test("until gives the value, or says that it did not come and what is left", async () => {
    const sim = new Simulation({ seed: 3 });
    const { reactor } = sim.host("a");
    const later = new Deferred<string>();
    reactor.callLater(90, () => later.callback("there"));
    assert.equal(await sim.until(later), "there");
    assert.equal(sim.nowMs, 90);
    await assert.rejects(sim.until(new Deferred(), { withinMs: 10 }), (error: Error) => {
      assert.ok(error instanceof SimulationStuck);
      assert.match(error.message, /seed 3.*within 10 ms.*nothing is left to happen/);
      return true;
    });
    await assert.rejects(
      sim.until(() => false, { withinMs: 10 }),
      SimulationStuck,
    );
    await assert.rejects(sim.until(Promise.reject(new RangeError("no"))), RangeError);
  });

  test("cannot be driven twice at once, nor by a time that is none", async () => {
    const sim = new Simulation();
    const first = sim.advance(1);
    await assert.rejects(sim.advance(1), /being driven/);
    await first;
    for (const ms of [-1, Number.NaN, Number.POSITIVE_INFINITY]) await assert.rejects(sim.advance(ms), RangeError);
  });

  test("a call that throws is logged, and the rest goes on", async () => {
    const sim = new Simulation();
    const { reactor } = sim.host("a");
    using logs = captureLogs();
    let went = false;
    reactor.callLater(1, () => {
      throw new Error("no");
    });
    reactor.callLater(2, () => {
      went = true;
    });
    await sim.advance(5);
    assert.ok(went);
    assert.equal(logs.events.filter(({ level }) => level === "critical").length, 1);
  });

  test("the log tells the host's time, and labels its life", async () => {
    const sim = new Simulation({ wallStartMs: 1_000_000 });
    const host = sim.host("a");
    host.skewClock(500);
    const labels: string[] = [];
    using _watch = sim.observe({ noted: ({ host: name, text }) => void labels.push(`${name}: ${text}`) });
    using logs = captureLogs();
    host.reactor.callLater(10, async () => {
      new Logger("test").info("{word}", { word: "hello" });
      await Promise.resolve();
      new Logger("test").info("{word}", { word: "and later" });
    });
    sim.host("b").reactor.callLater(10, () => new Logger("test").info("{word}", { word: "another" }));
    await sim.advance(10);
    assert.deepEqual(
      logs.events.map(({ timeMs }) => timeMs),
      [1_000_510, 1_000_510, 1_000_010],
    );
    assert.deepEqual(labels, ["a: hello", "a: and later", "b: another"]);
  });
});

describe("names", () => {
  test("hosts are found by name, others not", async () => {
    const sim = new Simulation();
    const { reactor } = sim.host("Alpha", { addresses: ["192.0.2.1", "2001:db8::1"] });
    const found = await sim.run(() => reactor.lookup("alpha"));
    assert.deepEqual(
      found.map(({ host }) => host),
      ["192.0.2.1", "2001:db8::1"],
    );
    await assert.rejects(
      sim.run(() => reactor.lookup("beta")),
      LookupError,
    );
    sim.zone.set("beta", "192.0.2.9");
    assert.equal((await sim.run(() => reactor.lookup("beta"))).length, 1);
    sim.zone.delete("beta");
    await assert.rejects(
      sim.run(() => reactor.lookup("beta")),
      LookupError,
    );
  });

  test("a name and an address belong to one host", () => {
    const sim = new Simulation();
    const host = sim.host("a", { addresses: ["10.0.0.9"] });
    assert.equal(sim.host("a"), host);
    assert.throws(() => sim.host("a", {}), /there is one/);
    assert.throws(() => sim.host("b", { addresses: ["10.0.0.9"] }), /a has it/);
    assert.throws(() => sim.link("a", "nobody", {}), /no host or group/);
  });
});

describe("one seed, one run", () => {
  /** Echoes over a bad line, with chance in the program and in the network. */
  async function play(seed: number, stir: () => void = () => undefined): Promise<string> {
    const sim = new Simulation({ seed });
    const [a, b] = [sim.host("a"), sim.host("b")];
    sim.link("a", "b", { latencyMs: 5, jitterMs: 3, loss: 0.05, duplicate: 0.05 });
    class Echo extends Protocol {
      override dataReceived(data: Uint8Array): void {
        stir();
        this.transport.write(data);
      }
    }
    class Ear extends DatagramProtocol {
      override datagramReceived(data: Uint8Array, from: { host: string; port: number }): void {
        if (b.reactor.random() < 0.9) this.transport.write(data, from);
      }
    }
    await b.reactor.listenTcp({ port: 7 }, () => new Echo());
    await b.reactor.listenUdp({ port: 7 }, new Ear());
    const udp = await a.reactor.listenUdp({ port: 0 }, new Ear());
    udp.write("datagram", { host: b.address, port: 7 });
    a.reactor
      .connectTcp({ host: "b", port: 7 }, () => new Echo())
      .addCallback(({ transport }) => transport.write("x".repeat(5_000)));
    await sim.advance(2_000);
    return `${sim.hash} ${sim.eventCount}`;
  }

  test("the same seed gives the same hash, another seed another", async () => {
    const hashes = new Set<string>();
    for (let seed = 1; seed <= 20; seed += 1) {
      const first = await play(seed);
      assert.equal(await play(seed), first, `seed ${seed}`);
      hashes.add(first);
    }
    assert.equal(hashes.size, 20);
  });

  test("microtasks of others, and the depth of promises, change nothing", async () => {
    const calm = await play(5);
    const stirred = await play(5, () => {
      let hops = Promise.resolve();
      for (let hop = 0; hop < 50; hop += 1) hops = hops.then(() => undefined);
      process.nextTick(() => undefined);
    });
    assert.equal(stirred, calm);
  });

  test("one byte more is another hash", async () => {
    const hashOf = async (text: string): Promise<string> => {
      const sim = new Simulation();
      const [a, b] = [sim.host("a"), sim.host("b")];
      const port = await a.reactor.listenUdp({ port: 9 }, new DatagramProtocol());
      port.write(text, { host: b.address, port: 7 });
      await sim.advance(10);
      return sim.hash;
    };
    assert.equal(await hashOf("hello"), await hashOf("hello"));
    assert.notEqual(await hashOf("hello"), await hashOf("hellp"));
    assert.notEqual(await hashOf("hello"), await hashOf("hell"));
    assert.notEqual(await hashOf("x".repeat(999)), await hashOf(`${"x".repeat(998)}y`));
  });
});

describe("a host", () => {
  test("its program starts with it, again after a restart, and its failure is logged", async () => {
    const sim = new Simulation();
    const boots: number[] = [];
    const host = sim.host("a", { program: (reactor) => void boots.push(reactor.now()) });
    using logs = captureLogs();
    sim.host("b", { program: () => Promise.reject(new Error("cannot start")) });
    await sim.advance(10);
    host.crash();
    assert.equal(host.isUp, false);
    await sim.advance(10);
    host.restart();
    host.restart();
    await sim.advance(10);
    assert.deepEqual(boots, [0, 20]);
    assert.match(logs.messages.join(), /Program of b failed/);
  });

  test("a crash ends its calls without a word, and its peers hear only when they ask", async () => {
    const sim = new Simulation();
    const [a, b] = [sim.host("a"), sim.host("b")];
    const [server, client] = [new Recorder(), new Recorder()];
    let late = false;
    await sim.run(async () => {
      await b.reactor.listenTcp({ port: 7 }, () => server);
      await a.reactor.connectTcp({ host: "b", port: 7 }, () => client);
    });
    await sim.advance(10);
    b.reactor.callLater(100, () => {
      late = true;
    });
    b.crash();
    await sim.advance(60_000);
    assert.equal(late, false);
    assert.deepEqual(server.events, ["made"]);
    assert.deepEqual(client.events, ["made"]);
    b.restart();
    client.transport.write("are you there");
    await sim.advance(5_000);
    assert.equal(client.reason?.name, "ConnectionLost");
  });

  test("a peer that is gone for good is given up after a quarter of an hour", async () => {
    const sim = new Simulation();
    const [a, b] = [sim.host("a"), sim.host("b")];
    const client = new Recorder();
    await sim.run(async () => {
      await b.reactor.listenTcp({ port: 7 }, () => new Recorder());
      await a.reactor.connectTcp({ host: "b", port: 7 }, () => client);
    });
    b.crash();
    client.transport.write("are you there");
    await sim.advance(900_000);
    assert.ok(!client.events.includes("lost ConnectionLost"));
    await sim.until(() => client.reason !== undefined, { withinMs: 6_000_000 });
    assert.equal(codeOf(client.reason), "ETIMEDOUT");
  });

  test("a killed process has its connections closed by its kernel, and starts again", async () => {
    const sim = new Simulation();
    let boots = 0;
    const b = sim.host("b", {
      program: async (reactor) => {
        boots += 1;
        await reactor.listenTcp({ port: 7 }, () => new Recorder());
      },
    });
    const client = new Recorder();
    await sim.advance(1);
    await sim.run(() => sim.host("a").reactor.connectTcp({ host: "b", port: 7 }, () => client));
    await sim.advance(10);
    b.kill();
    await sim.advance(10);
    assert.equal(client.reason?.name, "ConnectionDone");
    assert.equal(boots, 2);
    const again = await sim.run(() => sim.host("a").reactor.connectTcp({ host: "b", port: 7 }, () => new Recorder()));
    assert.ok(again.transport.connected);
  });

  test("a paused host does nothing until its time is over; its kernel acknowledges", async () => {
    const sim = new Simulation();
    const [a, b] = [sim.host("a"), sim.host("b")];
    const heard: number[] = [];
    const server = new Recorder();
    server.onData = () => heard.push(sim.nowMs);
    const client = await sim.run(async () => {
      await b.reactor.listenTcp({ port: 7 }, () => server);
      return await a.reactor.connectTcp({ host: "b", port: 7 }, () => new Recorder());
    });
    await sim.advance(10);
    let called = 0;
    b.reactor.callLater(100, () => {
      called = sim.nowMs;
    });
    const retransmissions: number[] = [];
    using _watch = sim.observe({
      packetSent: ({ isRetransmission, id }) => void (isRetransmission && retransmissions.push(id)),
    });
    const start = sim.nowMs;
    b.pause(1_000);
    client.transport.write("hello");
    await sim.advance(2_000);
    assert.ok(heard.every((at) => at === start + 1_000) && heard.length > 0, String(heard));
    assert.equal(called, start + 1_000);
    assert.deepEqual(retransmissions, []);
  });

  test("a clock that is fast calls early by the others', and never before its own instant", async () => {
    const sim = new Simulation();
    const [a, b] = [sim.host("a"), sim.host("b")];
    const seen: string[] = [];
    a.reactor.callLater(1_000, () => seen.push(`a ${sim.nowMs} ${a.reactor.now()}`));
    await sim.advance(500);
    a.skewClock(0, 2);
    b.skewClock(250, 0.5);
    await sim.advance(250);
    assert.deepEqual(seen, ["a 750 1000"]);
    assert.equal(b.reactor.now(), 625);
    assert.equal(b.reactor.wallTimeMs() - a.reactor.wallTimeMs(), 625 + 250 - 1_000);
    let wake = 0;
    b.reactor.callLater(10, () => {
      wake = sim.nowMs;
    });
    await sim.advance(100);
    assert.equal(wake, 770);
  });
});
