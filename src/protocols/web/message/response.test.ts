import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Response } from "./response.ts";

describe("Response", () => {
  it("is what the platform's is", () => {
    for (const init of [{}, { status: 404, statusText: "No Knot" }, { status: 599, headers: { "X-Knot": "1" } }]) {
      const ours = new Response("hemp", init);
      const theirs = new globalThis.Response("hemp", init);
      assert.deepEqual([ours.status, ours.statusText, ours.ok], [theirs.status, theirs.statusText, theirs.ok]);
      assert.deepEqual([ours.type, ours.url, ours.redirected], [theirs.type, theirs.url, theirs.redirected]);
      assert.deepEqual([...ours.headers], [...theirs.headers]);
    }
  });

  it("of JSON says so, unless it was told otherwise", async () => {
    for (const init of [
      undefined,
      { status: 201 },
      { headers: { "X-Knot": "1" } },
      { headers: { "content-type": "a/b" } },
    ]) {
      const [ours, theirs] = [Response.json({ a: 1 }, init), globalThis.Response.json({ a: 1 }, init)];
      assert.deepEqual([...ours.headers], [...theirs.headers]);
      assert.deepEqual([...ours.fields].length, [...theirs.headers].length);
      assert.deepEqual([ours.status, await ours.text()], [theirs.status, await theirs.text()]);
    }
    assert.throws(() => Response.json(undefined), TypeError);
    assert.deepEqual([...Response.json(1).fields], [["Content-Type", "application/json"]]);
  });

  it("redirects", () => {
    const response = Response.redirect("http://rope.example/b", 308);
    assert.deepEqual([response.status, response.headers.get("location")], [308, "http://rope.example/b"]);
    assert.equal(Response.redirect("/b").status, 302);
    assert.throws(() => Response.redirect("/b", 200), RangeError);
  });

  it("refuses what is no answer", () => {
    for (const status of [0, 199, 600, 200.5, Number.NaN])
      assert.throws(() => new Response("", { status }), RangeError);
    for (const status of [101, 204, 205, 304]) {
      assert.throws(() => new Response("hemp", { status }), TypeError);
      assert.equal(new Response(null, { status }).status, status);
    }
  });

  it("can say that something went wrong, and where it came from", () => {
    assert.equal(Response.error().ok, false);
    const received = new Response(null, { url: "http://rope.example/b", redirected: true });
    assert.deepEqual([received.url, received.redirected], ["http://rope.example/b", true]);
  });

  it("is cloned with what it came with, and without what was taken out", () => {
    const received = new Response("hemp", { status: 999, url: "http://rope.example/b", redirected: true });
    received.headers.delete("content-type");
    const clone = received.clone();
    assert.deepEqual([clone.status, clone.url, clone.redirected], [999, "http://rope.example/b", true]);
    assert.deepEqual([...clone.headers], []);
  });

  it("is not cloned while somebody reads it", () => {
    const response = new Response("hemp");
    response.body?.getReader();
    assert.throws(() => response.clone(), TypeError);
  });

  it("keeps the type of its body out when it was taken out", () => {
    const response = new Response("hemp");
    response.headers.delete("content-type");
    assert.deepEqual([[...response.headers], [...response.fields]], [[], []]);
    assert.deepEqual([...new Response(null).fields], []);
    assert.deepEqual([...new Response("hemp").fields], [["Content-Type", "text/plain;charset=UTF-8"]]);
  });
});
