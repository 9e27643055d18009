import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { feedThreeWays } from "ropewalk/testing";
import { encodeSampleMessage, SampleDecoder } from "./codec.ts";
import { LocalSampleError, RemoteSampleError } from "./errors.ts";

describe("messages", () => {
  test("are the same however their bytes are cut", () => {
    const bytes = new Uint8Array([...encodeSampleMessage({ text: "hi" }), ...encodeSampleMessage({ text: "é" })]);
    assert.deepEqual(decoded(bytes), ["hi", "é"]);
  });

  test("that are not complete are waited for", () => {
    assert.deepEqual(decoded(Uint8Array.of(2, 104)), []);
  });

  for (const [what, bytes, message] of [
    ["an empty one", [0], "Peer broke the sample protocol: an empty message"],
    ["one that is no UTF-8", [1, 0xff], "Peer broke the sample protocol: a message that is no UTF-8"],
  ] as const) {
    test(`are refused: ${what}`, () => {
      const decoder = new SampleDecoder();
      decoder.push(Uint8Array.from(bytes));
      assert.throws(
        () => decoder.next(),
        (error: Error) => error instanceof RemoteSampleError && error.message === message,
      );
    });
  }

  test("that cannot be sent are refused", () => {
    for (const text of ["", "x".repeat(256)]) assert.throws(() => encodeSampleMessage({ text }), LocalSampleError);
    assert.equal(encodeSampleMessage({ text: "x".repeat(255) }).length, 256);
  });
});

class Reader {
  readonly texts: string[] = [];
  readonly #decoder = new SampleDecoder();

  receive(data: Uint8Array): void {
    this.#decoder.push(data);
    for (let message = this.#decoder.next(); message !== undefined; message = this.#decoder.next()) {
      this.texts.push(message.text);
    }
  }
}

function decoded(bytes: Uint8Array): string[] {
  return feedThreeWays(
    () => new Reader(),
    bytes,
    ({ texts }) => texts,
  );
}
