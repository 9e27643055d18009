import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Protocol } from "../../core/protocol.ts";
import { Simulation } from "../simulation.ts";
import type { FaultChange } from "../trace/observer.ts";
import type { Fault } from "./fault.ts";

/** Remembers what came, and why it ended. */
class Ear extends Protocol {
  bytes = 0;
  lost: string | undefined;

  override dataReceived(data: Uint8Array): void {
    this.bytes += data.length;
  }

  override connectionLost(reason?: Error): void {
    this.lost = reason === undefined ? "" : `${reason.message}`;
  }
}

async function world() {
  const sim = new Simulation({ seed: 1 });
  const [server, client, other] = [sim.host("server"), sim.host("client"), sim.host("other")];
  const ears: Ear[] = [];
  const accept = (): Ear => {
    const ear = new Ear();
    ears.push(ear);
    return ear;
  };
  await sim.run(() => server.reactor.listenTcp({ port: 7 }, accept));
  /** At both ends: the server's end is open one way later. */
  const dial = async (timeoutMs = 1_000, from = client): Promise<Ear> => {
    const connected = from.reactor.connectTcp({ host: "server", port: 7, timeoutMs }, () => new Ear());
    const ear = await sim.run(async () => await connected);
    await sim.advance(2);
    return ear;
  };
  return { sim, server, client, other, ears, dial };
}

const BETWEEN = ["client", "server"] as const;

describe("a fault between two hosts", () => {
  test("a partition holds packets up both ways, and what was written arrives when it ends", async () => {
    const { sim, dial, ears } = await world();
    const caller = await dial();
    sim.inject({ kind: "partition", between: BETWEEN, forMs: 500 });
    await sim.advance(1);
    caller.transport.write("abc");
    ears[0]?.transport.write("de");
    await sim.advance(490);
    assert.deepEqual([ears[0]?.bytes, caller.bytes], [0, 0]);
    await sim.advance(2_000);
    assert.deepEqual([ears[0]?.bytes, caller.bytes], [3, 2]);
  });

  test("a partition does not touch the others", async () => {
    const { sim, dial, other } = await world();
    sim.inject({ kind: "partition", between: BETWEEN });
    await sim.advance(1);
    await dial(1_000, other);
    await assert.rejects(dial(), /not done within 1000 ms/);
  });

  test("a one-way partition lets the way back open", async () => {
    const { sim, dial, ears } = await world();
    const caller = await dial();
    sim.inject({ kind: "one-way partition", from: "client", to: "server" });
    await sim.advance(1);
    caller.transport.write("abc");
    ears[0]?.transport.write("de");
    await sim.advance(300);
    assert.deepEqual([ears[0]?.bytes, caller.bytes], [0, 2]);
  });

  test("a reset is heard at both ends, and touches no later connection", async () => {
    const { sim, dial, ears } = await world();
    const caller = await dial();
    sim.inject({ kind: "reset", between: BETWEEN });
    await sim.advance(10);
    assert.match(caller.lost ?? "", /ECONNRESET/);
    assert.match(ears[0]?.lost ?? "", /ECONNRESET/);
    const again = await dial();
    await sim.advance(1_000);
    assert.equal(again.lost, undefined);
  });

  test("half-open: one end is lost, and the other learns of it when it writes", async () => {
    const { sim, dial, ears } = await world();
    const caller = await dial();
    sim.inject({ kind: "half-open", host: "server", peer: "client" });
    await sim.advance(60_000);
    assert.match(ears[0]?.lost ?? "", /ECONNRESET/);
    assert.equal(caller.lost, undefined);
    caller.transport.write("abc");
    await sim.advance(10);
    assert.match(caller.lost ?? "", /ECONNRESET/);
  });

  test("a silent drop swallows what old connections carry; new ones work", async () => {
    const { sim, dial, ears } = await world();
    const old = await dial();
    sim.inject({ kind: "silent drop", between: BETWEEN });
    await sim.advance(1);
    const young = await dial();
    old.transport.write("abc");
    young.transport.write("de");
    await sim.advance(10_000);
    assert.deepEqual([ears[0]?.bytes, ears[1]?.bytes], [0, 2]);
    assert.equal(old.lost, undefined);
  });

  test("a bad link is bad for its time, and as before after that", async () => {
    const { sim, client, server } = await world();
    sim.link("client", "server", { latencyMs: 5 });
    sim.inject({ kind: "bad link", between: ["server", "client"], link: { latencyMs: 200 }, forMs: 1_000 });
    const tookMs = async (): Promise<number> => {
      const began = sim.nowMs;
      await sim.run(async () => await client.reactor.connectTcp({ host: server.address, port: 7 }, () => new Ear()));
      return Math.round(sim.nowMs - began);
    };
    await sim.advance(1);
    assert.equal(await tookMs(), 400);
    await sim.advance(1_000);
    assert.equal(await tookMs(), 10);
  });
});

describe("a fault of one host", () => {
  test("a slow reader reads so many bytes in a second, and at full speed after that", async () => {
    const { sim, dial, ears } = await world();
    const caller = await dial();
    sim.inject({ kind: "slow reader", host: "server", bytesPerSecond: 1_000, forMs: 10_000 });
    await sim.advance(1);
    caller.transport.write(new Uint8Array(100_000));
    await sim.advance(9_000);
    const seen = ears[0]?.bytes ?? 0;
    assert.ok(seen > 8_000 && seen < 9_300, `${seen} bytes in 9 s`);
    await sim.advance(3_000);
    assert.equal(ears[0]?.bytes, 100_000);
  });

  test("a full accept queue lets who dials wait, and get in when it ends", async () => {
    const { sim, dial } = await world();
    sim.inject({ kind: "full accept queue", host: "server", port: 7, forMs: 2_500 });
    await sim.advance(1);
    await dial(10_000);
    assert.ok(sim.nowMs > 2_500);
  });

  test("refuse: at once, and only that port", async () => {
    const { sim, dial } = await world();
    const standing = sim.inject({ kind: "refuse", host: "server", port: 7 });
    const elsewhere = sim.inject({ kind: "refuse", host: "server", port: 8 });
    await sim.advance(1);
    await assert.rejects(dial(), /ECONNREFUSED/);
    standing[Symbol.dispose]();
    await dial();
    elsewhere[Symbol.dispose]();
  });

  test("a port in use cannot be listened on, by TCP and UDP, until it is free", async () => {
    const { sim, server } = await world();
    sim.inject({ kind: "port in use", host: "server", port: 9, forMs: 100 });
    await sim.advance(1);
    const listenTcp = () => sim.run(async () => await server.reactor.listenTcp({ port: 9 }, () => new Ear()));
    await assert.rejects(listenTcp(), /EADDRINUSE/);
    await sim.advance(100);
    await listenTcp();
  });

  test("a full disk takes nothing, until it is not full any more", async () => {
    const { sim, server } = await world();
    sim.inject({ kind: "disk full", host: "server", forMs: 100 });
    await sim.advance(1);
    const write = () => sim.run(async () => await server.reactor.files.write("/a", new Uint8Array(10)));
    await assert.rejects(write(), /ENOSPC/);
    await sim.advance(100);
    await write();
  });

  test("a crash ends with the restart of the program", async () => {
    const sim = new Simulation({ seed: 1 });
    const boots: number[] = [];
    const host = sim.host("a", { program: () => void boots.push(sim.nowMs) });
    sim.inject({ kind: "crash", host: "a", atMs: 1_000, forMs: 500 });
    await sim.advance(1_400);
    assert.equal(host.isUp, false);
    await sim.advance(1_000);
    assert.deepEqual(boots, [0, 1_500]);
  });

  test("a machine that two crashes want down comes up when the second ends", async () => {
    const sim = new Simulation({ seed: 1 });
    const boots: number[] = [];
    sim.host("a", { program: () => void boots.push(sim.nowMs) });
    sim.inject({ kind: "crash", host: "a", atMs: 1_000, forMs: 500 });
    sim.inject({ kind: "crash", host: "a", atMs: 1_200, forMs: 1_000 });
    await sim.advance(5_000);
    assert.deepEqual(boots, [0, 2_200]);
  });

  test("a process that is killed starts anew at once", async () => {
    const sim = new Simulation({ seed: 1 });
    const boots: number[] = [];
    sim.host("a", { program: () => void boots.push(sim.nowMs) });
    sim.inject({ kind: "kill", host: "a", atMs: 1_000 });
    await sim.advance(5_000);
    assert.deepEqual(boots, [0, 1_000]);
  });

  test("a pause holds up calls until it is over", async () => {
    const sim = new Simulation({ seed: 1 });
    const called: number[] = [];
    sim.host("a").reactor.callLater(1_100, () => called.push(sim.nowMs));
    sim.inject({ kind: "pause", host: "a", atMs: 1_000, forMs: 500 });
    await sim.advance(5_000);
    assert.deepEqual(called, [1_500]);
  });

  test("a skewed clock is wrong by that, and right again at the end", async () => {
    const sim = new Simulation({ seed: 1, wallStartMs: 0 });
    const { reactor } = sim.host("a");
    sim.inject({ kind: "clock skew", host: "a", offsetMs: -5_000, rate: 2, forMs: 1_000 });
    await sim.advance(500);
    assert.equal(reactor.wallTimeMs(), -5_000 + 1_000);
    await sim.advance(1_500);
    assert.equal(reactor.wallTimeMs(), 2_000);
  });

  test("a DNS failure is of that name, or of all", async () => {
    const { sim, client } = await world();
    const lookup = (name: string) => sim.run(async () => await client.reactor.lookup(name));
    const one = sim.inject({ kind: "dns failure", name: "Server" });
    await sim.advance(1);
    await assert.rejects(lookup("server"), /does not answer/);
    await lookup("other");
    sim.inject({ kind: "dns failure", name: "*", forMs: 10 });
    await sim.advance(1);
    await assert.rejects(lookup("other"), /does not answer/);
    one[Symbol.dispose]();
    await sim.advance(10);
    await lookup("server");
  });
});

describe("the schedule of faults", () => {
  test("observers hear of both ends, with words and hosts", async () => {
    const sim = new Simulation({ seed: 1 });
    for (const name of ["a", "b", "c"]) sim.host(name);
    const seen: FaultChange[] = [];
    sim.observe({ faultChanged: (change) => void seen.push(change) });
    const partition: Fault = { kind: "partition", between: ["a", ["b", "c"]], atMs: 10, forMs: 5 };
    sim.inject(partition);
    sim.inject({ kind: "reset", between: ["a", "b"], atMs: 20 });
    await sim.advance(100);
    assert.deepEqual(
      seen.map(({ timeMs, change, text, hosts }) => [timeMs, change, text, hosts.join(" ")]),
      [
        [10, "begins", "partition of a from b, c", "a b c"],
        [15, "ends", "partition of a from b, c", "a b c"],
        [20, "begins", "reset of connections between a and b", "a b"],
        [20, "ends", "reset of connections between a and b", "a b"],
      ],
    );
    assert.equal(seen[0]?.fault, partition);
    assert.equal(seen[1]?.fault, partition);
  });

  test("endFaults ends those that are there and calls off those to come", async () => {
    const sim = new Simulation({ seed: 1 });
    const host = sim.host("a");
    sim.inject({ kind: "crash", host: "a", atMs: 10 });
    sim.inject({ kind: "crash", host: "a", atMs: 1_000 });
    await sim.advance(100);
    assert.equal(host.isUp, false);
    sim.endFaults();
    assert.equal(host.isUp, true);
    await sim.advance(10_000);
    assert.equal(host.isUp, true);
  });

  test("a fault that cannot be is refused at once, and told why", () => {
    const sim = new Simulation({ seed: 1 });
    sim.host("a");
    const refused = (fault: object, message: RegExp): void => assert.throws(() => sim.inject(fault as Fault), message);
    refused({ kind: "flood" }, /kind "flood": kinds are partition, /);
    refused({ kind: "crash" }, /"crash" with host undefined: it is a host/);
    refused({ kind: "crash", host: "b" }, /Cannot find "b"/);
    refused({ kind: "crash", host: "a", atMs: -1 }, /with atMs -1/);
    refused({ kind: "crash", host: "a", forMS: 1 }, /has no "forMS"; it has host, atMs, forMs/);
    refused({ kind: "reset", between: ["a", "a"], forMs: 5 }, /has no "forMs"/);
    refused({ kind: "partition", between: ["a"] }, /between \["a"\]/);
    refused({ kind: "slow reader", host: "a", bytesPerSecond: 0 }, /bytesPerSecond 0: it is 1 byte or more/);
    refused({ kind: "bad link", between: ["a", "a"], link: { loss: 2 } }, /loss 2: it is from 0 to 1/);
    refused({ kind: "pause", host: "a" }, /forMs undefined/);
  });
});
