import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { feedThreeWays } from "./index.ts";
import { Recorder } from "./recorder.ts";

describe("feedThreeWays", () => {
  test("feeds a protocol over a transport: whole, byte by byte, and at random cuts", () => {
    const made: Recorder[] = [];
    const make = () => {
      made.push(new Recorder());
      return made.at(-1) as Recorder;
    };
    assert.equal(
      feedThreeWays(make, "hello", (fed) => fed.text, { randomRuns: 5 }),
      "hello",
    );
    assert.equal(made.length, 7);
    assert.deepEqual(made[0]?.events, ["made", "data hello"]);
    assert.deepEqual(made[1]?.events, ["made", "data h", "data e", "data l", "data l", "data o"]);
    const cuts = new Set(made.slice(2).map((fed) => fed.events.join()));
    assert.ok(cuts.size > 1, "random cuts differ");
  });

  test("names the smallest cut at which the events differ", () => {
    // Forgets what came before a cut inside "cd".
    const make = () => ({
      seen: [] as string[],
      receive(data: Uint8Array) {
        if (new TextDecoder().decode(data).includes("cd")) this.seen.push("cd");
      },
    });
    assert.throws(() => feedThreeWays(make, "abcdef", (fed) => fed.seen), {
      name: "AssertionError",
      message:
        /^Fed byte by byte, the events differ from those of the whole; one cut after byte 3 is enough\ncut into: 1 1/,
    });
  });

  test("says so when no single cut shows the difference", () => {
    const make = () => ({
      pieces: 0,
      dataReceived() {
        this.pieces += 1;
      },
    });
    assert.throws(() => feedThreeWays(make, "abcdef", (fed) => fed.pieces > 2), /no single cut shows it/);
  });

  test("counts an error that only a cut brings as a difference", () => {
    const make = () => ({
      receive(data: Uint8Array) {
        if (data.length === 1) throw new Error("too short");
      },
    });
    assert.throws(() => feedThreeWays(make, "abc", () => "fine"), /too short/);
  });

  test("lets an error out that the whole brings too", () => {
    const fault = new Error("bad bytes");
    const make = () => ({
      receive() {
        throw fault;
      },
    });
    assert.throws(() => feedThreeWays(make, "abc", () => "fine"), fault);
  });

  test("feeds as it is told to", () => {
    const make = () => ({ sum: 0 });
    const feed = (fed: { sum: number }, data: Uint8Array) => {
      for (const byte of data) fed.sum += byte;
    };
    const sum = feedThreeWays(make, Uint8Array.of(1, 2, 3), (fed) => fed.sum, { feed });
    assert.equal(sum, 6);
    assert.throws(() => feedThreeWays(make, "abc", (fed) => fed.sum), /say how with options.feed/);
  });
});
