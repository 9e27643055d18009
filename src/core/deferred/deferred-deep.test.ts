import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Deferred } from "./deferred.ts";
import { CancelledError } from "./errors.ts";
import { succeed } from "./succeed.ts";

const DEEP = 100_000;

test("100 000 links do not overflow the stack", () => {
  const d = new Deferred<number>();
  for (let index = 0; index < DEEP; index++) d.addCallback((n) => n + 1);
  d.callback(0);
  assert.equal(d.inspect().result, DEEP);
});

test("100 000 Deferreds, each waiting for the one before, do not overflow the stack", () => {
  const first = new Deferred<number>();
  let last = first;
  for (let index = 0; index < DEEP; index++) {
    const inner = last;
    last = succeed(0).addCallback(() => inner);
    last.addCallback((n) => n + 1);
  }
  first.callback(0);
  assert.equal(last.inspect().result, DEEP);
});

test("100 000 Deferreds, each waiting for the one after, do not overflow the stack", () => {
  const all = Array.from({ length: DEEP }, () => new Deferred<number>());
  all.forEach((d, index) => {
    const next = all[index + 1];
    if (next !== undefined) d.addCallback(() => next);
    d.addCallback((n) => n + 1);
  });
  for (const d of all) d.callback(0);
  assert.equal(all[0]?.inspect().result, DEEP);
});

test("100 000 Deferreds that have results, returned one from within the other, do not overflow the stack", () => {
  let last = succeed(0);
  for (let index = 0; index < DEEP; index++) {
    const inner = last;
    last = succeed(0).addCallback(() => inner.addCallback((n) => n + 1));
  }
  assert.equal(last.inspect().result, DEEP);
});

test("100 000 then()s of then()s do not overflow the stack", () => {
  const first = new Deferred<number>();
  let last: PromiseLike<number> = first;
  for (let index = 0; index < DEEP; index++) last = last.then((n) => n + 1);
  first.callback(0);
  assert.equal((last as Deferred<number>).inspect().result, DEEP);
});

test("a cancellation reaches the innermost of 100 000", () => {
  let last = new Deferred<number>();
  for (let index = 0; index < DEEP; index++) {
    const inner = last;
    last = succeed(0).addCallback(() => inner);
  }
  last.cancel();
  assert.ok(last.inspect().result instanceof CancelledError);
  last.addErrback(() => {});
});

test("whatever the links do, the result is what a loop over them computes", () => {
  const link = fc.record({ side: fc.constantFrom("value", "error"), throws: fc.boolean(), n: fc.integer() });
  fc.assert(
    fc.property(fc.array(link), fc.nat(), (links, fireAt) => {
      const d = new Deferred<number>();
      let expected: { failed: boolean; n: number } = { failed: false, n: 0 };
      links.forEach(({ side, throws, n }, index) => {
        const step = () => {
          if (throws) throw n;
          return n;
        };
        if (index === fireAt % links.length) d.callback(0);
        if (side === "value") d.addCallback(step);
        else d.addErrback(step);
        if (expected.failed === (side === "error")) expected = { failed: throws, n };
      });
      if (!d.called) d.callback(0);
      assert.deepEqual(d.inspect(), {
        state: expected.failed ? "error" : "value",
        result: expected.n,
        links: 0,
        pauses: 0,
      });
      d.addErrback(() => {});
    }),
  );
});
