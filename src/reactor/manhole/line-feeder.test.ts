import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LineFeeder } from "./line-feeder.ts";

describe("LineFeeder", () => {
  test("gives a line only when it is waited for", () => {
    const { feeder, fed } = feeding();
    feeder.receive(Buffer.from("one\ntwo\nthr"));
    assert.deepEqual(fed, []);
    feeder.ready();
    assert.deepEqual(fed, ["one\n"]);
    feeder.ready();
    feeder.ready();
    assert.deepEqual(fed, ["one\n", "two\n"]);
    feeder.receive(Buffer.from("ee\n"));
    assert.deepEqual(fed, ["one\n", "two\n", "three\n"]);
  });

  test("ends after the last line, which may lack its end", () => {
    const { feeder, fed } = feeding();
    feeder.ready();
    feeder.receive(Buffer.from("one\ntwo"));
    feeder.end();
    assert.deepEqual(fed, ["one\n"]);
    feeder.ready();
    assert.deepEqual(fed, ["one\n", "two\n"]);
    feeder.ready();
    feeder.ready();
    assert.deepEqual(fed, ["one\n", "two\n", "(end)"]);
  });

  test("says how much it holds: of whole lines, and of the one that has begun", () => {
    const { feeder } = feeding();
    feeder.receive(Buffer.from("one\ntwo\nthr"));
    feeder.receive(Buffer.from("ee"));
    assert.deepEqual([feeder.queuedBytes, feeder.begunBytes], [8, 5]);
    feeder.ready();
    assert.deepEqual([feeder.queuedBytes, feeder.begunBytes], [4, 5]);
    feeder.receive(Buffer.from("\n"));
    assert.deepEqual([feeder.queuedBytes, feeder.begunBytes], [10, 0]);
  });
});

function feeding(): { feeder: LineFeeder; fed: string[] } {
  const fed: string[] = [];
  const feeder = new LineFeeder(
    (line) => fed.push(Buffer.from(line).toString()),
    () => fed.push("(end)"),
  );
  return { feeder, fed };
}
