import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Clock } from "../../testing/clock.ts";
import { MemoryTransport } from "../../testing/memory-transport.ts";
import { isWireKey } from "./keys.ts";
import { MemcacheProtocol } from "./protocol.ts";

test("no key can say more than itself: nothing is sent, or one line of two words", () => {
  const nasty = fc.string({
    unit: fc.constantFrom("a", " ", "\r", "\n", "\0", "\t", "\x7f", "\x85", "\u2028", "é", "\ud800"),
  });
  fc.assert(
    fc.property(fc.oneof(nasty, fc.string({ unit: "binary" })), (key) => {
      const client = new MemcacheProtocol(new Clock());
      const transport = new MemoryTransport();
      transport.attach(client);
      client.cache.get(key).addErrback(() => {});
      const sent = String.fromCharCode(...transport.bytes());
      if (sent === "") return;
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      assert.match(sent, /^get [^\u0000-\u0020\u007f]{1,250}\r\n$/);
      assert.equal(new TextDecoder().decode(transport.bytes().subarray(4, -2)), key);
    }),
    { numRuns: 1_000 },
  );
});

test("what is received as a key has 1 to 250 bytes", () => {
  assert.deepEqual([undefined, "a", "k".repeat(250), "k".repeat(251), "a\tb"].map(isWireKey), [
    false,
    true,
    true,
    false,
    false,
  ]);
});
