import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DatagramProtocol } from "../../core/datagram.ts";
import { Protocol } from "../../core/protocol.ts";
import type { SimHost } from "../sim-host.ts";
import { Simulation } from "../simulation.ts";
import { showBytes, showText } from "./show-bytes.ts";
import type { TracedPacket } from "./trace.ts";

describe("a trace", () => {
  test("tells of each packet when it was sent and when it arrived", async () => {
    const { sim, a, b } = twoHosts();
    const trace = sim.trace();
    await sendDatagrams(sim, a, b, ["hello"]);
    assert.equal(String(trace), "      0.000 ms  a:5000 → b:7  udp 5 bytes  arrives 1.000  hello");
    const [packet] = trace.events as readonly TracedPacket[];
    assert.deepEqual(packet?.arrivals, [1]);
    assert.deepEqual(packet?.from, { host: "a", address: "10.0.0.1", port: 5_000 });
    assert.equal(packet?.fate, "arrived");
  });

  test("tells why a packet was lost", async () => {
    const { sim, a, b } = twoHosts();
    sim.rule(() => ({ lose: "eaten" }));
    const trace = sim.trace();
    await sendDatagrams(sim, a, b, ["hello"]);
    assert.match(String(trace), /a:5000 → b:7 {2}udp 5 bytes {2}lost: eaten {2}hello$/);
  });

  test("a packet is on its way until it arrives", async () => {
    const { sim, a, b } = twoHosts();
    sim.link("a", "b", { latencyMs: 50 });
    const trace = sim.trace();
    await sendDatagrams(sim, a, b, ["hello"]);
    assert.equal((trace.events[0] as TracedPacket).fate, "on its way");
    await sim.advance(50);
    assert.equal((trace.events[0] as TracedPacket).fate, "arrived");
  });

  test("a datagram that the network doubles arrives twice", async () => {
    const { sim, a, b } = twoHosts();
    sim.link("a", "b", { duplicate: 1 });
    const trace = sim.trace();
    await sendDatagrams(sim, a, b, ["hello"]);
    assert.match(String(trace), /arrives 1\.000 and 1\.000/);
  });

  test("tells the flags of TCP, and what the kernel knows of connections", async () => {
    const { sim, a, b } = twoHosts();
    const trace = sim.trace();
    await sim.run(async () => {
      await b.reactor.listenTcp({ port: 7 }, () => new Protocol());
      const client = await a.reactor.connectTcp({ host: "b", port: 7 }, () => new Protocol());
      client.transport?.write("hi");
    });
    await sim.advance(10);
    const lines = String(trace).split("\n");
    assert.match(lines[0] as string, /a:49153 → b:7 {2}tcp 0 bytes \[SYN\] {2}arrives 1\.000$/);
    assert.match(lines[1] as string, /b:7 → a:49153 {2}tcp 0 bytes \[SYN ACK\] {2}arrives 2\.000$/);
    assert.ok(lines.some((line) => /tcp 2 bytes \[PSH\] {2}arrives 3\.000 {2}hi$/.test(line)));
    const notes = trace.events
      .filter((event) => event.type === "note")
      .map(({ host, kind, text }) => [host, kind, text]);
    assert.deepEqual(notes, [
      ["a", "connection", "connected to b:7"],
      ["b", "connection", "accepted a:49153"],
    ]);
  });

  test("tells of connections that are refused, lost and closed", async () => {
    const { sim, a, b } = twoHosts();
    const trace = sim.trace();
    const accepted: Protocol[] = [];
    await sim.run(async () => {
      await b.reactor.listenTcp({ port: 7 }, () => {
        accepted.push(new Protocol());
        return accepted.at(-1) as Protocol;
      });
      const [one, other] = [new Protocol(), new Protocol()];
      await a.reactor.connectTcp({ host: "b", port: 7 }, () => one);
      await a.reactor.connectTcp({ host: "b", port: 7 }, () => other);
      await a.reactor.connectTcp({ host: "b", port: 9 }, () => new Protocol()).addErrback(() => {});
      one.transport?.loseConnection();
    });
    await sim.advance(10);
    accepted[1]?.transport?.abortConnection();
    await sim.advance(10);
    const text = String(trace);
    for (const line of [
      /b {2}connection: refused a:49155/,
      /a {2}connection: cannot reach b:9: ECONNREFUSED/,
      /a {2}connection: closed b:7/,
      /b {2}connection: reset a:49154/,
      /a {2}connection: lost b:7: ECONNRESET/,
    ]) {
      assert.match(text, line);
    }
  });

  test("tells of the states of hosts, and until when one pauses", async () => {
    const { sim, a } = twoHosts();
    const trace = sim.trace();
    a.pause(20);
    await sim.advance(30);
    a.crash();
    a.restart();
    const states = trace.events.map((event) =>
      event.type === "note" ? [event.timeMs, event.state, event.untilMs] : [],
    );
    assert.deepEqual(states, [
      [0, "paused", 20],
      [30, "down", undefined],
      [30, "up", undefined],
    ]);
  });

  test("keeps the last events, and counts the others", () => {
    const { sim, a } = twoHosts();
    const trace = sim.trace({ limit: 3 });
    for (let at = 0; at < 10; at += 1) a.note(`${at}`);
    assert.deepEqual(
      trace.events.map((event) => event.type === "note" && event.text),
      ["7", "8", "9"],
    );
    assert.equal(trace.dropped, 7);
  });

  test("sees nothing any more when disposed", () => {
    const { sim, a } = twoHosts();
    const trace = sim.trace();
    a.note("one");
    trace[Symbol.dispose]();
    a.note("two");
    assert.equal(trace.events.length, 1);
  });

  test("refuses limits that make no sense", () => {
    const sim = new Simulation();
    assert.throws(() => sim.trace({ limit: 0 }), /Cannot keep 0 events/);
    assert.throws(() => sim.trace({ headBytes: -1 }), /Cannot keep -1 bytes/);
  });
});

describe("bytes as text", () => {
  test("what cannot be seen is an escape", () => {
    assert.equal(showText("a\r\n\tb\u0000\u202ec\u2028\u00a0"), "a\\r\\n\\tb\\x00\\u{202e}c\\u{2028}\\xa0");
  });

  test("text is shown as text, whatever its language, and even if its last character is cut", () => {
    assert.equal(showBytes(new TextEncoder().encode("Grüße, 世界\r\n")), "Grüße, 世界\\r\\n");
    assert.equal(showBytes(new TextEncoder().encode("Grüße, 世界").subarray(0, -1)), "Grüße, 世");
  });

  test("what is no text is shown as hexadecimal digits", () => {
    assert.equal(showBytes(Uint8Array.of(0, 1, 2, 250)), "00 01 02 fa");
    assert.equal(showBytes(Uint8Array.of(0, 0, 0, 4, 65)), "00 00 00 04 41");
  });
});

function twoHosts(): { readonly sim: Simulation; readonly a: SimHost; readonly b: SimHost } {
  const sim = new Simulation({ seed: 1 });
  return { sim, a: sim.host("a"), b: sim.host("b") };
}

async function sendDatagrams(sim: Simulation, a: SimHost, b: SimHost, texts: readonly string[]): Promise<void> {
  await sim.run(async () => {
    await b.reactor.listenUdp({ port: 7 }, new DatagramProtocol());
    const port = await a.reactor.listenUdp({ port: 5_000 }, new DatagramProtocol());
    for (const text of texts) port.write(text, { host: b.address, port: 7 });
  });
  await sim.advance(10);
}
