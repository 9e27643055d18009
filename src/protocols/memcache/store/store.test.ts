import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MemcacheStore } from "./store.ts";

const NEVER = Number.POSITIVE_INFINITY;

test("whatever is done, the bytes are those of the items that are there, and never above the limit", () => {
  const step = fc.record({
    what: fc.constantFrom("put", "get", "delete", "flush", "wait"),
    key: fc.constantFrom("a", "b", "c", "d", "e"),
    size: fc.nat({ max: 120 }),
    ttlMs: fc.constantFrom(5, 50, NEVER),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const store = new MemcacheStore({ maxBytes: 500, maxValueBytes: 100 });
      const model = new Map<string, { size: number; expiresAtMs: number }>();
      let nowMs = 0;
      for (const { what, key, size, ttlMs } of steps) {
        if (what === "put") {
          const item = store.put(key, { value: new Uint8Array(size), flags: 0, expiresAtMs: nowMs + ttlMs }, nowMs);
          assert.equal(item !== undefined, size <= 100);
          model.delete(key);
          if (item !== undefined) model.set(key, { size, expiresAtMs: nowMs + ttlMs });
        } else if (what === "delete") {
          store.delete(key);
          model.delete(key);
        } else if (what === "flush") {
          store.flush(nowMs + 10);
        } else if (what === "wait") {
          nowMs += 7;
        } else {
          const item = store.get(key, nowMs);
          const due = model.get(key);
          if (item !== undefined)
            assert.ok(due !== undefined && due.size === item.value.length && due.expiresAtMs > nowMs);
        }
        assert.ok(store.bytes <= 500 && store.bytes >= 101 * store.size, `${store.bytes} bytes, ${store.size} items`);
      }
    }),
  );
});

test("an item that was looked at goes last, one that was peeked at does not", () => {
  const store = new MemcacheStore({ maxBytes: 303, maxValueBytes: 100 });
  const what = { value: new Uint8Array(0), flags: 0, expiresAtMs: NEVER };
  for (const key of ["a", "b", "c"]) store.put(key, what, 0);
  store.get("a", 0);
  store.peek("b", 0);
  store.put("d", what, 0);
  assert.deepEqual(
    ["a", "b", "c", "d"].filter((key) => store.peek(key, 0) !== undefined),
    ["a", "c", "d"],
  );
  assert.equal(store.figures.evictions, 1);
});

test("a change gets a cas of its own, unless one is given", () => {
  const store = new MemcacheStore({ maxBytes: 1_000, maxValueBytes: 100 });
  const what = { value: new Uint8Array(0), flags: 0, expiresAtMs: NEVER };
  const given = [store.put("a", what, 0)?.cas, store.put("a", what, 0, 99n)?.cas, store.put("a", what, 0)?.cas];
  assert.deepEqual(given, [1n, 99n, 2n]);
});
