import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { KetamaRing } from "./ring.ts";

const KEYS = [...Array.from({ length: 24 }, (_, i) => `key${i}`), "visits", "a", "user:1/name"];
const NODES = [1, 2, 3].map((i) => ({ name: `127.0.0.1:2130${i}`, weight: 1 }));

test("keys go where libmemcached sends them (ketama, weighted; recorded with pylibmc 1.6 on three servers)", () => {
  const ring = new KetamaRing(NODES);
  const homes = KEYS.map((key) => ring.find(key, () => true)?.name.at(-1));
  assert.equal(homes.join(""), "332112211121222131121131222");
});

test("the order in which nodes are named is of no matter", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(NODES, { minLength: 3 }), fc.stringMatching(/^[!-~]{1,20}$/), (nodes, key) => {
      assert.equal(
        new KetamaRing(nodes).find(key, () => true),
        new KetamaRing(NODES).find(key, () => true),
      );
    }),
  );
});

test("without a node only its own keys move, and each to one that is there", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[!-~]{1,20}$/), fc.integer({ min: 0, max: 2 }), (key, gone) => {
      const ring = new KetamaRing(NODES);
      const home = ring.find(key, () => true);
      const stand = ring.find(key, (node) => node !== NODES[gone]);
      assert.ok(stand !== undefined && stand !== NODES[gone]);
      if (home !== NODES[gone]) assert.equal(stand, home);
    }),
  );
});

test("shares follow the weights", () => {
  const ring = new KetamaRing([
    { name: "small", weight: 1 },
    { name: "large", weight: 3 },
  ]);
  const keys = Array.from({ length: 4_000 }, (_, i) => `key${i}`);
  const large = keys.filter((key) => ring.find(key, () => true)?.name === "large").length;
  assert.ok(large > 2_600 && large < 3_400, `${large} of 4000`);
});

test("if no node can be used there is none", () => {
  assert.equal(
    new KetamaRing(NODES).find("a", () => false),
    undefined,
  );
});
