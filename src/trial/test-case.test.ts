import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { runTrial } from "./run-trial.ts";
import { TestCase, testCase } from "./test-case.ts";

const events: string[] = [];

class Base extends TestCase {
  testOfTheBase(): void {
    events.push("base");
  }
  testToOverride(): void {
    events.push("not overridden");
  }
}

class Ordered extends Base {
  readonly #own: string[] = [];

  override async setUp(): Promise<void> {
    await Promise.resolve();
    this.#own.push("setUp");
    this.t.addCleanup(() => events.push([...this.#own, "cleanup"].join()));
  }

  testOne(): void {
    this.#own.push("one");
  }

  override testToOverride(): void {
    this.#own.push("overridden");
  }

  notATest(): void {
    events.push("not a test");
  }

  override tearDown(): void {
    events.push("tearDown");
  }
}

describe("a TestCase", () => {
  testCase(Ordered, { timeoutMs: 60_000 });
  after(() => {
    const base = ["base", "setUp,cleanup", "tearDown"];
    assert.deepEqual(events, [...base, "setUp,overridden,cleanup", "tearDown", "setUp,one,cleanup", "tearDown"]);
  });
});

test("a class without a test is refused", () => {
  class Misspelt extends TestCase {
    tesThis(): void {}
  }
  assert.throws(
    () => testCase(Misspelt),
    /^TypeError: Cannot find a test in Misspelt: no method's name begins with "test"$/,
  );
});

test("where setUp fails, the test and tearDown are left out, and clean-ups are done", async () => {
  const done: string[] = [];
  const runner = { name: "x", todo: () => undefined, diagnostic: () => undefined };
  const running = runTrial(runner, {}, (t) => ({
    before: () => {
      t.addCleanup(() => done.push("cleanup"));
      throw new RangeError("setUp");
    },
    body: () => done.push("test"),
    after: () => done.push("tearDown"),
  }));
  await assert.rejects(running, RangeError);
  assert.deepEqual(done, ["cleanup"]);
});

test("where the test fails, tearDown is done", async () => {
  const done: string[] = [];
  const runner = { name: "x", todo: () => undefined, diagnostic: () => undefined };
  const running = runTrial(runner, {}, () => ({
    body: () => {
      throw new RangeError("test");
    },
    after: () => done.push("tearDown"),
  }));
  await assert.rejects(running, RangeError);
  assert.deepEqual(done, ["tearDown"]);
});
