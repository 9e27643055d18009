import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConnectError } from "../../core/errors.ts";
import { isSameBytes, patterned } from "../../testing/conformance/world.ts";
import { codeOf, Recorder } from "../../testing/recorder.ts";
import type { LinkOptions } from "../network/link-options.ts";
import { ACK, FIN, type Packet, RST, SYN } from "../network/packet.ts";
import { kernelOf } from "../sim-host.ts";
import { Simulation } from "../simulation.ts";

describe("simulated TCP", () => {
  test("opens, talks and closes with the packets that TCP has", async () => {
    const { sim, client, server, packets } = await meet({ latencyMs: 10 });
    server.onData = () => {
      if (server.text === "ping") server.transport.write("pong");
    };
    client.transport.write("ping");
    await sim.advance(100);
    client.transport.loseConnection();
    await sim.advance(100);
    assert.equal(client.text, "pong");
    assert.equal(server.reason?.name, "ConnectionDone");
    assert.deepEqual(packets.map(describePacket), [
      "a SYN",
      "b SYN ACK",
      "a ACK",
      "a ACK 4",
      "b ACK 4",
      "a ACK",
      "a FIN ACK",
      "b FIN ACK",
      "a ACK",
    ]);
  });

  test("takes a round trip to connect, and half of one for what is written then", async () => {
    const { sim, client, server, connectedMs } = await meet({ latencyMs: 40 });
    assert.equal(connectedMs, 80);
    const start = sim.nowMs;
    client.transport.write("x");
    await sim.until(() => server.text === "x");
    assert.equal(sim.nowMs - start, 40);
  });

  test("a lost segment is sent again, and holds up what is behind it", async () => {
    const { sim, client, server } = await meet({ latencyMs: 10 });
    let drop = true;
    using _rule = sim.rule(({ data }) => {
      if (data.length === 0 || !drop) return undefined;
      drop = false;
      return { lose: "test" };
    });
    const heard: number[] = [];
    server.onData = () => heard.push(sim.nowMs);
    const start = sim.nowMs;
    client.transport.write("first ");
    await sim.advance(15);
    client.transport.write("second");
    await sim.advance(1_000);
    assert.equal(server.text, "first second");
    assert.ok(
      heard.every((at) => at >= start + 210),
      String(heard),
    );
  });

  test("three later segments bring back a lost one before its time", async () => {
    const { sim, client, server } = await meet({ latencyMs: 10 });
    let seen = 0;
    using _rule = sim.rule(({ data }) => {
      if (data.length > 0) seen += 1;
      return data.length > 0 && seen === 1 ? { lose: "test" } : undefined;
    });
    const start = sim.nowMs;
    const data = patterned(8 * 1_460);
    client.transport.write(data);
    await sim.until(() => server.bytes.length === data.length);
    assert.ok(isSameBytes(server.bytes, data));
    assert.ok(sim.nowMs - start < 60, `${sim.nowMs - start} ms`);
  });

  for (const link of [{ loss: 0.1 }, { jitterMs: 30, loss: 0.02 }, { bytesPerSecond: 200_000, queueBytes: 20_000 }]) {
    test(`brings everything in order over ${JSON.stringify(link)}`, async () => {
      for (let seed = 1; seed <= 10; seed += 1) {
        const { sim, client, server } = await meet({ latencyMs: 5, ...link }, seed);
        const [there, back] = [patterned(100_000), patterned(60_000)];
        client.transport.write(there);
        server.transport.write(back);
        client.transport.loseWriteConnection();
        await sim.until(() => server.bytes.length === there.length && client.bytes.length === back.length);
        assert.ok(isSameBytes(server.bytes, there) && isSameBytes(client.bytes, back), `seed ${seed}`);
      }
    });
  }

  test("a reader that does not read stops the writer by its window, and reading again starts it", async () => {
    const { sim, client, server, packets } = await meet({ latencyMs: 10 });
    server.transport.pauseReading();
    client.transport.write(patterned(1_000_000));
    await sim.advance(10_000);
    assert.equal(packets.at(-1)?.windowBytes === 0 || packets.at(-2)?.windowBytes === 0, true);
    assert.ok(client.transport.bufferedBytes > 800_000);
    server.transport.resumeReading();
    await sim.until(() => server.bytes.length === 1_000_000);
  });

  test("goes on when the news of an open window are lost", async () => {
    const { sim, client, server } = await meet({ latencyMs: 10 });
    server.transport.pauseReading();
    client.transport.write(patterned(200_000));
    await sim.advance(1_000);
    const start = sim.nowMs;
    using _rule = sim.rule(({ from }) => (from.name === "b" && sim.nowMs < start + 100 ? { lose: "test" } : undefined));
    server.transport.resumeReading();
    await sim.until(() => server.bytes.length === 200_000, { withinMs: 5_000 });
  });

  test("asks less and less often whether a shut window has opened, up to two minutes apart", async () => {
    const { sim, server, client, packets } = await meet({ latencyMs: 10 });
    server.transport.pauseReading();
    client.transport.write(patterned(200_000));
    await sim.advance(1_000);
    packets.length = 0;
    await sim.advance(3_600_000);
    const asked = packets.filter(({ from }) => from.name === "a").map(({ sentMs }) => Math.round(sentMs));
    const waits = asked.slice(1).map((at, i) => at - (asked[i] as number));
    assert.deepEqual(waits.slice(0, 8), [1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 102_400, 120_000]);
    assert.deepEqual(new Set(waits.slice(8)), new Set([120_000]));
    server.transport.resumeReading();
    await sim.until(() => server.bytes.length === 200_000, { withinMs: 1_000 });
  });

  test("what comes to a connection that is gone is refused with the number that it acknowledges", async () => {
    const { sim, client, packets } = await meet({ latencyMs: 10 });
    client.transport.write(patterned(14_600));
    await sim.advance(12);
    client.transport.abortConnection();
    await sim.advance(100);
    const refused = packets.filter(({ flags }) => flags === RST);
    const acknowledged = packets.filter(
      ({ from, data, sequence }) => from.name === "b" && data.length === 0 && sequence,
    );
    assert.ok(refused.length > 0);
    for (const { sequence } of refused) assert.ok(acknowledged.some((one) => one.acknowledgment === sequence));
  });

  for (const [address, bytes] of [
    ["10.0.0.9", 1_460],
    ["2001:db8::9", 1_440],
  ] as const) {
    test(`a segment to ${address} has ${bytes} bytes at most, so that it fits into 1 500 with its headers`, async () => {
      const sim = new Simulation();
      const client = sim.host("a", { addresses: ["10.0.0.8", "2001:db8::8"] });
      const server = sim.host("b", { addresses: [address] });
      let longest = 0;
      sim.observe({
        packetSent({ data }) {
          longest = Math.max(longest, data.length);
        },
      });
      const recorder = new Recorder();
      await sim.run(async () => {
        await server.reactor.listenTcp({ host: address, port: 7 }, () => recorder);
        const protocol = await client.reactor.connectTcp({ host: address, port: 7 }, () => new Recorder());
        protocol.transport.write(patterned(100_000));
      });
      await sim.until(() => recorder.bytes.length === 100_000);
      assert.equal(longest, bytes);
    });
  }

  test("nobody at the port: refused; nobody at the address: no answer until the time is up", async () => {
    const sim = new Simulation();
    const [a, b] = [sim.host("a"), sim.host("b")];
    const refused = await failureOf(sim, () =>
      a.reactor.connectTcp({ host: b.address, port: 1 }, () => new Recorder()),
    );
    assert.ok(refused instanceof ConnectError);
    assert.equal(refused.code, "ECONNREFUSED");
    assert.ok(sim.nowMs < 10);
    const silent = await failureOf(sim, () =>
      a.reactor.connectTcp({ host: "10.9.9.9", port: 1, timeoutMs: 5_000 }, () => new Recorder()),
    );
    assert.equal(silent.name, "TimeoutError");
    assert.ok(Math.abs(sim.nowMs - 5_000) < 10);
  });

  test("a SYN that is lost comes again after a second", async () => {
    const sim = new Simulation();
    const [a, b] = [sim.host("a"), sim.host("b")];
    let dropped = 0;
    sim.rule(({ flags }) => {
      if ((flags & SYN) === 0 || dropped === 2) return undefined;
      dropped += 1;
      return { lose: "test" };
    });
    await b.reactor.listenTcp({ port: 7 }, () => new Recorder());
    await sim.run(() => a.reactor.connectTcp({ host: "b", port: 7 }, () => new Recorder()));
    assert.equal(sim.nowMs, 3_002);
  });

  test("a SYN-ACK that is lost comes again, asked for by the next SYN or by itself, and the connection stays", async () => {
    const sim = new Simulation();
    const [a, b] = [sim.host("a"), sim.host("b")];
    const [sent, server] = [[] as string[], new Recorder()];
    let dropped = 0;
    sim.observe({ packetSent: (packet) => void sent.push(describePacket(packet)) });
    sim.rule(({ flags }) => {
      if (flags !== (SYN | ACK) || dropped === 1) return undefined;
      dropped += 1;
      return { lose: "test" };
    });
    const client = await sim.run(async () => {
      await b.reactor.listenTcp({ port: 7 }, () => server);
      return await a.reactor.connectTcp({ host: "b", port: 7 }, () => new Recorder());
    });
    await sim.advance(10_000);
    client.transport.write("x");
    await sim.advance(10);
    assert.equal(server.text, "x");
    assert.ok(!sent.some((one) => one.includes("RST")), sent.join());
  });

  test("a host that restarts can connect again from the same port, though the peer has not noticed", async () => {
    const { sim, server } = await meet({ latencyMs: 10 });
    const [a, b] = [sim.host("a"), sim.host("b")];
    const ports: number[] = [];
    using _watch = sim.observe({
      packetSent: ({ flags, sourcePort }) => void (flags === SYN && ports.push(sourcePort)),
    });
    const old = (server.transport.peer as { readonly port: number }).port;
    a.crash();
    a.restart();
    for (let i = old + 1; i <= 65_535; i += 1) kernelOf(a).tcp.freePort();
    for (let i = 49_152; i < old; i += 1) kernelOf(a).tcp.freePort();
    const again = await sim.run(() => a.reactor.connectTcp({ host: b.address, port: 7 }, () => new Recorder()));
    assert.ok(again.transport.connected);
    assert.deepEqual(new Set(ports), new Set([old]));
    assert.equal(server.reason?.name, "ConnectionLost");
  });

  test("keep-alive finds a peer that is gone without a word", async () => {
    const { sim, client } = await meet({ latencyMs: 10 });
    client.transport.setKeepAlive(60_000);
    await sim.advance(300_000);
    assert.deepEqual(client.events, ["made"]);
    sim.host("b").crash();
    await sim.until(() => client.reason !== undefined);
    assert.equal(codeOf(client.reason), "ETIMEDOUT");
    // Silence, then nine questions.
    assert.ok(sim.nowMs > 300_000 + 9 * 75_000 && sim.nowMs < 300_000 + 11 * 75_000, String(sim.nowMs));
  });

  test("what came before a reset is read before it is heard", async () => {
    const { sim, client, server } = await meet({ latencyMs: 10 });
    client.transport.write("last words");
    await sim.advance(0);
    client.transport.abortConnection();
    await sim.advance(100);
    assert.deepEqual(server.story, ["made", "data last words", "lost ConnectionLost"]);
  });

  test("a rule can reset", async () => {
    const { sim, client } = await meet({});
    using _rule = sim.rule(({ data }) => (data.length > 0 ? { reset: true } : undefined));
    client.transport.write("x");
    await sim.advance(10);
    assert.equal(codeOf(client.reason), "ECONNRESET");
  });

  test("leaves nothing behind when both have closed", async () => {
    const { sim, client, server } = await meet({ latencyMs: 10 });
    client.transport.write("bye");
    client.transport.loseConnection();
    await sim.advance(120_000);
    assert.equal(server.reason?.name, "ConnectionDone");
    await assert.rejects(
      sim.until(() => false, { withinMs: 1 }),
      /nothing is left to happen/,
    );
  });

  test("does not send more small packets than large ones need", async () => {
    const { sim, client, server, packets } = await meet({ latencyMs: 10 });
    client.transport.write(patterned(500_000));
    await sim.until(() => server.bytes.length === 500_000);
    const full = packets.filter(({ data }) => data.length === 1_460).length;
    const small = packets.filter(({ data }) => data.length > 0 && data.length < 1_460).length;
    assert.ok(small * 10 < full, `${small} small, ${full} full`);
  });
});

interface Meeting {
  readonly sim: Simulation;
  readonly client: Recorder;
  readonly server: Recorder;
  readonly packets: Packet[];
  readonly connectedMs: number;
}

/** `a` has connected to port 7 of `b`. */
async function meet(link: LinkOptions, seed: number = 1): Promise<Meeting> {
  const sim = new Simulation({ seed });
  const [a, b] = [sim.host("a"), sim.host("b")];
  sim.link("a", "b", link);
  const packets: Packet[] = [];
  sim.observe({ packetSent: (packet) => void packets.push(packet) });
  const [client, server] = [new Recorder(), new Recorder()];
  await sim.run(async () => {
    await b.reactor.listenTcp({ port: 7 }, () => server);
    await a.reactor.connectTcp({ host: "b", port: 7 }, () => client);
  });
  const connectedMs = sim.nowMs;
  await sim.until(() => server.events.includes("made"));
  return { sim, client, server, packets, connectedMs };
}

async function failureOf(
  sim: Simulation,
  main: () => PromiseLike<unknown>,
): Promise<Error & { readonly code?: string }> {
  try {
    await sim.run(main);
  } catch (error) {
    return error as Error;
  }
  return assert.fail("It should have failed");
}

function describePacket({ from, flags, data }: Packet): string {
  const names = [SYN, FIN, RST, ACK].filter((bit) => (flags & bit) !== 0).map((bit) => FLAG_NAMES[bit]);
  return [from.name, ...names, ...(data.length > 0 ? [data.length] : [])].join(" ");
}

const FLAG_NAMES: Readonly<Record<number, string>> = { [SYN]: "SYN", [FIN]: "FIN", [RST]: "RST", [ACK]: "ACK" };
