import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HeaderMap } from "../../../wire/header-map.ts";
import type { DeflateAgreement } from "../codec/deflate.ts";
import { LocalWebSocketError, WebSocketHandshakeError } from "../errors.ts";
import { type Acceptance, type AcceptOptions, answerUpgrade } from "./accept.ts";
import { acceptDeflate, agreeDeflate, type DeflateOptions, offerDeflate } from "./deflate.ts";
import { type Extension, formatExtension, parseExtensions } from "./extensions.ts";
import { acceptKey, websocketKey } from "./key.ts";
import { judgeAnswer, type OfferOptions, parseWebSocketUrl, upgradeHeaders } from "./request.ts";

/** The example of RFC 6455 §1.2. */
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

describe("keys", () => {
  test("the example of RFC 6455 §1.3", () => {
    assert.equal(acceptKey(KEY), ACCEPT);
    assert.equal(websocketKey(new TextEncoder().encode("the sample nonce")), KEY);
  });
});

describe("a server", () => {
  test("accepts the example of RFC 6455 §1.2", () => {
    const answer = answered(
      { Origin: "http://server.example.com", "Sec-WebSocket-Protocol": "chat, superchat" },
      { subprotocols: ["chat"] },
    );
    assert.equal(answer.status, 101);
    assert.deepEqual(answer.headers, [
      ["Upgrade", "websocket"],
      ["Connection", "Upgrade"],
      ["Sec-WebSocket-Accept", ACCEPT],
      ["Sec-WebSocket-Protocol", "chat"],
    ]);
  });

  test("takes tokens in any case, and among others", () => {
    assert.equal(answered({ Upgrade: "foo, WebSocket", Connection: "keep-alive, UPGRADE" }).status, 101);
  });

  for (const [name, headers, status] of [
    ["no Upgrade", { Upgrade: undefined }, 426],
    ["another Upgrade", { Upgrade: "h2c" }, 426],
    ["no Connection", { Connection: undefined }, 426],
    ["another Connection", { Connection: "keep-alive" }, 426],
    ["no Host", { Host: undefined }, 400],
    ["no version", { "Sec-WebSocket-Version": undefined }, 426],
    ["version 8", { "Sec-WebSocket-Version": "8" }, 426],
    ["two versions", { "Sec-WebSocket-Version": "13, 8" }, 426],
    ["no key", { "Sec-WebSocket-Key": undefined }, 400],
    ["a key of 15 bytes", { "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAA" }, 400],
    ["two keys", { "Sec-WebSocket-Key": `${KEY}, ${KEY}` }, 400],
    ["a key that is no base64", { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZ_==" }, 400],
    ["subprotocols that are no tokens", { "Sec-WebSocket-Protocol": "a b" }, 400],
    ["a subprotocol twice", { "Sec-WebSocket-Protocol": "a, a" }, 400],
    ["malformed extensions", { "Sec-WebSocket-Extensions": "a; =b" }, 400],
  ] as const) {
    test(`refuses ${name} with ${status}`, () => {
      const answer = answered(headers);
      assert.equal(answer.status, status);
      assert.equal(new HeaderMap(answer.headers).get("sec-websocket-version"), status === 426 ? "13" : undefined);
    });
  }

  test("refuses POST, and HTTP/1.0", () => {
    assert.equal(answerUpgrade({ method: "POST", headers: request({}) }).status, 400);
    assert.equal(answerUpgrade({ method: "GET", version: "1.0", headers: request({}) }).status, 400);
  });

  for (const [origin, origins, status] of [
    [undefined, undefined, 101],
    ["http://server.example.com", undefined, 101],
    ["https://SERVER.example.com:443", undefined, 101],
    ["http://server.example.com:8080", undefined, 403],
    ["http://evil.example", undefined, 403],
    ["http://server.example.com.evil.example", undefined, 403],
    ["http://server.example.com@evil.example", undefined, 403],
    ["null", undefined, 403],
    ["", undefined, 403],
    ["file://", undefined, 403],
    ["http://a.example, http://server.example.com", undefined, 403],
    ["http://evil.example", "any", 101],
    ["https://a.example", ["https://a.example"], 101],
    ["http://a.example", ["https://a.example"], 403],
    [undefined, ["https://a.example"], 101],
    [undefined, (origin: string | undefined) => origin !== undefined, 403],
    ["x", (origin: string | undefined) => origin === "x", 101],
  ] as const) {
    test(`answers ${status} to the origin ${origin} where ${origins ?? "same"} may connect`, () => {
      assert.equal(answered({ Origin: origin }, { origins }).status, status);
    });
  }

  test("chooses the subprotocol that it likes best, and none that was not offered", () => {
    const chosen = (offered: string): string => {
      const answer = answered({ "Sec-WebSocket-Protocol": offered }, { subprotocols: ["v2", "v1"] });
      return (answer as Acceptance).subprotocol;
    };
    assert.deepEqual([chosen("v1, v2"), chosen("v1"), chosen("V1")], ["v2", "v1", ""]);
  });

  test("compresses only if it is told to, and with those who offer it", () => {
    const offer = { "Sec-WebSocket-Extensions": "permessage-deflate" };
    assert.equal((answered(offer) as Acceptance).deflate, undefined);
    assert.equal((answered({}, { deflate: true }) as Acceptance).deflate, undefined);
    const { deflate, headers } = answered(offer, { deflate: true }) as Acceptance;
    assert.equal(deflate?.receiveTakeover, true);
    assert.equal(
      new HeaderMap(headers).get("sec-websocket-extensions"),
      "permessage-deflate; server_no_context_takeover",
    );
  });
});

describe("Sec-WebSocket-Extensions", () => {
  for (const [field, expected] of [
    ["", []],
    ["foo", [["foo"]]],
    ["foo, bar; baz=2", [["foo"], ["bar", ["baz", "2"]]]],
    ['foo;a="b";c , foo ; a = 1', undefined],
    ['foo;a="b\\c";c', [["foo", ["a", "bc"], ["c", true]]]],
    ['foo; a="b c"', undefined],
    ['foo; a=""', undefined],
    ["foo;", undefined],
    ["foo,", undefined],
    ["foo bar", undefined],
    ["foo=1", undefined],
    ["foo; a=", undefined],
    ["; a", undefined],
    ["foo; a; a=1", [["foo", ["a", true], ["a", "1"]]]],
  ] as const) {
    test(`${JSON.stringify(field)} is ${expected === undefined ? "malformed" : "read"}`, () => {
      const read = parseExtensions(field)?.map(({ name, parameters }) => [name, ...parameters]);
      assert.deepEqual(read, expected);
    });
  }

  test("is read as it is written", () => {
    const field = "permessage-deflate; client_max_window_bits; server_max_window_bits=10";
    assert.deepEqual(parseExtensions(field)?.map(formatExtension), [field]);
  });
});

describe("permessage-deflate, agreed on by a server", () => {
  for (const [offer, options, answer, agreement] of [
    ["", {}, "server_no_context_takeover", [15, 15, false, true]],
    ["", { sendTakeover: true }, "", [15, 15, true, true]],
    ["server_no_context_takeover", { sendTakeover: true }, "server_no_context_takeover", [15, 15, false, true]],
    ["client_no_context_takeover", { sendTakeover: true }, "client_no_context_takeover", [15, 15, true, false]],
    ["", { sendTakeover: true, receiveTakeover: false }, "client_no_context_takeover", [15, 15, true, false]],
    ["server_max_window_bits=10", { sendTakeover: true }, "server_max_window_bits=10", [10, 15, true, true]],
    ["server_max_window_bits=8", { sendTakeover: true }, "server_max_window_bits=8", [8, 15, true, true]],
    ["", { sendTakeover: true, sendWindowBits: 9 }, "server_max_window_bits=9", [9, 15, true, true]],
    ["client_max_window_bits", { sendTakeover: true }, "", [15, 15, true, true]],
    [
      "client_max_window_bits",
      { sendTakeover: true, receiveWindowBits: 9 },
      "client_max_window_bits=9",
      [15, 9, true, true],
    ],
    ["client_max_window_bits=12", { sendTakeover: true }, "client_max_window_bits=12", [15, 12, true, true]],
    ["", { sendTakeover: true, receiveWindowBits: 9 }, "", [15, 15, true, true]],
  ] as const) {
    test(`"${offer}" with ${JSON.stringify(options)} is answered by "${answer}"`, () => {
      const accepted = acceptDeflate([deflate(offer)], options);
      assert.ok(accepted);
      assert.equal(formatExtension(accepted.answer), formatExtension(deflate(answer)));
      assert.deepEqual(accepted.agreement, agreementOf(agreement));
    });
  }

  for (const offer of [
    "unknown",
    "server_no_context_takeover=1",
    "client_no_context_takeover=true",
    "server_max_window_bits",
    "server_max_window_bits=7",
    "server_max_window_bits=16",
    "server_max_window_bits=08",
    "client_max_window_bits=7",
    "client_max_window_bits; client_max_window_bits",
  ]) {
    test(`"${offer}" is declined, and the next offer taken`, () => {
      assert.equal(acceptDeflate([deflate(offer)], {}), undefined);
      const accepted = acceptDeflate(
        [{ name: "other", parameters: [] }, deflate(offer), deflate("server_max_window_bits=11")],
        {},
      );
      assert.equal(accepted?.agreement.sendWindowBits, 11);
    });
  }
});

describe("permessage-deflate, agreed on by a client", () => {
  test("is offered with what is wanted", () => {
    assert.equal(
      formatExtension(offerDeflate({})),
      "permessage-deflate; client_max_window_bits; client_no_context_takeover",
    );
    const all: DeflateOptions = {
      sendTakeover: true,
      receiveTakeover: false,
      sendWindowBits: 10,
      receiveWindowBits: 9,
    };
    assert.equal(
      formatExtension(offerDeflate(all)),
      "permessage-deflate; client_max_window_bits=10; server_no_context_takeover; server_max_window_bits=9",
    );
  });

  for (const [answer, options, agreement] of [
    ["", {}, [15, 15, false, true]],
    ["", { sendTakeover: true }, [15, 15, true, true]],
    ["client_no_context_takeover", { sendTakeover: true }, [15, 15, false, true]],
    ["server_no_context_takeover", { receiveTakeover: false }, [15, 15, false, false]],
    ["server_max_window_bits=10", {}, [15, 10, false, true]],
    ["client_max_window_bits=10", {}, [10, 15, false, true]],
    ["client_max_window_bits=12", { sendWindowBits: 10 }, [10, 15, false, true]],
    ["", { receiveTakeover: false }, undefined],
    ["", { receiveWindowBits: 10 }, undefined],
    ["server_max_window_bits=11", { receiveWindowBits: 10 }, undefined],
    ["client_max_window_bits", {}, undefined],
    ["unknown", {}, undefined],
    ["server_no_context_takeover; server_no_context_takeover", {}, undefined],
  ] as const) {
    test(`"${answer}" to ${JSON.stringify(options)} is ${agreement === undefined ? "refused" : "taken"}`, () => {
      const agreed = agreeDeflate(deflate(answer), options);
      if (agreement === undefined) assert.equal(typeof agreed, "string");
      else assert.deepEqual(agreed, agreementOf(agreement));
    });
  }
});

describe("a client", () => {
  for (const [url, expected] of [
    ["ws://example.org", { isSecure: false, host: "example.org", port: 80, authority: "example.org", target: "/" }],
    [
      "wss://example.org/a?b=c",
      { isSecure: true, host: "example.org", port: 443, authority: "example.org", target: "/a?b=c" },
    ],
    ["ws://[::1]:8080/x", { isSecure: false, host: "::1", port: 8080, authority: "[::1]:8080", target: "/x" }],
    [
      "https://example.org:444/",
      { isSecure: true, host: "example.org", port: 444, authority: "example.org:444", target: "/" },
    ],
  ] as const) {
    test(`reads ${url}`, () => assert.deepEqual(parseWebSocketUrl(url), expected));
  }

  for (const url of [
    "example.org",
    "ftp://example.org/",
    "ws://example.org/#a",
    "ws://example.org/#",
    "ws://ann:pw@example.org/",
  ]) {
    test(`refuses ${url}`, () => assert.throws(() => parseWebSocketUrl(url), LocalWebSocketError));
  }

  test("asks in the words of RFC 6455 §4.1", () => {
    const options = { subprotocols: ["v2", "v1"], deflate: true, headers: { Origin: "http://a", host: "b" } };
    assert.deepEqual(
      [...upgradeHeaders("example.org", KEY, options)],
      [
        ["host", "b"],
        ["Upgrade", "websocket"],
        ["Connection", "Upgrade"],
        ["Sec-WebSocket-Version", "13"],
        ["Sec-WebSocket-Key", KEY],
        ["Sec-WebSocket-Protocol", "v2, v1"],
        ["Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits; client_no_context_takeover"],
        ["Origin", "http://a"],
      ],
    );
  });

  for (const options of [
    { subprotocols: ["a b"] },
    { subprotocols: ["a", "a"] },
    { headers: { "Sec-WebSocket-Key": KEY } },
    { headers: { connection: "close" } },
    { headers: { "Content-Length": "0" } },
  ] as OfferOptions[]) {
    test(`refuses to ask with ${JSON.stringify(options)}`, () => {
      assert.throws(() => upgradeHeaders("example.org", KEY, options), LocalWebSocketError);
    });
  }

  test("takes the answer to what it asked", () => {
    const options = { subprotocols: ["v1"], deflate: true };
    const agreed = judgeAnswer(
      answer({ "Sec-WebSocket-Protocol": "v1", "Sec-WebSocket-Extensions": "permessage-deflate" }),
      KEY,
      options,
    );
    assert.deepEqual(agreed, { subprotocol: "v1", deflate: agreementOf([15, 15, false, true]) });
    assert.deepEqual(judgeAnswer(answer({}), KEY, options), { subprotocol: "", deflate: undefined });
  });

  for (const [name, headers] of [
    ["no Upgrade", { Upgrade: undefined }],
    ["another Upgrade", { Upgrade: "websocket, h2c" }],
    ["no Connection", { Connection: undefined }],
    ["no Accept", { "Sec-WebSocket-Accept": undefined }],
    ["another Accept", { "Sec-WebSocket-Accept": ACCEPT.toLowerCase() }],
    ["a subprotocol that was not offered", { "Sec-WebSocket-Protocol": "v2" }],
    ["two subprotocols", { "Sec-WebSocket-Protocol": "v1, v1" }],
    ["an empty subprotocol", { "Sec-WebSocket-Protocol": "" }],
    ["an extension that was not offered", { "Sec-WebSocket-Extensions": "foo" }],
    ["an extension twice", { "Sec-WebSocket-Extensions": "permessage-deflate, permessage-deflate" }],
    ["malformed extensions", { "Sec-WebSocket-Extensions": "permessage-deflate;" }],
    ["parameters that nobody knows", { "Sec-WebSocket-Extensions": "permessage-deflate; foo" }],
  ] as const) {
    test(`refuses ${name}`, () => {
      const options = { subprotocols: ["v1"], deflate: true };
      assert.throws(() => judgeAnswer(answer(headers), KEY, options), WebSocketHandshakeError);
    });
  }
});

type Fields = Readonly<Record<string, string | undefined>>;

function answered(headers: Fields, options?: AcceptOptions): ReturnType<typeof answerUpgrade> {
  return answerUpgrade({ method: "GET", headers: request(headers) }, options);
}

function request(headers: Fields): HeaderMap {
  return fields({
    Host: "server.example.com",
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
    ...headers,
  });
}

function answer(headers: Fields): HeaderMap {
  return fields({ Upgrade: "WebSocket", Connection: "upgrade", "Sec-WebSocket-Accept": ACCEPT, ...headers });
}

function fields(all: Fields): HeaderMap {
  return new HeaderMap(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );
}

function deflate(parameters: string): Extension {
  return (
    parseExtensions(`permessage-deflate${parameters === "" ? "" : `; ${parameters}`}`) as Extension[]
  )[0] as Extension;
}

function agreementOf(values: readonly [number, number, boolean, boolean]): DeflateAgreement {
  const [sendWindowBits, receiveWindowBits, sendTakeover, receiveTakeover] = values;
  return { sendWindowBits, receiveWindowBits, sendTakeover, receiveTakeover };
}
