import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useLightGlobals } from "./globals.ts";
import { Request as LightRequest } from "./request.ts";
import { Response as LightResponse } from "./response.ts";

describe("light globals", () => {
  it("stand for the platform's until they are disposed", () => {
    const { Request, Response, Headers } = globalThis;
    {
      using _ = useLightGlobals();
      assert.ok(new globalThis.Response("knots") instanceof LightResponse);
      assert.ok(new globalThis.Response("knots") instanceof globalThis.Response);
      assert.ok(new Response("knots") instanceof globalThis.Response);
      assert.ok(!({} instanceof globalThis.Response));
      assert.ok(new globalThis.Headers() instanceof globalThis.Headers);
      assert.ok(new Headers() instanceof globalThis.Headers);
      assert.ok(globalThis.Response.json(1) instanceof globalThis.Response);
    }
    assert.equal(globalThis.Request, Request);
    assert.equal(globalThis.Response, Response);
    assert.equal(globalThis.Headers, Headers);
  });

  it("make a request of a request, with its method, headers and body", async () => {
    const first = new LightRequest("http://rope.example/a", {
      method: "POST",
      headers: { "X-Knot": "1" },
      body: "hemp",
    });
    using _ = useLightGlobals();
    const second = new globalThis.Request(first, { headers: { "X-Knot": "2" } });
    assert.ok(second instanceof globalThis.Request);
    assert.ok(first instanceof globalThis.Request);
    assert.deepEqual([second.method, second.url, second.headers.get("x-knot")], ["POST", "http://rope.example/a", "2"]);
    assert.equal(await second.text(), "hemp");
  });

  it("take the platform's own as a source", async () => {
    const first = new globalThis.Request("http://rope.example/", { method: "PUT", body: "hemp" });
    using _ = useLightGlobals();
    const second = new globalThis.Request(first);
    assert.equal(`${second.method} ${await second.text()}`, "PUT hemp");
  });

  it("leave the platform's behind, whoever lets go of them first and however often", () => {
    const platform = globalThis.Response;
    const [first, second] = [useLightGlobals(), useLightGlobals()];
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    assert.notEqual(globalThis.Response, platform);
    second[Symbol.dispose]();
    assert.equal(globalThis.Response, platform);
  });
});
