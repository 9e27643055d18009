import assert from "node:assert/strict";
import { Recorder } from "../recorder.ts";
import { type Cases, isSameBytes, meet, meetAs, patterned, type TransportWorld, until } from "./world.ts";

/** What is written arrives: all of it, in order, as it was. */
export const WRITING: Cases<TransportWorld> = {
  "what one turn writes arrives in order, whatever its kind": async (world) => {
    const { client, server } = await meet(world);
    const { transport } = client;
    transport.write("one ");
    transport.write(new TextEncoder().encode("two "));
    transport.writeLatin1("three ");
    transport.write("");
    transport.write("four");
    await until(world, "all is there", () => server.text.length === 18);
    assert.equal(server.text, "one two three four");
  },

  "a string goes as UTF-8, and writeLatin1 sends one byte for each character": async (world) => {
    const { client, server } = await meet(world);
    client.transport.write("\u00e9\u20ac\u{1f980}");
    client.transport.writeLatin1("\u00e9\u00ff");
    await until(world, "all is there", () => server.bytes.length >= 11);
    assert.deepEqual([...server.bytes], [0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0xa6, 0x80, 0xe9, 0xff]);
  },

  "what connectionMade writes arrives, from both ends": async (world) => {
    const [client, server] = [new Recorder(), new Recorder()];
    client.onMade = () => client.transport.write("hello");
    server.onMade = () => server.transport.write("welcome");
    await meetAs(world, client, server);
    await until(world, "both are greeted", () => server.text === "hello" && client.text === "welcome");
  },

  "what dataReceived writes arrives": async (world) => {
    const { client, server } = await meet(world);
    server.onData = (data) => server.transport.write(data);
    client.transport.write("echo");
    await until(world, "the echo", () => client.text === "echo");
  },

  "a thousand turns of writing arrive in order": async (world) => {
    const { client, server } = await meet(world);
    let expected = "";
    for (let i = 0; i < 1_000; i += 1) {
      client.transport.write(`${i},`);
      expected += `${i},`;
      if (i % 10 === 0) await world.turn();
    }
    await until(world, "all is there", () => server.bytes.length >= expected.length);
    assert.equal(server.text, expected);
  },

  "two megabytes pass each other unharmed": async (world) => {
    const { client, server } = await meet(world);
    const data = patterned(2_097_152);
    client.transport.write(data);
    for (let at = 0; at < data.length; at += 10_000) server.transport.write(data.slice(at, at + 10_000));
    const sizeOf = (chunks: readonly Uint8Array[]) => chunks.reduce((sum, { length }) => sum + length, 0);
    await until(
      world,
      "all is there",
      () => sizeOf(server.received) >= data.length && sizeOf(client.received) >= data.length,
    );
    assert.ok(isSameBytes(server.bytes, data), "to the server");
    assert.ok(isSameBytes(client.bytes, data), "to the client");
  },

  "bytes that the protocol was given are never overwritten": async (world) => {
    const { client, server } = await meet(world);
    const copies: Uint8Array[] = [];
    server.onData = (data) => {
      copies.push(Uint8Array.from(data));
      server.transport.write("next");
    };
    for (let i = 0; i < 200; i += 1) {
      const before = client.received.length;
      client.transport.write(patterned(1 + ((i * 977) % 5_000)));
      await until(world, "an answer", () => client.received.length > before);
    }
    assert.ok(copies.length >= 200);
    for (const [at, copy] of copies.entries()) {
      assert.ok(isSameBytes(server.received[at] as Uint8Array, copy), `read ${at}`);
    }
  },

  "bytes that the protocol was given may be changed by it": async (world) => {
    const { client, server } = await meet(world);
    server.onData = (data) => data.fill(0);
    for (const heard of ["data first", "data firstsecond"]) {
      client.transport.write(heard === "data first" ? "first" : "second");
      await until(world, heard, () => server.story.at(-1) === heard);
    }
  },

  "bufferedBytes counts what is written, and falls to 0 when it has left": async (world) => {
    const { client } = await meet(world);
    assert.equal(client.transport.bufferedBytes, 0);
    client.transport.write("12345");
    assert.equal(client.transport.bufferedBytes, 5);
    await until(world, "it left", () => client.transport.bufferedBytes === 0);
  },
};
