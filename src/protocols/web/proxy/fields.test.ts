import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Address } from "../../../core/address.ts";
import { type HeaderInit, HeaderMap } from "../../../wire/header-map.ts";
import { addVia, cameThrough, endToEnd } from "./fields.ts";
import { type ForwardedStyle, tellForwarded, trustOf } from "./forwarded.ts";

describe("the fields that go on", () => {
  it("keep their order, spelling and lines", () => {
    const fields = [
      ["Set-Cookie", "a=1"],
      ["x-ROPE", "hemp"],
      ["Set-Cookie", "b=2"],
    ] as const;
    assert.deepEqual([...endToEnd(new HeaderMap(fields))], fields);
  });

  it("are none of those that are for one hop", () => {
    const hop = {
      Connection: "close",
      "Keep-Alive": "timeout=5",
      "Proxy-Authenticate": "Basic",
      "Proxy-Authorization": "Basic x",
      "Proxy-Connection": "keep-alive",
      TE: "trailers",
      Trailer: "Checksum",
      "Transfer-Encoding": "chunked",
      Upgrade: "websocket",
    };
    assert.deepEqual([...endToEnd(new HeaderMap({ ...hop, Accept: "*/*" }))], [["Accept", "*/*"]]);
  });

  it("are none of those that Connection names, in any case and line", () => {
    const fields = { Connection: ["close, X-Hop", "x-other"], "x-hop": "1", "X-Other": "2", "X-Kept": "3" };
    assert.deepEqual([...endToEnd(new HeaderMap(fields))], [["X-Kept", "3"]]);
  });

  it("have the length and the host, though Connection names them", () => {
    const fields = { Connection: "Content-Length, host", Host: "rope.example", "Content-Length": "4" };
    assert.deepEqual([...endToEnd(new HeaderMap(fields)).getAll("host")], ["rope.example"]);
    assert.equal(endToEnd(new HeaderMap(fields)).get("content-length"), "4");
  });
});

describe("Via", () => {
  it("grows by one at each proxy", () => {
    const fields = new HeaderMap();
    addVia(fields, "1.1", "rope");
    addVia(fields, "1.0", "knot");
    assert.deepEqual(fields.getAll("via"), ["1.1 rope, 1.0 knot"]);
  });

  it("shows that a message came through", () => {
    const fields = new HeaderMap({ Via: ["1.0 fred, 1.1 rope (hemp)", "HTTP/1.1 knot"] });
    assert.deepEqual(
      ["fred", "rope", "knot", "hemp", "rop"].map((name) => cameThrough(fields, name)),
      [true, true, true, false, false],
    );
  });
});

describe("what the server behind is told", () => {
  it("is who asked, how, and for which host", () => {
    assert.deepEqual(told({}, ANN), {
      "X-Forwarded-For": "192.0.2.7",
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Host": "rope.example:8080",
      Forwarded: 'for=192.0.2.7;host="rope.example:8080";proto=https',
    });
  });

  it("is nothing of what a stranger says", () => {
    const lies = {
      "X-Forwarded-For": "10.0.0.1",
      Forwarded: "for=10.0.0.1",
      "X-Real-IP": "10.0.0.1",
      "X-Forwarded-Port": "1",
    };
    assert.deepEqual(told(lies, ANN), told({}, ANN));
    assert.deepEqual(told({ ...lies, "X-Forwarded-Proto": "gopher" }, ANN, "none"), {});
  });

  it("goes on where a trusted proxy began", () => {
    const before = {
      "X-Forwarded-For": "203.0.113.9",
      "X-Forwarded-Proto": "http",
      "X-Forwarded-Host": "outer.example",
      Forwarded: "for=203.0.113.9",
    };
    assert.deepEqual(told(before, ANN, "both", true), {
      "X-Forwarded-For": "203.0.113.9, 192.0.2.7",
      "X-Forwarded-Proto": "http",
      "X-Forwarded-Host": "outer.example",
      Forwarded: 'for=203.0.113.9, for=192.0.2.7;host="rope.example:8080";proto=https',
    });
  });

  it("has IPv6 in brackets and quotes in Forwarded, and as it is in X-Forwarded-For", () => {
    const fields = told({}, { kind: "tcp", host: "2001:db8::7%eth0", port: 1, family: 6 });
    assert.equal(fields["X-Forwarded-For"], "2001:db8::7");
    assert.match(fields["Forwarded"] ?? "", /^for="\[2001:db8::7\]";/);
  });

  it("has IPv4 as IPv4, whichever port it came by", () => {
    assert.equal(
      told({}, { kind: "tcp", host: "::ffff:192.0.2.7", port: 1, family: 6 })["X-Forwarded-For"],
      "192.0.2.7",
    );
  });

  it("names nobody for a peer on this machine", () => {
    const fields = told({}, { kind: "unix", path: "" });
    assert.equal(fields["X-Forwarded-For"], undefined);
    assert.match(fields["Forwarded"] ?? "", /^for=unknown;/);
  });
});

describe("trust", () => {
  it("is by network, and by unix", () => {
    const trusts = trustOf(["192.0.2.0/24", "unix"]);
    assert.deepEqual(
      [
        ANN,
        { ...ANN, host: "192.0.3.1" },
        { ...ANN, host: "::ffff:192.0.2.1" },
        { kind: "unix", path: "" },
        undefined,
      ].map((peer) => trusts(peer as Address | undefined)),
      [true, false, true, true, false],
    );
  });

  it("is nobody's by default", () => {
    assert.equal(trustOf([])({ kind: "unix", path: "" }), false);
    assert.equal(trustOf([])(ANN), false);
  });

  it("is refused to what is no network", () => {
    assert.throws(() => trustOf(["localhost"]), /Cannot understand "localhost": a network is/);
  });
});

const ANN: Address = { kind: "tcp", host: "192.0.2.7", port: 50_000, family: 4 };

function told(
  init: HeaderInit,
  peer: Address,
  style: ForwardedStyle = "both",
  isTrusted = false,
): Record<string, string> {
  const fields = new HeaderMap(init);
  tellForwarded(fields, { peer, isSecure: true, host: "rope.example:8080" }, style, isTrusted);
  return Object.fromEntries(fields);
}
