/** What a server hears: each vector whole, byte by byte and at random cuts. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { feedThreeWays } from "../../testing/index.ts";
import { bytesOf, Ear, type EarOptions } from "./ear.fixture.test.ts";

type Vector = readonly [name: string, bytes: string, notes: readonly string[]];

const H = "Host: a\r\n";
const GET = `GET / HTTP/1.1\r\n${H}`;
const POST = `POST / HTTP/1.1\r\n${H}`;
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;
const SEEN = ["POST / 1.1 for a {Transfer-Encoding=chunked}"];

describe("a server hears", () => {
  accepts([
    ["a request", `${GET}\r\n`, ["GET / 1.1 for a", "end"]],
    ["an empty line before it", `\r\n${GET}\r\n`, ["GET / 1.1 for a", "end"]],
    ["an unknown method", `BREW / HTTP/1.1\r\n${H}\r\n`, ["BREW / 1.1 for a", "end"]],
    ["methods as they are spelled", `get / HTTP/1.1\r\n${H}\r\n`, ["get / 1.1 for a", "end"]],
    ["fields in order, trimmed", `${GET}B:  1 \t\r\na:\t2\r\nb:\r\n\r\n`, ["GET / 1.1 for a {B=1|a=2|b=}", "end"]],
    ["Latin-1 in values", `${GET}X: \xe4\tb\r\n\r\n`, ["GET / 1.1 for a {X=\xe4\tb}", "end"]],
    [
      "all characters of a token",
      `${GET}!#$%&'*+-.^_\`|~0aZ: 1\r\n\r\n`,
      ["GET / 1.1 for a {!#$%&'*+-.^_`|~0aZ=1}", "end"],
    ],
    ["a later minor version as 1.1", `GET / HTTP/1.7\r\n${H}\r\n`, ["GET / 1.1 for a", "end"]],
    ["a length", `${POST}Content-Length: 3\r\n\r\nabc`, ["POST / 1.1 for a {Content-Length=3}", "data abc", "end"]],
    ["a length of nothing", `${POST}Content-Length: 0\r\n\r\n`, ["POST / 1.1 for a {Content-Length=0}", "end"]],
    [
      "a length with zeros before it",
      `${POST}Content-Length: 003\r\n\r\nabc`,
      ["POST / 1.1 for a {Content-Length=003}", "data abc", "end"],
    ],
    ["a body of GET", `${GET}Content-Length: 1\r\n\r\nx`, ["GET / 1.1 for a {Content-Length=1}", "data x", "end"]],
    ["chunks", `${CHUNKED}3\r\nabc\r\n0A\r\n0123456789\r\n00\r\n\r\n`, [...SEEN, "data abc0123456789", "end"]],
    [
      "a coding in capitals",
      `${POST}transfer-encoding: CHUNKED\r\n\r\n0\r\n\r\n`,
      ["POST / 1.1 for a {transfer-encoding=CHUNKED}", "end"],
    ],
    ["line ends inside chunks", `${CHUNKED}4\r\n\r\n\r\n\r\n0\r\n\r\n`, [...SEEN, "data \r\n\r\n", "end"]],
    ["trailers", `${CHUNKED}0\r\nA: 1\r\nb:2\r\n\r\n`, [...SEEN, "end {A=1|b=2}"]],
    ["extensions", `${CHUNKED}1;a;b=c;d="e;\\"f"\r\nx\r\n0;z\r\n\r\n`, [...SEEN, 'data <;a;b=c;d="e;\\"f">x', "end"]],
    [
      "two requests, each after its answer",
      `${GET}\r\n${GET}X: 2\r\n\r\n`,
      ["GET / 1.1 for a", "end", "GET / 1.1 for a {X=2}", "end"],
    ],
    [
      "a request behind a body",
      `${POST}Content-Length: 1\r\n\r\nx${GET}\r\n`,
      ["POST / 1.1 for a {Content-Length=1}", "data x", "end", "GET / 1.1 for a", "end"],
    ],
    ["a request behind chunks", `${CHUNKED}0\r\n\r\n${GET}\r\n`, [...SEEN, "end", "GET / 1.1 for a", "end"]],
    [
      "nothing after close",
      `${GET}Connection: close\r\n\r\n${GET}\r\n`,
      ["GET / 1.1 for a {Connection=close}", "end", "closed"],
    ],
    [
      "close among others",
      `${GET}Connection: x, Close\r\n\r\n${GET}\r\n`,
      ["GET / 1.1 for a {Connection=x, Close}", "end", "closed"],
    ],
    [
      "no close in part of a word",
      `${GET}Connection: closed, unclose\r\n\r\n`,
      ["GET / 1.1 for a {Connection=closed, unclose}", "end"],
    ],
    ["nothing after HTTP/1.0", "GET / HTTP/1.0\r\n\r\nGET", ["GET / 1.0 for ", "end", "closed"]],
    [
      "HTTP/1.0 kept alive",
      "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
      ["GET / 1.0 for  {Connection=Keep-Alive}", "end"],
    ],
    [
      "an expectation",
      `${POST}Expect: 100-Continue\r\nContent-Length: 1\r\n\r\nx`,
      ["POST / 1.1 for a expects {Expect=100-Continue|Content-Length=1}", "data x", "end"],
    ],
    [
      "no expectation without a body",
      `${GET}Expect: 100-continue\r\n\r\n`,
      ["GET / 1.1 for a {Expect=100-continue}", "end"],
    ],
    [
      "an upgrade that is not granted",
      `${GET}Connection: upgrade\r\nUpgrade: h\r\n\r\n${GET}\r\n`,
      ["GET / 1.1 for a upgrade {Connection=upgrade|Upgrade=h}", "end", "GET / 1.1 for a", "end"],
    ],
    ["no upgrade that Connection does not name", `${GET}Upgrade: h\r\n\r\n`, ["GET / 1.1 for a {Upgrade=h}", "end"]],
    [
      "a URL, which outdoes Host",
      `GET http://b:81/x?y HTTP/1.1\r\n${H}\r\n`,
      ["GET http://b:81/x?y 1.1 for b:81", "end"],
    ],
    ["a URL without a path", `GET HTTP://b HTTP/1.1\r\n${H}\r\n`, ["GET HTTP://b 1.1 for b", "end"]],
    ["a URL with a query alone", `GET http://b?x HTTP/1.1\r\n${H}\r\n`, ["GET http://b?x 1.1 for b", "end"]],
    ["OPTIONS for *", `OPTIONS * HTTP/1.1\r\n${H}\r\n`, ["OPTIONS * 1.1 for a", "end"]],
    [
      "what browsers put into queries",
      `GET /?a=|{"b"}\\^[] HTTP/1.1\r\n${H}\r\n`,
      ['GET /?a=|{"b"}\\^[] 1.1 for a', "end"],
    ],
    ["an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", ["GET / 1.1 for ", "end"]],
    ...["a-b_c.example", "a:80", "a:", "[::1]", "[::ffff:1.2.3.4]:65535", "127.0.0.1", "a%20b"].map(
      (host): Vector => [`Host ${host}`, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, [`GET / 1.1 for ${host}`, "end"]],
    ),
  ]);
});

describe("CONNECT and Upgrade", () => {
  accepts(
    [
      ["wait for their answer", `CONNECT a:443 HTTP/1.1\r\n${H}\r\nhello`, ["CONNECT a:443 1.1 for a:443", "end"]],
      [
        "an upgrade too",
        `${GET}Connection: upgrade\r\nUpgrade: h\r\n\r\nhello`,
        ["GET / 1.1 for a upgrade {Connection=upgrade|Upgrade=h}", "end"],
      ],
    ],
    { answers: false },
  );

  for (const [by, request, answer] of [
    ["connect", `CONNECT a:443 HTTP/1.1\r\n${H}\r\nhello`, { type: "response", status: 200 }],
    ["connect", "CONNECT a:443 HTTP/1.0\r\n\r\nhello", { type: "response", status: 200 }],
    [
      "upgrade",
      `${GET}Connection: upgrade\r\nUpgrade: h\r\n\r\nhello`,
      { type: "informational", status: 101, headers: { Upgrade: "h" } },
    ],
  ] as const) {
    test(`by ${by} the rest belongs to the other protocol: ${JSON.stringify(request)}`, () => {
      const notes = feedThreeWays(
        () => new Ear("server", { answers: false }),
        bytesOf(request),
        (ear) => {
          ear.connection.send(answer);
          ear.listen();
          return ear.notes;
        },
      );
      assert.deepEqual(notes.slice(2), [`switched by ${by}: hello`]);
    });
  }
});

describe("a server hears the end", () => {
  for (const [name, bytes, notes] of [
    ["of an idle connection", "", ["closed"]],
    ["of an idle connection with an empty line", "\r\n", ["closed"]],
    ["behind a request", `${GET}\r\n`, ["GET / 1.1 for a", "end", "closed"]],
    ["in a request line", "GET /", ["!400 the connection ended inside a message"]],
    ["in a head", GET, ["!400 the connection ended inside a message"]],
    [
      "in a body",
      `${POST}Content-Length: 3\r\n\r\nab`,
      ["POST / 1.1 for a {Content-Length=3}", "data ab", "!400 the connection ended inside a message"],
    ],
    ["in a chunk", `${CHUNKED}5\r\nab`, [...SEEN, "data ab", "!400 the connection ended inside a message"]],
    [
      "before the last chunk",
      `${CHUNKED}2\r\nab\r\n`,
      [...SEEN, "data ab", "!400 the connection ended inside a message"],
    ],
    ["in trailers", `${CHUNKED}0\r\nA: 1\r\n`, [...SEEN, "!400 the connection ended inside a message"]],
  ] as readonly Vector[]) {
    test(name, () => {
      const heard = feedThreeWays(
        () => new Ear("server"),
        bytesOf(bytes),
        (ear) => ear.end().notes,
      );
      assert.deepEqual(heard, notes);
    });
  }
});

function accepts(vectors: readonly Vector[], options: EarOptions = {}): void {
  for (const [name, bytes, notes] of vectors) {
    test(name, () => {
      const heard = feedThreeWays(
        () => new Ear("server", options),
        bytesOf(bytes),
        (ear) => ear.notes,
      );
      assert.deepEqual(heard, notes);
    });
  }
}
