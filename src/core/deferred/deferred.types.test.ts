/** What the compiler must know of Deferreds: each line compiles, or says why it must not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { coroutine } from "./coroutine.ts";
import { Deferred } from "./deferred.ts";
import { fromAsync } from "./from-async.ts";
import { deferredList, gatherResults, race } from "./gather.ts";
import { DeferredLock } from "./lock.ts";
import { fail, maybeDeferred, succeed } from "./succeed.ts";

/** True if the types are the same, not merely assignable. */
type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;

function is<_Claim extends true>(): void {}

test("links give the Deferred the type of their result", () => {
  const d = new Deferred<number>();
  const text = d.addCallback((n: number) => String(n));
  is<Same<typeof text, Deferred<string>>>();
  const flattened = new Deferred<number>().addCallback((n) => succeed(`${n}`));
  is<Same<typeof flattened, Deferred<string>>>();
  const promised = new Deferred<number>().addCallback(async (n) => n > 1);
  is<Same<typeof promised, Deferred<boolean>>>();
  const mended = new Deferred<number>().addErrback((error: Error) => error.message);
  is<Same<typeof mended, Deferred<number | string>>>();
  const both = new Deferred<number>().addBoth(() => "both");
  is<Same<typeof both, Deferred<string>>>();
  const sides = new Deferred<number>().addCallbacks(
    (n) => `${n}`,
    () => false,
  );
  is<Same<typeof sides, Deferred<string | boolean>>>();
  const passed = new Deferred<number>().addCallbacks(undefined, () => false);
  is<Same<typeof passed, Deferred<number | boolean>>>();
  const timed = new Deferred<number>().abortable(undefined);
  is<Same<typeof timed, Deferred<number>>>();
  assert.ok(d);
});

test("what does not fit is refused", () => {
  const d = new Deferred<number>();
  // @ts-expect-error a string is no number
  d.addCallback((text: string) => text);
  // @ts-expect-error an error is unknown until the link says what it takes it for
  d.addErrback((error) => error.message);
  // @ts-expect-error a Deferred of numbers is not fired with a string
  assert.throws(() => d.callback(new Deferred<number>()));
  // @ts-expect-error a value is missing
  const fire = () => d.callback();
  // @ts-expect-error a canceller gets the Deferred, not a number
  const cancellable = new Deferred<string>((n: number) => n);
  const ready = new Deferred<void>();
  ready.callback();
  assert.equal(typeof fire, "function");
  assert.ok(cancellable);
});

test("a Deferred is what its values are", () => {
  const narrow: Deferred<"a"> = succeed("a");
  const wide: Deferred<string> = narrow;
  const never: Deferred<number> = fail(new Error("none"));
  never.addErrback(() => {});
  // @ts-expect-error not every string is "a"
  const back: Deferred<"a"> = wide;
  assert.ok(back);
});

test("await, maybeDeferred and fromAsync know the value", async () => {
  const value = await succeed({ n: 1 });
  is<Same<typeof value, { n: number }>>();
  const maybe = maybeDeferred((n: number) => (n > 0 ? n : Promise.resolve(n)), 1);
  is<Same<typeof maybe, Deferred<number>>>();
  const async = fromAsync(async () => [1]);
  is<Same<typeof async, Deferred<number[]>>>();
  const locked = new DeferredLock().run(() => "x");
  is<Same<typeof locked, Deferred<string>>>();
  // @ts-expect-error the function wants an argument
  assert.ok(maybeDeferred((n: number) => n));
});

test("a Deferred serves where a PromiseLike does", async () => {
  const promise: Promise<string> = Promise.resolve(succeed("x"));
  const all: Promise<[number, string]> = Promise.all([succeed(1), succeed("two")]);
  const like: PromiseLike<number> = succeed(1);
  const unwrapped: Same<Awaited<Deferred<number>>, number> = true;
  const returned = async () => succeed(1);
  is<Same<ReturnType<typeof returned>, Promise<number>>>();
  const branched = succeed(1).then((n) => (n > 0 ? `${n}` : succeed("none")));
  is<Same<typeof branched, PromiseLike<string>>>();
  const recovered = succeed(1).then(null, () => "mended");
  is<Same<typeof recovered, PromiseLike<number | string>>>();
  assert.deepEqual([await promise, await all, await like, unwrapped], ["x", [1, "two"], 1, true]);
});

test("addCallbacks knows what either side gives", () => {
  const valueOnly = new Deferred<number>().addCallbacks((n) => `${n}`);
  is<Same<typeof valueOnly, Deferred<string>>>();
  const rethrown = new Deferred<number>().addCallbacks(
    (n) => succeed(n > 0),
    (error: Error) => {
      throw error;
    },
  );
  is<Same<typeof rethrown, Deferred<boolean>>>();
  const failing = new Deferred<number>().addCallback((n) => (n > 0 ? `${n}` : fail(new Error("none"))));
  is<Same<typeof failing, Deferred<string>>>();
  const nothing = new Deferred<number>().addBoth(() => {});
  is<Same<typeof nothing, Deferred<void>>>();
  assert.ok(rethrown);
});

test("coroutines are typed through yield*", () => {
  const result = coroutine(function* () {
    const n = yield* succeed(1);
    is<Same<typeof n, number>>();
    const text = yield* succeed("x");
    is<Same<typeof text, string>>();
    const plain = yield succeed(1);
    is<Same<typeof plain, unknown>>();
    return text.repeat(n);
  });
  is<Same<typeof result, Deferred<string>>>();
  const chained = coroutine(function* () {
    const text = yield* result;
    return text === "" ? fail(new Error("none")) : succeed(text.length);
  });
  is<Same<typeof chained, Deferred<number>>>();
  const silent = coroutine(function* () {
    yield* succeed(1);
  });
  is<Same<typeof silent, Deferred<void>>>();
  function* add(a: number, b: number): Generator<unknown, number, unknown> {
    return a + (yield* succeed(b));
  }
  is<Same<ReturnType<typeof sum>, Deferred<number>>>();
  function sum(): Deferred<number> {
    // @ts-expect-error an argument is missing
    coroutine(add, 1);
    return coroutine(add, 1, 2);
  }
  assert.ok(sum());
});

test("groups know the type of each", () => {
  const all = gatherResults([succeed(1), succeed("two"), Promise.resolve(true)]);
  is<Same<typeof all, Deferred<[number, string, boolean]>>>();
  const many = gatherResults([1, 2].map((n) => succeed(n)));
  is<Same<typeof many, Deferred<number[]>>>();
  const mixed = gatherResults([1, succeed("two")] as const, { cancelOthers: true });
  is<Same<typeof mixed, Deferred<[1, string]>>>();
  const none = gatherResults([]);
  is<Same<typeof none, Deferred<[]>>>();
  const list = deferredList([succeed(1), succeed("two")]);
  is<Same<typeof list, Deferred<[PromiseSettledResult<number>, PromiseSettledResult<string>]>>>();
  const first = race([succeed(1), succeed("two")]);
  is<Same<typeof first, Deferred<[index: number, value: number | string]>>>();
  assert.ok(first);
});
