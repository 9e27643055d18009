import assert from "node:assert/strict";
import { test } from "node:test";
import { CallSite, placeOf } from "./call-site.ts";

test("a call site is the place above the function that asks", () => {
  const asks = (): CallSite => CallSite.above(asks);
  const site = asks();
  assert.match(site.place ?? "", /call-site\.test\.js:\d+:\d+$/);
  assert.equal(site.userPlace, site.place);
  assert.match(site.stack[0] ?? "", /^at .*call-site\.test\.js/);
});

test("each form of a line of a stack gives its place; Node's own lines give none", () => {
  assert.equal(placeOf("    at f (file:///a/b.ts:1:2)"), "file:///a/b.ts:1:2");
  assert.equal(placeOf("at async Promise.all (index 0)"), undefined);
  assert.equal(placeOf("at async C.m [as n] (/a b/c (1).js:10:20)"), "/a b/c (1).js:10:20");
  assert.equal(placeOf("at file:///a/b.js:3:4"), "file:///a/b.js:3:4");
  assert.equal(placeOf("at C:\\a\\b.js:3:4"), "C:\\a\\b.js:3:4");
  assert.equal(placeOf("at Timeout._onTimeout (node:internal/timers:1:2)"), undefined);
  assert.equal(placeOf("at new Promise (<anonymous>)"), undefined);
});

test("Node's own has no place, wherever it is loaded from", () => {
  assert.equal(placeOf("    at f (file:///node:internal/timers:1:2)"), undefined);
  assert.equal(placeOf("    at f (file:///app/main.js:1:2)"), "file:///app/main.js:1:2");
});
