/** Netstrings: no input may throw, cuts may not matter, and what was read is what its own encoding gives. */
import assert from "node:assert/strict";
import { encodeNetstring, NetstringDecoder } from "ropewalk/framing";
import { assertSameWhateverTheCuts, type FuzzTarget } from "./target.ts";

export const netstring: FuzzTarget = {
  seeds: ["5:hello,0:,", "1:,,", "01:a,", "3:abc;", "999:", ":,"],
  run(data) {
    const events = assertSameWhateverTheCuts(() => new Reader(), data) as (Uint8Array | string)[];
    const frames = events.filter((event) => typeof event !== "string");
    const wire = Uint8Array.from(frames.flatMap((frame) => [...encodeNetstring(frame)]));
    assert.deepEqual(new Uint8Array(data.subarray(0, wire.length)), wire);
  },
};

class Reader {
  readonly events: (Uint8Array | string)[] = [];
  readonly #decoder: NetstringDecoder = new NetstringDecoder({ maxLength: 40 });
  #isBroken = false;

  receive(data: Uint8Array): void {
    this.#decoder.push(data);
    while (!this.#isBroken) {
      const event = this.#decoder.next();
      if (event === undefined) return;
      this.#isBroken = event instanceof Error;
      this.events.push(event instanceof Error ? event.message : new Uint8Array(event));
    }
  }
}
