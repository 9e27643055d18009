import assert from "node:assert/strict";
import { Socket } from "node:net";
import { test } from "node:test";
import { ConnectionLost } from "../core/errors.ts";
import { HalfCloseRecorder, Recorder } from "../testing/recorder.ts";
import { pairOf, parted, turn, until } from "./pair.fixture.test.ts";

/** Against a hang. */
const LIMIT_MS = 10_000;

/** Node 26 keeps the objects to itself that the versions before it want from whoever writes. */
const isPossible = Number(process.versions.node.split(".")[0]) < 26;

test("this version of Node lets sockets be written to without its streams, or else they are", {
  timeout: LIMIT_MS,
}, async (t) => {
  const pair = await pairOf();
  // The first write finds out how, with a socket of its own.
  pair.client.transport.write("first ");
  await turn();
  const { mock } = t.mock.method(Socket.prototype, "write");
  for (const said of ["text", "t\u00e4xt", Buffer.from("bytes")]) {
    pair.client.transport.write(said);
    await turn();
  }
  const streamWrites = mock.callCount();
  pair.client.transport.loseConnection();
  await parted(pair);
  assert.equal(pair.server.text, "first textt\u00e4xtbytes");
  assert.equal(streamWrites, isPossible ? 0 : 3);
});

test("what the kernel does not take at once leaves later, before what is written behind it", {
  timeout: LIMIT_MS,
}, async () => {
  const pair = await pairOf();
  pair.server.transport.pauseReading();
  const bulk = `${"x".repeat(16_000_000)}|`;
  pair.client.transport.write(bulk);
  await turn();
  assert.ok(pair.client.transport.bufferedBytes > 0);
  pair.client.transport.write(Buffer.from("bytes "));
  await turn();
  pair.client.transport.write("and text");
  pair.client.transport.loseConnection();
  pair.server.transport.resumeReading();
  await parted(pair);
  assert.equal(pair.server.text.length, bulk.length + 14);
  assert.ok(pair.server.text.endsWith("x|bytes and text"));
});

test("a write to a connection that the peer has reset ends it with the system's word", {
  timeout: LIMIT_MS,
}, async () => {
  const pair = await pairOf({}, new HalfCloseRecorder(), new Recorder());
  // It does not hear the reset by reading: a write is the first to meet it.
  pair.client.transport.pauseReading();
  await turn();
  pair.server.transport.abortConnection();
  await pair.server.transport.whenClosed();
  pair.client.transport.write("knots");
  await parted(pair);
  assert.ok(pair.client.reason instanceof ConnectionLost);
  assert.match(String(pair.client.reason), /write E(CONNRESET|PIPE)/);
});

test("a connection whose peer is done is let go of at once, and another only when its peer has ended too", {
  timeout: LIMIT_MS,
}, async () => {
  for (const peerIsDone of [true, false]) {
    const pair = await pairOf({}, new HalfCloseRecorder(), new Recorder());
    pair.server.transport.write("the last words");
    pair.server.transport.loseConnection({ peerIsDone });
    await until(() => pair.client.events.includes("read ended"));
    assert.equal(pair.client.text, "the last words");
    pair.client.transport.write("nevertheless");
    for (let turns = 0; turns < 50; turns++) await turn();
    pair.client.transport.write("once more");
    for (let turns = 0; turns < 50; turns++) await turn();
    assert.equal(pair.client.transport.connected, !peerIsDone);
    pair.client.transport.loseConnection();
    await parted(pair);
  }
});
