import assert from "node:assert/strict";
import { test } from "node:test";
import { captureLogs } from "../log/observers.ts";
import { coroutine } from "./coroutine.ts";
import { Deferred } from "./deferred.ts";
import { CancelledError } from "./errors.ts";
import { errorOf, resultOf } from "./results.fixture.test.ts";
import { fail, succeed } from "./succeed.ts";

const DEEP = 100_000;
const oops = new Error("oops");

test("it runs at once, up to the first Deferred without a result", () => {
  const seen: string[] = [];
  const d = new Deferred<string>();
  const result = coroutine(function* () {
    seen.push(yield* succeed("there already"));
    seen.push(yield* d);
    return seen.length;
  });
  assert.deepEqual(seen, ["there already"]);
  d.callback("fired");
  assert.deepEqual(seen, ["there already", "fired"]);
  assert.equal(resultOf(result), 2);
});

test("an error is thrown where it waits, whether it is there or comes later", () => {
  const later = new Deferred<void>();
  const result = coroutine(function* () {
    const errors: unknown[] = [];
    for (const d of [fail(oops), later]) {
      try {
        yield* d;
      } catch (error) {
        errors.push(error);
      }
    }
    return errors;
  });
  later.errback(oops);
  assert.deepEqual(resultOf(result), [oops, oops]);
});

test("what it throws fails its Deferred", () => {
  const result = coroutine(function* () {
    yield* fail(oops);
  });
  assert.equal(errorOf(result), oops);
});

test("a plain yield waits as well, for Promises too, and gives back what is nothing to wait for", async () => {
  const later = new Deferred<string>();
  const seen: unknown[] = [];
  const result = coroutine(function* () {
    seen.push(yield succeed(1), yield later, yield Promise.resolve(3), yield 4, yield { five: 5 }, yield null);
    try {
      yield fail(oops);
    } catch (error) {
      seen.push(error);
    }
  });
  later.callback("2");
  await result;
  assert.deepEqual(seen, [1, "2", 3, 4, { five: 5 }, null, oops]);
});

test("a thenable whose `then` throws when it is looked up is an error at its yield", () => {
  const broken = {
    // biome-ignore lint/suspicious/noThenProperty: it is what is tested
    get then(): never {
      throw oops;
    },
  };
  const result = coroutine(function* () {
    try {
      yield broken;
    } catch (error) {
      return error;
    }
    return undefined;
  });
  assert.equal(resultOf(result), oops);
});

test("a Deferred or Promise that it returns is waited for", async () => {
  const later = new Deferred<number>();
  // biome-ignore lint/correctness/useYield: it is a coroutine all the same
  const result = coroutine(function* () {
    return later;
  });
  assert.equal(result.inspect().state, "waiting");
  later.callback(1);
  assert.equal(resultOf(result), 1);
  // biome-ignore lint/correctness/useYield: it is a coroutine all the same
  const promised = coroutine(function* () {
    return Promise.resolve(2);
  });
  assert.equal(await promised, 2);
});

test("arguments follow the function, and a generator will do in its place", () => {
  class Adder {
    readonly #by = 10;
    add(n: number): Deferred<number> {
      return coroutine(this.#add(n));
    }
    *#add(n: number): Generator<unknown, number, unknown> {
      return (yield* succeed(n)) + this.#by;
    }
  }
  assert.equal(resultOf(new Adder().add(1)), 11);
  function* add(a: number, b: number): Generator<unknown, number, unknown> {
    return (yield* succeed(a)) + b;
  }
  assert.equal(resultOf(coroutine(add, 1, 2)), 3);
});

test("what the function throws before there is a generator fails the Deferred", () => {
  function* broken(_n = raise()): Generator<unknown, void, unknown> {}
  assert.equal(errorOf(coroutine(broken)), oops);
});

test("what is no generator is refused", () => {
  for (const body of [() => 1, () => undefined, () => ({})]) {
    assert.throws(() => coroutine(body as never), /^TypeError: Cannot run as a coroutine/);
  }
});

test("cancel() goes to what it waits for, with the reason", () => {
  const waited = new Deferred<void>();
  const result = coroutine(function* () {
    yield* waited;
  });
  result.cancel("why");
  const error = errorOf(result);
  assert.ok(error instanceof CancelledError);
  assert.equal(error.cause, "why");
});

test("a coroutine that catches the cancellation goes on, and can be cancelled again", () => {
  const seen: string[] = [];
  const result = coroutine(function* () {
    for (const name of ["first", "second"]) {
      try {
        yield* new Deferred<void>();
      } catch {
        seen.push(name);
      }
    }
    return "through";
  });
  result.cancel();
  assert.deepEqual(seen, ["first"]);
  assert.equal(result.called, false);
  result.cancel();
  assert.deepEqual(seen, ["first", "second"]);
  assert.equal(resultOf(result), "through");
});

test("a value that a canceller supplies is an ordinary result of the wait", () => {
  const result = coroutine(function* () {
    return yield* new Deferred<string>((d) => d.callback("so far"));
  });
  result.cancel();
  assert.equal(resultOf(result), "so far");
});

test("cancel() while the body runs cancels its next wait", () => {
  const gate = new Deferred<void>();
  const result: Deferred<string> = coroutine(function* () {
    yield* gate;
    result.cancel("from inside");
    yield* succeed("what is there is not cancelled");
    try {
      yield* new Deferred<void>();
    } catch (error) {
      return `caught ${(error as Error).cause}`;
    }
    return "not reached";
  });
  gate.callback();
  assert.equal(resultOf(result), "caught from inside");
});

test("what a canceller throws at a wait that was cancelled from inside is logged", () => {
  using logs = captureLogs();
  const gate = new Deferred<void>();
  const result: Deferred<void> = coroutine(function* () {
    yield* gate;
    result.cancel();
    yield* new Deferred<void>(() => raise());
  });
  gate.callback();
  assert.equal(result.called, false);
  assert.equal(logs.events[0]?.["error"], oops);
});

test("cancel() of a finished one does nothing", () => {
  // biome-ignore lint/correctness/useYield: it is a coroutine all the same
  const result = coroutine(function* () {
    return 1;
  });
  result.cancel();
  assert.equal(resultOf(result), 1);
});

test("what it waited for is taken", () => {
  const waited = new Deferred<string>();
  coroutine(function* () {
    yield* waited;
  });
  waited.callback("x");
  assert.equal(resultOf(waited), undefined);
});

test("links that the body adds to what it waited for run after the body, as with any link", () => {
  const seen: string[] = [];
  const waited = new Deferred<void>();
  const result = coroutine(function* () {
    yield* waited;
    waited.addCallback(() => seen.push("added inside"));
    seen.push("body");
  });
  result.addCallback(() => seen.push("link of the coroutine"));
  waited.callback();
  assert.deepEqual(seen, ["body", "link of the coroutine", "added inside"]);
});

test("a paused coroutine's Deferred does not hold up the other links of what it waited for", () => {
  const seen: string[] = [];
  const waited = new Deferred<void>();
  const result = coroutine(function* () {
    yield* waited;
  });
  result.addCallback(() => seen.push("link of the coroutine"));
  result.pause();
  waited.addCallback(() => seen.push("other link"));
  waited.callback();
  assert.deepEqual(seen, ["other link"]);
  result.unpause();
  assert.deepEqual(seen, ["other link", "link of the coroutine"]);
});

test("100 000 yields of Deferreds with results do not overflow the stack", () => {
  const sum = coroutine(function* () {
    let total = 0;
    for (let index = 0; index < DEEP; index++) total += yield* succeed(1);
    for (let index = 0; index < DEEP; index++) total += Number(yield succeed(1));
    return total;
  });
  assert.equal(resultOf(sum), 2 * DEEP);
});

test("100 000 coroutines, each waiting for the one before, do not overflow the stack", () => {
  const first = new Deferred<number>();
  let last = first;
  function* next(before: Deferred<number>): Generator<unknown, number, unknown> {
    return (yield* before) + 1;
  }
  for (let index = 0; index < DEEP; index++) last = coroutine(next, last);
  first.callback(0);
  assert.equal(resultOf(last), DEEP);
});

test("a cancellation reaches the innermost of 100 000 coroutines", () => {
  let last = new Deferred<number>();
  function* next(before: Deferred<number>): Generator<unknown, number, unknown> {
    return (yield* before) + 1;
  }
  for (let index = 0; index < DEEP; index++) last = coroutine(next, last);
  last.cancel();
  assert.ok(errorOf(last) instanceof CancelledError);
});

function raise(): never {
  throw oops;
}
