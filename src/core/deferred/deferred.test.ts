import assert from "node:assert/strict";
import { test } from "node:test";
import { Deferred } from "./deferred.ts";
import { AlreadyCalledError } from "./errors.ts";
import { errorOf, spy } from "./results.fixture.test.ts";
import { fail, succeed } from "./succeed.ts";

const oops = new Error("oops");

test("links run inside callback(), in their order, each with what the one before returned", () => {
  const seen: unknown[] = [];
  const d = new Deferred<number>();
  d.addCallback((n) => {
    seen.push(n);
    return n + 1;
  }).addCallback((n) => seen.push(n));
  d.callback(1);
  assert.deepEqual(seen, [1, 2]);
});

test("a link that is added when there is a result runs inside addCallback", () => {
  const seen: unknown[] = [];
  succeed("here").addCallback((text) => seen.push(text));
  assert.deepEqual(seen, ["here"]);
});

test("a link added while a link runs is queued and runs after it", () => {
  const seen: unknown[] = [];
  const d = new Deferred<void>();
  d.addCallback(() => {
    d.addCallback(() => seen.push("added inside"));
    seen.push("first");
  });
  d.addCallback(() => seen.push("second"));
  d.callback();
  assert.deepEqual(seen, ["first", "second", "added inside"]);
});

test("a throw goes to the next error link, past the value links", () => {
  const d = succeed(1);
  d.addCallback(() => {
    throw oops;
  }).addCallback(() => assert.fail("not for an error"));
  assert.equal(errorOf(d), oops);
});

test("an error link that returns leads back to the value side", () => {
  const seen: unknown[] = [];
  spy(
    fail(oops).addErrback(() => "mended"),
    seen,
  );
  assert.deepEqual(seen, ["mended"]);
});

test("an error link is not called for a value", () => {
  const seen: unknown[] = [];
  spy(
    succeed(1).addErrback(() => assert.fail("there is no error")),
    seen,
  );
  assert.deepEqual(seen, [1]);
});

test("addCallbacks is one link: its error side does not see what its value side throws", () => {
  const d = succeed(1).addCallbacks(
    () => {
      throw oops;
    },
    () => assert.fail("the error is of this very link"),
  );
  assert.equal(errorOf(d), oops);
});

test("addCallbacks lets either side out", () => {
  const seen: unknown[] = [];
  spy(succeed(1).addCallbacks(undefined, null), seen);
  spy(succeed(1).addCallbacks(null), seen);
  assert.deepEqual(seen, [1, 1]);
});

test("addBoth sees a value and an error alike", () => {
  const seen: unknown[] = [];
  succeed(1).addBoth((result) => seen.push(result));
  fail(oops).addBoth((result) => seen.push(result));
  assert.deepEqual(seen, [1, oops]);
});

test("a Deferred that a link returns holds the chain until it has a result, and goes on inside its callback()", () => {
  const seen: unknown[] = [];
  const inner = new Deferred<string>();
  const outer = succeed(1).addCallback(() => inner);
  spy(outer, seen);
  assert.deepEqual(seen, []);
  inner.callback("from inside");
  assert.deepEqual(seen, ["from inside"]);
});

test("a returned Deferred that has a result does not hold the chain", () => {
  const seen: unknown[] = [];
  spy(
    succeed(1).addCallback(() => succeed(2)),
    seen,
  );
  assert.deepEqual(seen, [2]);
});

test("an error of a returned Deferred is the outer one's", () => {
  const inner = new Deferred<number>();
  const outer = succeed(1).addCallback(() => inner);
  inner.errback(oops);
  assert.equal(errorOf(outer), oops);
});

test("a Promise that a link returns is waited for, by microtask", async () => {
  const seen: unknown[] = [];
  spy(
    succeed(1).addCallback(() => Promise.resolve("later")),
    seen,
  );
  spy(
    succeed(1).addCallback(() => Promise.reject(oops)),
    seen,
  ).addErrback(() => {});
  assert.deepEqual(seen, []);
  await new Promise(setImmediate);
  assert.deepEqual(seen, ["later", oops]);
});

test("a thenable whose `then` throws when it is looked up is an error of the link", () => {
  const broken = {
    // biome-ignore lint/suspicious/noThenProperty: it is what is tested
    get then(): never {
      throw oops;
    },
  };
  assert.equal(errorOf(succeed(1).addCallback(() => broken)), oops);
});

test("a result is taken: links added to the inner Deferred later see undefined", () => {
  const seen: unknown[] = [];
  const inner = new Deferred<string>();
  spy(inner, seen, "inner before");
  const outer = succeed(0).addCallback(() => inner);
  spy(outer, seen, "outer");
  spy(inner, seen, "inner after");
  inner.callback("x");
  assert.deepEqual(seen, ["inner before x", "outer x", "inner after undefined"]);
});

test("an error is taken too: links added to the inner Deferred later see undefined, as a value", () => {
  const seen: unknown[] = [];
  const inner = new Deferred<number>();
  const outer = succeed(0).addCallback(() => inner);
  inner.errback(oops);
  assert.equal(errorOf(outer), oops);
  inner.addCallback((value) => void seen.push(value));
  assert.deepEqual(seen, [undefined]);
});

test("links go on inside one callback(), whatever object a link returns", () => {
  const ways: [returned: () => unknown, result: unknown][] = [
    [() => [1], [1]],
    [() => succeed("there already"), "there already"],
    // biome-ignore lint/suspicious/noThenProperty: it is what is tested
    [() => Object.defineProperty({}, "then", { get: raise }), oops],
  ];
  for (const [returned, result] of ways) {
    const seen: unknown[] = [];
    const d = new Deferred<number>();
    d.addCallback(returned).addBoth((got) => void seen.push(got));
    d.callback(0);
    assert.deepEqual(seen, [result]);
  }
  const self = new Deferred<unknown>();
  const seen: unknown[] = [];
  self.addCallback(() => self).addErrback((error: Error) => void seen.push(error.name));
  self.callback(0);
  assert.deepEqual(seen, ["TypeError"]);
});

test("a link that returns its own Deferred fails with a TypeError", () => {
  const d = new Deferred<unknown>();
  d.addCallback(() => d);
  d.callback(1);
  assert.match(String(errorOf(d)), /^TypeError: Cannot wait for itself/);
});

test("a link that goes on with an object, null or a function that is no Promise has it as its result", () => {
  const seen: unknown[] = [];
  // biome-ignore lint/suspicious/noThenProperty: it is what is tested
  const values = [null, { then: 1 }, () => 1, [2]];
  for (const value of values) {
    spy(
      succeed(0).addCallback((): unknown => value),
      seen,
    );
  }
  assert.deepEqual(seen, values);
});

test("firing twice throws AlreadyCalledError", () => {
  const d = succeed(1);
  assert.throws(() => d.callback(2), AlreadyCalledError);
  assert.throws(() => d.errback(oops), AlreadyCalledError);
});

test("callback() with a Deferred or a Promise is a TypeError, and fires nothing", () => {
  const d = new Deferred<unknown>();
  assert.throws(() => d.callback(succeed(1)), TypeError);
  assert.throws(() => d.callback(Promise.resolve(1)), TypeError);
  assert.equal(d.called, false);
});

test("inspect() tells the state, the result, the links to come and the pauses", () => {
  const inner = new Deferred<number>();
  const d = new Deferred<number>().addCallback(() => inner);
  assert.deepEqual(d.inspect(), { state: "unfired", result: undefined, links: 1, pauses: 0 });
  d.callback(1);
  assert.deepEqual(d.inspect(), { state: "waiting", result: inner, links: 0, pauses: 1 });
  inner.callback(2);
  assert.deepEqual(d.inspect(), { state: "value", result: 2, links: 0, pauses: 0 });
  const failed = fail(oops);
  assert.deepEqual(failed.inspect(), { state: "error", result: oops, links: 0, pauses: 0 });
  errorOf(failed);
});

function raise(): never {
  throw oops;
}
