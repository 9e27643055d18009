/** Netstrings: no input may throw, cuts may not matter, and what was read is what its own encoding gives. */
import assert from "node:assert/strict";
import { encodeNetstring, NetstringDecoder } from "ropewalk/framing";
import { FrameReader, MAX_LENGTH } from "./frame-reader.ts";
import { assertSameWhateverTheCuts, type FuzzTarget } from "./target.ts";

export const netstring: FuzzTarget = {
  seeds: ["5:hello,0:,", "1:,,", "01:a,", "3:abc;", "999:", ":,"],
  run(data) {
    const make = () => new FrameReader(new NetstringDecoder({ maxLength: MAX_LENGTH }));
    const events = assertSameWhateverTheCuts(make, data) as (Uint8Array | string)[];
    const frames = events.filter((event) => typeof event !== "string");
    const wire = Uint8Array.from(frames.flatMap((frame) => [...encodeNetstring(frame)]));
    assert.deepEqual(new Uint8Array(data.subarray(0, wire.length)), wire);
  },
};
