/** Frames with a binary length: no input may throw, and cuts may not matter. */
import { IntDecoder } from "ropewalk/framing";
import { FrameReader, MAX_LENGTH } from "./frame-reader.ts";
import { assertSameWhateverTheCuts, type FuzzTarget } from "./target.ts";

export const int: FuzzTarget = {
  seeds: [
    "\u0000\u0001a\u0000\u0002bc",
    "\u0001\u0000\u0000\u0000\u0001a",
    "\u0002\u0003abc\u0000\u0001d",
    "\u0001\u0000\u00ff",
  ],
  run(data) {
    // The first byte chooses the prefix, so that one corpus serves them all.
    const prefixBytes = ([1, 2, 4] as const)[(data[0] ?? 0) % 3] ?? 1;
    const make = () => new FrameReader(new IntDecoder(prefixBytes, { maxLength: MAX_LENGTH }));
    assertSameWhateverTheCuts(make, data.subarray(1));
  },
};
