/** Frames with a binary length: no input may throw, cuts may not matter, and no frame passes its limit. */
import assert from "node:assert/strict";
import { IntDecoder, type PrefixBytes } from "ropewalk/framing";
import { assertSameWhateverTheCuts, type FuzzTarget } from "./target.ts";

export const int: FuzzTarget = {
  seeds: [
    "\u0000\u0001a\u0000\u0002bc",
    "\u0001\u0000\u0000\u0000\u0001a",
    "\u0002\u0003abc\u0000\u0001d",
    "\u0001\u0000\u00ff",
  ],
  run(data) {
    const prefixBytes = ([1, 2, 4] as const)[(data[0] ?? 0) % 3] ?? 1;
    assertSameWhateverTheCuts(() => new Reader(prefixBytes), data.subarray(1));
  },
};

class Reader {
  readonly events: unknown[] = [];
  readonly #decoder: IntDecoder;
  #isBroken = false;

  constructor(prefixBytes: PrefixBytes) {
    this.#decoder = new IntDecoder(prefixBytes, { maxLength: MAX_LENGTH });
  }

  receive(data: Uint8Array): void {
    this.#decoder.push(data);
    while (!this.#isBroken) {
      const event = this.#decoder.next();
      if (event === undefined) return;
      this.#isBroken = event instanceof Error;
      assert.ok(event instanceof Error ? event.length > MAX_LENGTH : event.length <= MAX_LENGTH);
      this.events.push(event instanceof Error ? event.message : [...event]);
    }
  }
}

const MAX_LENGTH = 40;
