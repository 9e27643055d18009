import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DatagramProtocol, type DatagramTransport } from "../../core/datagram.ts";
import { Recorder } from "../../testing/recorder.ts";
import type { SimHost } from "../sim-host.ts";
import { Simulation, surroundingsOf } from "../simulation.ts";
import type { CaptureOptions } from "./capture.ts";

describe("sim.capture", () => {
  test("has what passes between two hosts on the interfaces of both, at the times of both", async () => {
    const { sim, a, b, frames, end } = world();
    sim.linkOneWay("a", "b", { latencyMs: 2.5 });
    await send(sim, a, { host: b.address, port: 7 });
    await sim.advance(10);
    end();
    const startNs = 1_893_456_000_000_000_000n;
    const [out, into] = frames();
    assert.deepEqual([out?.at, out?.direction, out?.timeNs], ["a", "out", startNs]);
    assert.deepEqual([into?.at, into?.direction, into?.timeNs], ["b", "in", startNs + 2_500_000n]);
    assert.equal(out?.bytes, into?.bytes);
  });

  test("has what stays within a host once, on its loopback", async () => {
    const { sim, a, frames, end } = world();
    a.reactor.listenUdp({ port: 7 }, new DatagramProtocol());
    await send(sim, a, { host: "127.0.0.1", port: 7 });
    await send(sim, a, { host: a.address, port: 7 });
    await sim.advance(10);
    end();
    assert.deepEqual(
      frames().map(({ at }) => at),
      ["a:lo", "a:lo"],
    );
  });

  test("has no UNIX sockets", async () => {
    const { sim, a, frames, end } = world();
    const server = new Recorder();
    await sim.run(async () => {
      await a.reactor.listenUnix({ path: "/run/x" }, () => server);
      (await a.reactor.connectUnix({ path: "/run/x" }, () => new Recorder())).transport.write("hello");
    });
    await sim.until(() => server.text === "hello");
    end();
    assert.deepEqual(frames(), []);
  });

  test("has one datagram to a group leave, however many hear it", async () => {
    const { sim, a, hosts, frames, end } = world();
    for (const { reactor } of hosts) {
      const port = await sim.until(reactor.listenUdp({ port: 7 }, new DatagramProtocol()));
      port.joinGroup("239.0.0.1");
    }
    sim.rule(({ to }) => (to?.name === "c" ? { lose: "test" } : undefined));
    const port = await send(sim, a, { host: "239.0.0.1", port: 7 });
    port.write("one", { host: "239.0.0.1", port: 7 });
    await sim.advance(10);
    end();
    assert.deepEqual(
      frames().map(({ at, direction, comments }) => [at, direction, ...comments]),
      [
        ["a", "out", "lost on the way to c: test"],
        ["a", "out", "lost on the way to c: test"],
        ["b", "in"],
        ["b", "in"],
      ],
    );
  });

  test("says of a packet why it was lost", async () => {
    const { sim, a, b, frames, end } = world();
    sim.link("a", "b", { loss: 1 });
    await send(sim, a, { host: b.address, port: 7 });
    await send(sim, a, { host: "10.9.9.9", port: 7 });
    end();
    assert.deepEqual(
      frames().map(({ comments }) => comments),
      [["lost: loss"], ["lost: no such address"]],
    );
  });

  test("says at the next packet what hosts and faults did, and at the last what came after", async () => {
    const { sim, a, b, frames, end } = world();
    const { observers } = surroundingsOf(sim);
    a.note("begins");
    observers.faultChanged({ timeMs: 0, change: "begins", fault: { kind: "x" }, text: "partition", hosts: [] });
    await send(sim, a, { host: b.address, port: 7 });
    b.crash();
    end();
    assert.deepEqual(frames()[0]?.comments, ["a: begins", "fault begins: partition", "b: crashes"]);
  });

  test("puts keys before the packets that came after them", async () => {
    const { sim, a, b, blocks, end } = world();
    const { observers } = surroundingsOf(sim);
    observers.keysLogged("ONE");
    await send(sim, a, { host: b.address, port: 7 });
    observers.keysLogged("TWO\n");
    await send(sim, a, { host: b.address, port: 7 });
    end();
    const types = blocks.map((block) => block.readUInt32LE(0));
    assert.deepEqual(
      types.filter((type) => type === FRAME || type === SECRETS),
      [SECRETS, SECRETS, FRAME, FRAME],
    );
    const [one, two] = blocks.filter((block) => block.readUInt32LE(0) === SECRETS);
    assert.ok(one?.includes("ONE\n"));
    assert.ok(two?.includes("TWO\n"));
  });

  test("records the hosts that it was asked to", async () => {
    const { sim, a, b, c, frames, end } = world({ hosts: ["b", "c"] });
    await send(sim, a, { host: b.address, port: 7 });
    await send(sim, c, { host: a.address, port: 7 });
    await sim.advance(3);
    end();
    assert.deepEqual(
      frames().map(({ at, direction }) => `${at} ${direction}`),
      ["c out", "b in", "b out", "c in"],
    );
  });

  test("refuses the name of a host that is none", () => {
    assert.throws(() => world({ hosts: "d" }), { message: /^Cannot find "d": no host/ });
  });

  test("records nothing more when it has ended, and can be ended twice", async () => {
    const { sim, a, b, blocks, end } = world();
    end();
    await send(sim, a, { host: b.address, port: 7 });
    await sim.advance(10);
    end();
    assert.equal(blocks.length, 1);
  });

  test("changes nothing: the trace hash is the same with and without", async () => {
    const hashes: string[] = [];
    for (const isBare of [true, false]) {
      const { sim, a, b, end } = world();
      if (isBare) end();
      await send(sim, a, { host: b.address, port: 7 });
      await sim.advance(10);
      hashes.push(sim.hash);
    }
    assert.equal(hashes[0], hashes[1]);
  });
});

interface World {
  readonly sim: Simulation;
  readonly hosts: readonly SimHost[];
  readonly a: SimHost;
  readonly b: SimHost;
  readonly c: SimHost;
  readonly blocks: Buffer[];
  frames(): Frame[];
  end(): void;
}

interface Frame {
  readonly at: string;
  readonly direction: "in" | "out";
  readonly timeNs: bigint;
  readonly bytes: string;
  readonly comments: readonly string[];
}

function world(options?: CaptureOptions): World {
  const sim = new Simulation({ seed: 1 });
  const hosts = ["a", "b", "c"].map((name) => sim.host(name)) as [SimHost, SimHost, SimHost];
  const [a, b, c] = hosts;
  const blocks: Buffer[] = [];
  const capture = sim.capture({ write: (bytes) => void blocks.push(Buffer.from(bytes)) }, options);
  const end = (): void => capture[Symbol.dispose]();
  return { sim, hosts, a, b, c, blocks, frames: () => framesOf(blocks), end };
}

async function send(
  sim: Simulation,
  { reactor }: SimHost,
  to: { readonly host: string; readonly port: number },
): Promise<DatagramTransport> {
  const port = await sim.until(reactor.listenUdp({ port: 0 }, new DatagramProtocol()));
  port.write("one", to);
  return port;
}

function framesOf(blocks: readonly Buffer[]): Frame[] {
  const names: string[] = [];
  const frames: Frame[] = [];
  for (const block of blocks) {
    const type = block.readUInt32LE(0);
    if (type === INTERFACE) names.push(optionsOf(block, 16).find(({ code }) => code === 2)?.text ?? "");
    if (type !== FRAME) continue;
    const length = block.readUInt32LE(20);
    const options = optionsOf(block, 28 + Math.ceil(length / 4) * 4);
    frames.push({
      at: names[block.readUInt32LE(8)] ?? "",
      direction: options.find(({ code }) => code === 2)?.text.charCodeAt(0) === 1 ? "in" : "out",
      timeNs: (BigInt(block.readUInt32LE(12)) << 32n) + BigInt(block.readUInt32LE(16)),
      bytes: block.toString("hex", 28, 28 + length),
      comments: options.filter(({ code }) => code === 1).map(({ text }) => text),
    });
  }
  return frames;
}

function optionsOf(block: Buffer, start: number): { readonly code: number; readonly text: string }[] {
  const options: { readonly code: number; readonly text: string }[] = [];
  for (let at = start; block.readUInt16LE(at) !== 0; ) {
    const length = block.readUInt16LE(at + 2);
    options.push({ code: block.readUInt16LE(at), text: block.toString("utf8", at + 4, at + 4 + length) });
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return options;
}

const INTERFACE = 1;
const FRAME = 6;
const SECRETS = 10;
