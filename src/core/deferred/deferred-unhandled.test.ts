import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { coroutine } from "./coroutine.ts";
import { Deferred } from "./deferred.ts";
import { fail, succeed } from "./succeed.ts";
import { afterNextTurn, installTurnHook } from "./turn.ts";
import { setUnhandledSink } from "./unhandled.ts";

const oops = new Error("oops");
const other = new Error("other");
let reported: unknown[] = [];
let checks: (() => void)[] = [];

let putBack = (): void => {};

beforeEach(() => {
  reported = [];
  checks = [];
  const previous = setUnhandledSink((error) => reported.push(error));
  const uninstall = installTurnHook((check) => void checks.push(check));
  putBack = () => {
    uninstall();
    setUnhandledSink(previous);
  };
});

afterEach(() => putBack());

/** The turn after next ends. */
function endTurn(): unknown[] {
  for (const check of checks.splice(0)) check();
  return reported.splice(0);
}

test("an error at the end of the chain is reported when the turn after next ends, once", () => {
  fail(oops);
  assert.deepEqual(reported, []);
  assert.deepEqual(endTurn(), [oops]);
  assert.deepEqual(endTurn(), []);
});

test("an error link that is added before silences it", () => {
  fail(oops).addErrback(() => {});
  assert.deepEqual(endTurn(), []);
});

test("a value link that is added does not silence it", () => {
  fail(oops).addCallback(() => {});
  assert.deepEqual(endTurn(), [oops]);
});

test("an error that was reported and then passes by other links is not reported again", () => {
  const d = fail(oops);
  assert.deepEqual(endTurn(), [oops]);
  d.addCallback(() => {}).addErrback((error) => {
    throw error;
  });
  assert.deepEqual(endTurn(), []);
});

test("another error that takes the place of a reported one is reported", () => {
  const d = fail(oops);
  endTurn();
  d.addErrback(() => {
    throw other;
  });
  assert.deepEqual(endTurn(), [other]);
});

test("an error that takes the place of one in the same turn is reported in its stead", () => {
  fail(oops).addErrback(() => {
    throw other;
  });
  assert.deepEqual(endTurn(), [other]);
});

test("a value after an error, then the same error again, is reported once", () => {
  fail(oops)
    .addErrback(() => {})
    .addCallback(() => {
      throw oops;
    });
  assert.deepEqual(endTurn(), [oops]);
});

test("an error that another Deferred took is that one's", () => {
  const inner = new Deferred<number>();
  const outer = succeed(0).addCallback(() => inner);
  inner.errback(oops);
  outer.addErrback(() => {});
  assert.deepEqual(endTurn(), []);
});

test("a reported error that another Deferred takes is not reported again", () => {
  const inner = fail(oops);
  assert.deepEqual(endTurn(), [oops]);
  succeed(0).addCallback(() => inner);
  assert.deepEqual(endTurn(), []);
});

test("an error that is held back from an error link by a pause is not reported", () => {
  const d = fail(oops);
  d.pause();
  d.addErrback(() => {});
  assert.deepEqual(endTurn(), []);
  d.unpause();
  assert.deepEqual(endTurn(), []);
});

test("an error that a pause holds back from a value link is reported two turns after the unpause", () => {
  const d = fail(oops);
  d.pause();
  d.addCallback(() => {});
  assert.deepEqual(endTurn(), []);
  d.unpause();
  assert.deepEqual(endTurn(), [oops]);
});

test("await takes the error", async () => {
  await assert.rejects(async () => await fail(oops));
  assert.deepEqual(endTurn(), []);
});

test("yield* takes the error, and the value, of one that has it already", () => {
  const [failed, done] = [fail(oops), succeed(1)];
  coroutine(function* () {
    yield* done;
    try {
      yield* failed;
    } catch {
      // Whoever catches it has it.
    }
  });
  assert.deepEqual(endTurn(), []);
  for (const d of [failed, done]) assert.deepEqual(d.inspect(), succeed().inspect());
});

test("the hook installed last is asked, and uninstalling brings back the one below, in any order", () => {
  const asked: string[] = [];
  const first = installTurnHook(() => void asked.push("first"));
  const second = installTurnHook(() => void asked.push("second"));
  afterNextTurn(() => {});
  first();
  first();
  afterNextTurn(() => {});
  second();
  afterNextTurn(() => {});
  assert.deepEqual(asked, ["second", "second"]);
  assert.equal(checks.length, 1);
});
