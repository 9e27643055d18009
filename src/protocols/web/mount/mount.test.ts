import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HttpError } from "../message/http-error.ts";
import { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { Resource } from "../tree/resource.ts";
import { platformRequests } from "./platform-requests.ts";
import { redirectToHttps, virtualHosts } from "./virtual-hosts.ts";

describe("virtual hosts", () => {
  const says = (text: string) => () => new Response(text);
  const sites = {
    "a.example": says("a"),
    "*.a.example": says("*.a"),
    "*.b.a.example": says("*.b.a"),
    "A.B.example": says("ab"),
    "[::1]": says("v6"),
  };

  async function ask(host: string, more: Parameters<typeof virtualHosts>[0] = {}): Promise<string> {
    return await (await virtualHosts({ ...sites, ...more })(new Request(`http://${host}/`))).text();
  }

  it("are found by name, whatever the case, the port and a dot at the end", async () => {
    for (const host of ["a.example", "A.Example", "a.example:8080", "a.example.", "a.example.:80"])
      assert.equal(await ask(host), "a", host);
    assert.equal(await ask("a.b.example"), "ab");
    assert.equal(await ask("[::1]:80"), "v6");
  });

  it("are found by what they are below, the longest first", async () => {
    assert.deepEqual(
      await Promise.all(["x.a.example", "y.x.a.example", "b.a.example", "x.b.a.example"].map((host) => ask(host))),
      ["*.a", "*.a", "*.a", "*.b.a"],
    );
  });

  it("are 421 or the default where no name fits", async () => {
    const root = new Resource();
    root.get = () => "default";
    for (const host of ["example", "xa.example", "c.example", "192.0.2.1"]) {
      await assert.rejects(ask(host), (error) => error instanceof HttpError && error.status === 421);
      assert.equal(await ask(host, { default: root }), "default");
    }
  });

  it("have names, and no ports", () => {
    for (const name of ["a:80", "*", "a b", "", "*.*.a", "http://a"])
      assert.throws(() => virtualHosts({ [name]: says("x") }), RangeError, name);
  });
});

describe("a redirection to https", () => {
  it("keeps the place, and leaves the port out if it is the usual one", async () => {
    const locationOf = async (url: string, options?: Parameters<typeof redirectToHttps>[0]) => {
      const response = await redirectToHttps(options)(new Request(url, { method: "POST" }));
      return [response.status, response.headers.get("location")];
    };
    assert.deepEqual(await locationOf("http://a:8080/b?c#d"), [308, "https://a/b?c#d"]);
    assert.deepEqual(await locationOf("http://a/", { port: 8443, host: "b.example", status: 301 }), [
      301,
      "https://b.example:8443/",
    ]);
    assert.throws(() => redirectToHttps({ port: 0 }), RangeError);
  });
});

describe("the platform's requests", () => {
  it("carry all that ours have", async () => {
    const responder = platformRequests({
      fetch: async (request) => {
        assert.ok(request instanceof globalThis.Request);
        return new globalThis.Response(
          [request.method, request.url, request.headers.get("x-a"), await request.text()].join(" "),
        );
      },
    });
    const request = new Request("http://a/b", { method: "PUT", headers: { "X-A": "1" }, body: "body" });
    assert.equal(await (await responder(request)).text(), "PUT http://a/b 1 body");
  });
});
