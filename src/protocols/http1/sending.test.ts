/** What is sent for an event, and what is not sent at all. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Http1Connection } from "./connection.ts";
import { bytesOf, Ear, latin1, Sent } from "./ear.fixture.test.ts";
import { LocalProtocolError } from "./errors.ts";
import { HeaderMap, type Http1Sendable, type ResponseHead } from "./index.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const HEAD = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
const OLD = "GET / HTTP/1.0\r\n\r\n";
const OLD_KEPT = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
const LAST = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const EXPECTING = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n";
const END = { type: "end" } as const;

describe("an answer in parts", () => {
  for (const [name, request, headers, expected] of [
    ["is chunked by itself", GET, {}, "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n"],
    ["has the length that is announced", GET, { "Content-Length": "3" }, "Content-Length: 3\r\n\r\nabc"],
    ["ends with the connection in HTTP/1.0", OLD, {}, "Connection: close\r\n\r\nabc"],
    ["ends with the connection in HTTP/1.0 kept alive", OLD_KEPT, {}, "Connection: close\r\n\r\nabc"],
    [
      "with a length keeps HTTP/1.0 alive",
      OLD_KEPT,
      { "Content-Length": "3" },
      "Content-Length: 3\r\nConnection: keep-alive\r\n\r\nabc",
    ],
    [
      "says close where the client did",
      LAST,
      { "content-length": "3" },
      "content-length: 3\r\nConnection: close\r\n\r\nabc",
    ],
    [
      "says close once",
      LAST,
      { Connection: "close", "Content-Length": "3" },
      "Connection: close\r\nContent-Length: 3\r\n\r\nabc",
    ],
    [
      "says close if a body was kept back",
      EXPECTING,
      { "Content-Length": "3" },
      "Content-Length: 3\r\nConnection: close\r\n\r\nabc",
    ],
  ] as const) {
    test(name, () => {
      const server = asked(request);
      const sent = new Sent();
      const isChunked = expected.startsWith("Transfer");
      server.sendTo(sent, { type: "response", status: 200, headers });
      server.sendTo(sent, { type: "data", data: bytesOf("ab") });
      server.sendTo(sent, { type: "data", data: new Uint8Array(0) });
      server.sendTo(sent, { type: "data", data: bytesOf("c"), ...(isChunked && { extensions: ";x" }) });
      server.sendTo(sent, END);
      assert.equal(sent.text, `HTTP/1.1 200 OK\r\n${expected}`);
      assert.equal(server.isOver, expected.includes("close"));
    });
  }

  test("may have trailers", () => {
    const server = asked(GET);
    server.send({ type: "response", status: 200 });
    assert.equal(latin1(server.send({ type: "end", trailers: { A: "1" } })), "0\r\nA: 1\r\n\r\n");
  });
});

describe("a whole answer", () => {
  for (const [name, request, head, body, expected] of [
    ["is one text", GET, { status: 200 }, "hi", "200 OK\r\nContent-Length: 2\r\n\r\nhi"],
    [
      "counts bytes and not characters",
      GET,
      { status: 200 },
      "\xe4\u20ac",
      "200 OK\r\nContent-Length: 5\r\n\r\n\xc3\xa4\xe2\x82\xac",
    ],
    ["may be bytes", GET, { status: 200 }, Uint8Array.of(0, 255), "200 OK\r\nContent-Length: 2\r\n\r\n\0\xff"],
    ["may be empty", GET, { status: 404 }, "", "404 Not Found\r\nContent-Length: 0\r\n\r\n"],
    [
      "keeps a length that is right",
      GET,
      { status: 200, headers: { "content-length": "2" } },
      "hi",
      "200 OK\r\ncontent-length: 2\r\n\r\nhi",
    ],
    ["has a reason of one's own", GET, { status: 200, reason: "Fine" }, "", "200 Fine\r\nContent-Length: 0\r\n\r\n"],
    ["needs no known status", GET, { status: 299 }, "", "299 \r\nContent-Length: 0\r\n\r\n"],
    ["to HEAD tells its length only", HEAD, { status: 200 }, "hi", "200 OK\r\nContent-Length: 2\r\n\r\n"],
    ["204 has no length", GET, { status: 204 }, "", "204 No Content\r\n\r\n"],
    [
      "304 may have the length of another",
      GET,
      { status: 304, headers: { "Content-Length": "0" } },
      "",
      "304 Not Modified\r\nContent-Length: 0\r\n\r\n",
    ],
    [
      "repeats what a list repeats",
      GET,
      { status: 200, headers: { "Set-Cookie": ["a", "b"] } },
      "",
      "200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 0\r\n\r\n",
    ],
    [
      "takes pairs",
      GET,
      {
        status: 200,
        headers: [
          ["X", "1"],
          ["X", "2"],
        ],
      },
      "",
      "200 OK\r\nX: 1\r\nX: 2\r\nContent-Length: 0\r\n\r\n",
    ],
    [
      "takes a map",
      GET,
      { status: 200, headers: new HeaderMap({ X: "1" }) },
      "",
      "200 OK\r\nX: 1\r\nContent-Length: 0\r\n\r\n",
    ],
  ] as readonly (readonly [string, string, Omit<ResponseHead, "type">, string | Uint8Array, string])[]) {
    test(name, () => {
      const server = asked(request);
      assert.equal(latin1(server.sendWhole({ type: "response", ...head }, body)), `HTTP/1.1 ${expected}`);
      assert.equal(server.unanswered, 0);
    });
  }

  test("that is large goes to the transport as it is, behind its head", () => {
    const server = asked(GET);
    const large = new Uint8Array(100_000);
    const pieces: (string | Uint8Array)[] = [];
    const sink = { write: (data: Uint8Array) => pieces.push(data), writeLatin1: (text: string) => pieces.push(text) };
    server.sendWholeTo(sink, { type: "response", status: 200 }, large);
    assert.equal(pieces.length, 2);
    assert.equal(pieces[1], large);
  });
});

describe("nothing can be injected", () => {
  const values = ["a\r\nb: c", "a\nb", "a\rb", "a\0b", "\x7f", "\u0100", "\u{1f600}", "a\u2028"];
  const names = ["a\r\nb", "a b", "a:", "", "\xe4", "a\0", " a", "a\n"];
  const heads: readonly ResponseHead[] = [
    ...values.map((value) => response({ X: value })),
    ...names.map((name) => response({ [name]: "1" })),
    ...values.map((reason): ResponseHead => ({ type: "response", status: 200, reason })),
    ...["1, 1", "-1", "0x1", "1 ", "", " 1", "1.5"].map((length) => response({ "Content-Length": length })),
    ...["gzip", "chunked, chunked", "gzip, chunked", "identity", " chunked"].map((coding) =>
      response({ "Transfer-Encoding": coding }),
    ),
    response([
      ["Content-Length", "1"],
      ["content-length", "1"],
    ]),
    response({ "Content-Length": "1", "Transfer-Encoding": "chunked" }),
    ...[0, 99, 100, 199, 600, 1_000, 200.5, Number.NaN].map((status): ResponseHead => ({ type: "response", status })),
  ];
  for (const [index, head] of heads.entries()) {
    test(`into an answer, ${index}: ${JSON.stringify(head)}`, () => {
      const server = asked(GET);
      const sent = new Sent();
      assert.throws(() => server.sendTo(sent, head), LocalProtocolError);
      assert.equal(sent.text, "");
      assert.equal(latin1(server.sendWhole({ type: "response", status: 200 })).slice(0, 15), "HTTP/1.1 200 OK");
    });
  }

  for (const [method, target, headers] of [
    ["GET ", "/", { Host: "a" }],
    ["", "/", { Host: "a" }],
    ["G\r\n", "/", { Host: "a" }],
    ["GET", "/ HTTP/1.1\r\nX: 1", { Host: "a" }],
    ["GET", "/a b", { Host: "a" }],
    ["GET", "/#x", { Host: "a" }],
    ["GET", "/\xe4", { Host: "a" }],
    ["GET", "", { Host: "a" }],
    ["GET", "a", { Host: "a" }],
    ["GET", "*", { Host: "a" }],
    ["CONNECT", "/", { Host: "a" }],
    ["CONNECT", "a:1", { Host: "a", "Content-Length": "1" }],
    ["TRACE", "/", { Host: "a", "Transfer-Encoding": "chunked" }],
    ["GET", "/", {}],
    ["GET", "/", { Host: "a", host: "a" }],
    ["GET", "/", { Host: "a b" }],
    ["GET", "/", { Host: "a", Expect: "a-pony" }],
    ["GET", "/", { Host: "a", X: "1\r\nY: 2" }],
  ] as const) {
    test(`into a request: ${JSON.stringify([method, target, headers])}`, () => {
      const client = new Http1Connection("client");
      assert.throws(() => client.send({ type: "request", method, target, headers }), LocalProtocolError);
      assert.equal(client.waitsFor, "idle");
    });
  }

  test("into trailers and extensions", () => {
    const server = asked(GET);
    server.send({ type: "response", status: 200 });
    for (const event of [
      { type: "end", trailers: { A: "1\r\n\r\nHTTP/1.1 200 OK" } },
      { type: "end", trailers: { "Content-Length": "1" } },
      { type: "end", trailers: { "transfer-encoding": "chunked" } },
      { type: "data", data: bytesOf("x"), extensions: "\r\n" },
      { type: "data", data: bytesOf("x"), extensions: "a" },
      { type: "data", data: bytesOf("x"), extensions: '; a="b\r\n"' },
    ] as const) {
      assert.throws(() => server.send(event), LocalProtocolError);
    }
  });
});

describe("what is not due is not sent", () => {
  for (const [name, request, events] of [
    ["an answer before a request", "", [response({})]],
    ["an answer before the whole head", "GET / HTTP/1.1\r\n", [response({})]],
    ["a second answer", GET, [{ ...response({ "Content-Length": "0" }) }, END, response({})]],
    ["a request by a server", GET, [{ type: "request", method: "GET", target: "/", headers: { Host: "a" } }]],
    ["a body before its head", GET, [{ type: "data", data: bytesOf("x") }]],
    ["an end before its head", GET, [END]],
    ["100 behind the answer's head", GET, [response({}), { type: "informational", status: 100 }]],
    ["100 to HTTP/1.0", OLD, [{ type: "informational", status: 100 }]],
    ["101 that was not asked for", GET, [{ type: "informational", status: 101 }]],
    ["200 as an informational answer", GET, [{ type: "informational", status: 200 }]],
    ["more than was announced", GET, [response({ "Content-Length": "1" }), { type: "data", data: bytesOf("ab") }]],
    ["less than was announced", GET, [response({ "Content-Length": "1" }), END]],
    ["a body of HEAD", HEAD, [response({}), { type: "data", data: bytesOf("x") }]],
    [
      "a body of 204",
      GET,
      [
        { type: "response", status: 204 },
        { type: "data", data: bytesOf("x") },
      ],
    ],
    ["204 with a length", GET, [{ type: "response", status: 204, headers: { "Content-Length": "0" } }]],
    ["204 chunked", GET, [{ type: "response", status: 204, headers: { "Transfer-Encoding": "chunked" } }]],
    ["chunks to HTTP/1.0", OLD, [response({ "Transfer-Encoding": "chunked" })]],
    [
      "trailers of a body with a length",
      GET,
      [response({ "Content-Length": "0" }), { type: "end", trailers: { A: "1" } }],
    ],
    [
      "extensions of a body with a length",
      GET,
      [response({ "Content-Length": "1" }), { type: "data", data: bytesOf("x"), extensions: ";a" }],
    ],
    ["anything after the last answer", LAST, [response({ "Content-Length": "0" }), END, response({})]],
  ] as readonly (readonly [string, string, readonly Http1Sendable[]])[]) {
    test(name, () => {
      const server = asked(request);
      for (const event of events.slice(0, -1)) server.send(event);
      assert.throws(() => server.send(events.at(-1) as Http1Sendable), LocalProtocolError);
    });
  }

  test("a whole body that contradicts its head", () => {
    for (const [status, headers, body] of [
      [200, { "Content-Length": "3" }, "hi"],
      [200, { "Transfer-Encoding": "chunked" }, "hi"],
      [204, {}, "hi"],
      [304, {}, "hi"],
    ] as const) {
      assert.throws(() => asked(GET).sendWhole({ type: "response", status, headers }, body), LocalProtocolError);
    }
  });
});

describe("a client", () => {
  test("sends what the server hears", () => {
    const client = new Http1Connection("client");
    const ear = new Ear("server");
    ear.receive(client.sendWhole({ type: "request", method: "POST", target: "/x", headers: { Host: "b" } }, "hello"));
    ear.receive(client.sendWhole({ type: "request", method: "PUT", target: "/y", headers: { Host: "b" } }));
    assert.deepEqual(ear.notes, [
      "POST /x 1.1 for b {Content-Length=5}",
      "data hello",
      "end",
      "PUT /y 1.1 for b {Content-Length=0}",
      "end",
    ]);
  });

  test("says nothing more once it offered to leave HTTP, until it is answered", () => {
    const ear = new Ear("client", { asked: ["UPGRADE"] });
    assert.throws(() => ear.ask("GET"), LocalProtocolError);
    ear.receive(bytesOf("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    ear.ask("GET");
  });

  test("says nothing more after close, of either side", () => {
    const ear = new Ear("client", { asked: ["GET"] });
    ear.receive(bytesOf("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
    assert.ok(ear.connection.isOver);
    assert.throws(() => ear.ask("GET"), LocalProtocolError);
    const last = new Http1Connection("client");
    last.sendWhole({ type: "request", method: "GET", target: "/", headers: { Host: "a", Connection: "close" } });
    assert.throws(
      () => last.sendWhole({ type: "request", method: "GET", target: "/", headers: { Host: "a" } }),
      LocalProtocolError,
    );
  });

  test("leaves no more requests unanswered than its limit", () => {
    const ear = new Ear("client", { asked: ["GET", "GET"], limits: { maxUnanswered: 2 } });
    assert.throws(() => ear.ask("GET"), /2 are unanswered/);
    ear.receive(bytesOf("HTTP/1.1 204 N\r\n\r\n"));
    ear.ask("GET");
    assert.equal(ear.connection.unanswered, 2);
  });

  test("may keep a body back until it is told to go on", () => {
    const ear = new Ear("client");
    const headers = { Host: "a", Expect: "100-Continue", "Content-Length": "1" };
    ear.connection.send({ type: "request", method: "POST", target: "/", headers });
    assert.equal(ear.connection.waitsFor, "answer");
    ear.receive(bytesOf("HTTP/1.1 100 Continue\r\n\r\n"));
    assert.equal(ear.connection.waitsFor, undefined);
    assert.equal(latin1(ear.connection.send({ type: "data", data: bytesOf("x") })), "x");
    ear.connection.send(END);
    assert.equal(ear.connection.waitsFor, "answer");
  });

  test("may be answered before it has said all", () => {
    const ear = new Ear("client");
    ear.connection.send({
      type: "request",
      method: "POST",
      target: "/",
      headers: { Host: "a", "Content-Length": "2" },
    });
    ear.receive(bytesOf("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    assert.deepEqual(ear.notes, ["200 OK 1.1 {Content-Length=0}", "end"]);
    ear.connection.send({ type: "data", data: bytesOf("ab") });
    ear.connection.send(END);
    ear.ask("GET");
    assert.equal(ear.connection.unanswered, 1);
  });
});

function asked(request: string): Http1Connection {
  const server = new Http1Connection("server");
  server.receive(bytesOf(request));
  while (server.next() !== undefined);
  return server;
}

function response(headers: ResponseHead["headers"]): ResponseHead {
  return { type: "response", status: 200, headers };
}
