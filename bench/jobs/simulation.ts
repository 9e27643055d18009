/** What one event of a simulated network costs, and what a large one weighs. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { DatagramProtocol, Protocol } from "ropewalk";
import { Simulation } from "ropewalk/sim";
import type { JobResult, Jobs } from "./job.ts";

export const simulationJobs: Jobs = {
  "datagrams delivered": { ropewalk: datagrams },
  "stream segments": { ropewalk: segments },
  "1 000 hosts, 100 000 connections": { ropewalk: connections },
};

/** A hundred datagrams of 64 bytes go to and fro between two hosts; an operation is a delivery. */
async function datagrams(ops: number): Promise<JobResult> {
  const sim = new Simulation({ seed: 1 });
  const [a, b] = [sim.host("a"), sim.host("b")];
  let delivered = 0;
  class Echo extends DatagramProtocol {
    override datagramReceived(data: Uint8Array, from: { readonly host: string; readonly port: number }): void {
      delivered += 1;
      this.transport.write(data, from);
    }
  }
  await b.reactor.listenUdp({ port: 7 }, new Echo());
  const port = await a.reactor.listenUdp({ port: 7 }, new Echo());
  for (let i = 0; i < 100; i++) port.write(new Uint8Array(64), { host: b.address, port: 7 });
  await sim.until(() => delivered >= ops, { withinMs: ops });
  return { ops: delivered };
}

/** Ten connections with all the bytes that they can carry; an operation is a segment with data that arrives. */
async function segments(ops: number): Promise<JobResult> {
  const sim = new Simulation({ seed: 1 });
  const [a, b] = [sim.host("a"), sim.host("b")];
  let arrived = 0;
  sim.observe({ packetArrived: ({ data }) => void (data.length > 0 && arrived++) });
  class Source extends Protocol {
    override connectionMade(): void {
      this.transport.write(new Uint8Array(1 << 20));
    }
    override writingResumed(): void {
      this.transport.write(new Uint8Array(1 << 20));
    }
  }
  await b.reactor.listenTcp({ port: 7 }, () => new Protocol());
  for (let i = 0; i < 10; i++) await sim.run(() => a.reactor.connectTcp({ host: "b", port: 7 }, () => new Source()));
  await sim.until(() => arrived >= ops, { withinMs: ops });
  return { ops: arrived };
}

/** An operation is a connection that is made; each counts with both its ends, each host with its port. */
async function connections(ops: number): Promise<JobResult> {
  const count = Math.min(ops, 100_000);
  const before = liveBytes();
  const sim = new Simulation({ seed: 1 });
  const hosts = Array.from({ length: 1_000 }, (_, i) => sim.host(`host${i}`));
  for (const { reactor } of hosts) await reactor.listenTcp({ port: 7 }, () => new Protocol());
  const made: Protocol[] = [];
  for (let i = 0; i < count; i++) {
    const target = hosts[(i * 7 + 1) % hosts.length];
    hosts[i % hosts.length]?.reactor
      .connectTcp({ host: target?.address ?? "", port: 7 }, () => new Protocol())
      .addCallback((protocol) => made.push(protocol));
  }
  await sim.until(() => made.length === count);
  await sim.advance(60_000);
  if (!made.every(({ transport }) => transport.connected)) throw new Error("Wrong result: a connection is gone");
  return { ops: count, bytesPerConnection: (liveBytes() - before) / count };
}

function liveBytes(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
