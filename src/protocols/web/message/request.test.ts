import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { HeaderMap } from "../../../wire/header-map.ts";
import type { Http1Request } from "../../http1/events.ts";
import type { ReceivedRequest } from "./request.ts";
import { Request } from "./request.ts";

/** A request as a server hears it, for `target` at rope.example. */
function heard(target: string): Request {
  const head = { method: "GET", target, authority: "rope.example", headers: new HeaderMap() } as Http1Request;
  return new Request({ head, body: null, isSecure: false } as ReceivedRequest);
}

describe("what a request was asked for", () => {
  it("is what the platform's URL makes of it, whatever its spelling", () => {
    const piece = fc.constantFrom(
      "/",
      "a",
      "B",
      ".",
      "..",
      "%2e",
      "%2E",
      "%41",
      "?",
      "#",
      " ",
      "\\",
      "'",
      "|",
      "é",
      ":",
      "@",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const target = `/${pieces.join("")}`;
        const url = new URL(`http://rope.example${target}`);
        assert.deepEqual([heard(target).url, heard(target).path], [url.href, url.pathname]);
      }),
      { numRuns: 3_000 },
    );
  });

  it("takes no longer than its length for a path that is hard to match", () => {
    const target = `/${"a".repeat(8_000)}<`;
    assert.equal(heard(target).path, `/${"a".repeat(8_000)}%3C`);
    assert.equal(heard(target).url, `http://rope.example/${"a".repeat(8_000)}%3C`);
  });
});

describe("a request that is made", () => {
  it("is what the platform's would be", async () => {
    for (const init of [
      {},
      { method: "post", body: "hemp" },
      { method: "knot" },
      { method: "PUT", headers: { "X-Knot": "1" }, body: new URLSearchParams({ a: "b" }) },
      { method: "POST", headers: { "Content-Type": "text/rope" }, body: "hemp" },
    ]) {
      const ours = new Request("HTTP://Rope.example:80/a/../b?c#d", init);
      const theirs = new globalThis.Request("HTTP://Rope.example:80/a/../b?c#d", init);
      const { method, url, redirect, mode, cache, credentials, destination, integrity, keepalive, referrer } = theirs;
      assert.deepEqual([ours.method, ours.url], [method, url]);
      assert.deepEqual([ours.redirect, ours.mode, ours.cache], [redirect, mode, cache]);
      assert.deepEqual([ours.credentials, ours.destination, ours.integrity], [credentials, destination, integrity]);
      assert.deepEqual(
        [ours.keepalive, ours.referrer, ours.referrerPolicy],
        [keepalive, referrer, theirs.referrerPolicy],
      );
      assert.deepEqual([...ours.headers], [...theirs.headers]);
      assert.equal(await ours.text(), await theirs.text());
      assert.equal(Object.prototype.toString.call(ours), "[object Request]");
    }
  });

  it("refuses what the platform refuses", () => {
    for (const [url, init] of [
      ["/relative", {}],
      ["http://rope.example/", { method: "K NOT" }],
      ["http://rope.example/", { method: "GET", body: "hemp" }],
      ["http://rope.example/", { headers: { "X Knot": "1" } }],
    ] as const) {
      assert.throws(() => new globalThis.Request(url, init), TypeError);
      assert.throws(() => new Request(url, init), TypeError);
    }
  });

  it("of another takes over what is not said anew", async () => {
    const { signal } = new AbortController();
    const first = new Request("http://rope.example/", {
      method: "POST",
      headers: { "X-Knot": "1" },
      body: "hemp",
      signal,
    });
    const second = new Request(first, { method: "PUT" });
    assert.deepEqual([second.method, second.headers.get("x-knot"), second.signal], ["PUT", "1", signal]);
    assert.equal(await second.text(), "hemp");
    const empty = new Request(new Request("http://rope.example/", { method: "POST", body: "hemp" }), { body: null });
    assert.equal(empty.body, null);
  });

  it("is cloned with its body", async () => {
    const first = new Request("http://rope.example/", { method: "POST", body: new Blob(["hemp"]).stream() });
    const second = first.clone();
    assert.deepEqual([await first.text(), await second.text(), second.method], ["hemp", "hemp", "POST"]);
  });

  it("becomes one of the platform's, and is never taken for a URL", async () => {
    const ours = new Request("http://rope.example/a", { method: "POST", headers: { "X-Knot": "1" }, body: "hemp" });
    assert.throws(() => new globalThis.Request(ours), /toPlatform/);
    const theirs = ours.toPlatform();
    assert.ok(theirs instanceof globalThis.Request);
    assert.deepEqual([theirs.url, theirs.headers.get("x-knot"), await theirs.text()], [ours.url, "1", "hemp"]);
    assert.equal(new Request("http://rope.example/").toPlatform().method, "GET");
  });

  it("was not received from anybody", () => {
    const request = new Request("https://rope.example/a?b=c");
    assert.deepEqual(
      [request.peer, request.local, request.head, request.isSecure],
      [undefined, undefined, undefined, true],
    );
    assert.deepEqual([request.path, request.query.get("b")], ["/a", "c"]);
    assert.equal(request.notifyFinish().called, false);
    assert.equal(request.signal.aborted, false);
    request.sendInformational(103);
    assert.equal(request.signal, request.signal);
  });
});

describe("a request made of another", () => {
  it("is refused if the body of that was read, unless it has one of its own", async () => {
    const read = new Request("http://rope.example/", { method: "POST", body: "hemp" });
    await read.text();
    assert.throws(() => new Request(read), TypeError);
    assert.equal(await new Request(read, { body: "flax" }).text(), "flax");
  });

  it("has its signal, unless it is told to have none", () => {
    const first = new Request("http://rope.example/", { signal: AbortSignal.abort() });
    assert.equal(new Request(first).signal.aborted, true);
    assert.equal(new Request(first, { signal: null }).signal.aborted, false);
  });
});

describe("the URL of a request that was received", () => {
  const url = (target: string, authority: string, method = "GET", local: object = LOCAL): string => {
    const head = { method, target, authority, headers: new HeaderMap() } as Http1Request;
    return new Request({ head, body: null, isSecure: true, local } as ReceivedRequest).url;
  };
  const LOCAL = { kind: "tcp", host: "192.0.2.1", port: 8443, family: 4 };

  it("has the host that was asked for, else the address that was dialled", () => {
    assert.equal(url("/a", "Rope.example:443"), "https://rope.example/a");
    assert.equal(url("/a", ""), "https://192.0.2.1:8443/a");
    assert.equal(url("/a", "", "GET", { kind: "tcp", host: "::1", port: 1, family: 6 }), "https://[::1]:1/a");
    assert.equal(url("/a", "", "GET", { kind: "unix", path: "web.sock" }), "https://localhost/a");
  });

  it("is the target where that is one, and the root where it is none", () => {
    assert.equal(url("http://other.example/a/./b", "other.example"), "http://other.example/a/b");
    assert.equal(url("*", "rope.example", "OPTIONS"), "https://rope.example/");
    assert.equal(url("rope.example:443", "rope.example:443", "CONNECT"), "https://rope.example/");
  });

  it("is the client's fault where it is none", () => {
    assert.throws(() => url("/a", "rope example"), { name: "HttpError", status: 400 });
  });
});
