/** Bytes mean the same, however they are cut: `node --test own-protocol.test.ts`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { feedThreeWays } from "ropewalk/testing";
import { encodeReading, type Reading, ReadingProtocol } from "./own-protocol.ts";

class Recorder extends ReadingProtocol {
  readonly readings: Reading[] = [];
  override readingReceived(reading: Reading): void {
    this.readings.push(reading);
  }
}

test("readings come as they were sent: whole, byte by byte and at random cuts", () => {
  const sent = [
    { sensor: "mast", celsius: -3.5 },
    { sensor: "Küche", celsius: 21.25 },
    { sensor: "", celsius: 0 },
  ];
  const bytes = Buffer.concat(sent.map(encodeReading));
  const heard = feedThreeWays(
    () => new Recorder(),
    bytes,
    ({ readings }) => readings,
  );
  assert.deepEqual(heard, sent);
});

test("half a reading is none yet", () => {
  const bytes = encodeReading({ sensor: "mast", celsius: 1 }).subarray(0, -1);
  const heard = feedThreeWays(
    () => new Recorder(),
    bytes,
    ({ readings }) => readings,
  );
  assert.deepEqual(heard, []);
});
