/** What a client hears: each vector whole, byte by byte and at random cuts. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { feedThreeWays } from "../../testing/index.ts";
import { bytesOf, Ear } from "./ear.fixture.test.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const EMPTY = `${OK}Content-Length: 0\r\n\r\n`;
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const SEEN = "200 OK 1.1 {Transfer-Encoding=chunked}";

type Vector = readonly [name: string, asked: readonly string[], bytes: string, notes: readonly string[]];

describe("a client hears", () => {
  hears([
    ["a length", ["GET"], `${OK}Content-Length: 2\r\n\r\nhi`, ["200 OK 1.1 {Content-Length=2}", "data hi", "end"]],
    ["chunks and trailers", ["GET"], `${CHUNKED}2\r\nhi\r\n0\r\nA: b\r\n\r\n`, [SEEN, "data hi", "end {A=b}"]],
    ["no reason", ["GET"], "HTTP/1.1 204 \r\n\r\n", ["204  1.1", "end"]],
    ["no reason and no blank", ["GET"], "HTTP/1.1 204\r\n\r\n", ["204  1.1", "end"]],
    ["a reason in Latin-1", ["GET"], "HTTP/1.1 204 Nix d\xe0\r\n\r\n", ["204 Nix d\xe0 1.1", "end"]],
    [
      "a status nobody knows",
      ["GET"],
      "HTTP/1.1 799 X\r\nContent-Length: 0\r\n\r\n",
      ["799 X 1.1 {Content-Length=0}", "end"],
    ],
    [
      "no body of HEAD",
      ["HEAD", "GET"],
      `${OK}Content-Length: 9\r\n\r\n${EMPTY}`,
      ["200 OK 1.1 {Content-Length=9}", "end", "200 OK 1.1 {Content-Length=0}", "end"],
    ],
    [
      "no body of HEAD, chunked",
      ["HEAD", "GET"],
      `${CHUNKED}${EMPTY}`,
      [SEEN, "end", "200 OK 1.1 {Content-Length=0}", "end"],
    ],
    [
      "no body of 304",
      ["GET", "GET"],
      `HTTP/1.1 304 N\r\nContent-Length: 9\r\n\r\n${EMPTY}`,
      ["304 N 1.1 {Content-Length=9}", "end", "200 OK 1.1 {Content-Length=0}", "end"],
    ],
    [
      "no body of 204",
      ["GET", "GET"],
      `HTTP/1.1 204 N\r\nContent-Length: 9\r\n\r\n${EMPTY}`,
      ["204 N 1.1 {Content-Length=9}", "end", "200 OK 1.1 {Content-Length=0}", "end"],
    ],
    [
      "informational answers before it",
      ["GET"],
      `HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 H\r\nLink: x\r\n\r\n${EMPTY}`,
      ["100 C 1.1", "103 H 1.1 {Link=x}", "200 OK 1.1 {Content-Length=0}", "end"],
    ],
    [
      "answers in the order of their requests",
      ["GET", "HEAD", "GET"],
      `${OK}Content-Length: 1\r\n\r\na${OK}Content-Length: 1\r\n\r\n${OK}Content-Length: 1\r\n\r\nb`,
      [
        "200 OK 1.1 {Content-Length=1}",
        "data a",
        "end",
        "200 OK 1.1 {Content-Length=1}",
        "end",
        "200 OK 1.1 {Content-Length=1}",
        "data b",
        "end",
      ],
    ],
    [
      "the last one",
      ["GET", "GET"],
      `${OK}Connection: close\r\nContent-Length: 0\r\n\r\n${EMPTY}`,
      ["200 OK 1.1 {Connection=close|Content-Length=0}", "end", "closed"],
    ],
    [
      "the last one of HTTP/1.0",
      ["GET", "GET"],
      "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\nx",
      ["200 OK 1.0 {Content-Length=0}", "end", "closed"],
    ],
    [
      "HTTP/1.0 kept alive",
      ["GET"],
      "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
      ["200 OK 1.0 {Connection=keep-alive|Content-Length=0}", "end"],
    ],
    [
      "Set-Cookie line by line",
      ["GET"],
      `${OK}Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n`,
      ["200 OK 1.1 {Set-Cookie=a=1|Set-Cookie=b=2|Content-Length=0}", "end"],
    ],
    [
      "the tunnel of CONNECT",
      ["CONNECT"],
      `${OK}Content-Length: 3\r\n\r\nhello`,
      ["200 OK 1.1 {Content-Length=3}", "switched by connect: hello"],
    ],
    [
      "a CONNECT that is refused",
      ["CONNECT"],
      "HTTP/1.1 403 N\r\nContent-Length: 2\r\n\r\nno",
      ["403 N 1.1 {Content-Length=2}", "data no", "end"],
    ],
    [
      "a switch",
      ["UPGRADE"],
      "HTTP/1.1 101 S\r\nUpgrade: chat\r\n\r\nhello",
      ["101 S 1.1 {Upgrade=chat}", "switched by upgrade: hello"],
    ],
    ["a switch that is not granted", ["UPGRADE"], EMPTY, ["200 OK 1.1 {Content-Length=0}", "end"]],
  ]);
});

describe("a client refuses", () => {
  hears([
    ["an answer that nobody asked for", [], EMPTY, ["!502 an answer that nobody asked for"]],
    [
      "a second answer",
      ["GET"],
      EMPTY + EMPTY,
      ["200 OK 1.1 {Content-Length=0}", "end", "!502 an answer that nobody asked for"],
    ],
    ["another protocol", ["GET"], "SSH-2.0-x\r\n", ["!502 byte 83 where an answer begins"]],
    ["an empty line before it", ["GET"], `\r\n${EMPTY}`, ["!502 byte 13 where an answer begins"]],
    ["ICY", ["GET"], "HTTX/1.1 200 OK\r\n", ["!502 no HTTP version such as HTTP/1.1"]],
    ["HTTP/2.0", ["GET"], "HTTP/2.0 200 OK\r\n\r\n", ["!502 its version is 2.0 instead of 1.1 or 1.0"]],
    ["a status of two digits", ["GET"], "HTTP/1.1 20 OK\r\n", ["!502 no status of three digits"]],
    ["a status of four digits", ["GET"], "HTTP/1.1 2000 OK\r\n", ["!502 no blank follows the status"]],
    ["a status below 100", ["GET"], "HTTP/1.1 099 OK\r\n", ["!502 no status of three digits"]],
    ["two blanks before the status", ["GET"], "HTTP/1.1  200 OK\r\n", ["!502 no status of three digits"]],
    ["a control in the reason", ["GET"], "HTTP/1.1 200 O\x00K\r\n", ["!502 a control character in the reason"]],
    ["a bare LF", ["GET"], "HTTP/1.1 200 OK\nContent-Length: 0\n\n", ["!502 a control character in the reason"]],
    ["obs-fold", ["GET"], `${OK}A: b\r\n c\r\n\r\n`, ["!502 a line that begins with a blank (obs-fold)"]],
    ["two lengths", ["GET"], `${OK}Content-Length: 1\r\nContent-Length: 1\r\n`, ["!502 Content-Length is there twice"]],
    [
      "a length and a coding",
      ["GET"],
      `${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      ["!502 Content-Length and Transfer-Encoding in one head"],
    ],
    [
      "a coding in HTTP/1.0",
      ["GET"],
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      ["!502 Transfer-Encoding in HTTP/1.0"],
    ],
    [
      "another coding",
      ["GET"],
      `${OK}Transfer-Encoding: gzip\r\n`,
      ["!502 a Transfer-Encoding that is not chunked, once and last"],
    ],
    [
      "a switch that was not offered",
      ["GET"],
      "HTTP/1.1 101 S\r\n\r\n",
      ["!502 a switch of protocols (101) that was not offered"],
    ],
    [
      "informational answers without end",
      ["GET"],
      "HTTP/1.1 100 C\r\n\r\n".repeat(33),
      [...new Array(32).fill("100 C 1.1"), "!502 more than 32 informational answers"],
    ],
    [
      "a chunk longer than its size",
      ["GET"],
      `${CHUNKED}1\r\nab\r\n`,
      [SEEN, "data a", "!502 a chunk longer than its size"],
    ],
  ]);
});

describe("a switch that comes too early", () => {
  test("is refused: the request that offers it is not complete", () => {
    const ear = new Ear("client");
    const headers = { Host: "a", Connection: "upgrade", Upgrade: "chat", "Content-Length": "1" };
    ear.connection.send({ type: "request", method: "POST", target: "/", headers });
    ear.receive(bytesOf("HTTP/1.1 101 S\r\nUpgrade: chat\r\n\r\n"));
    assert.deepEqual(ear.notes, ["!502 a switch of protocols (101) that was not offered"]);
  });
});

describe("a client hears the end", () => {
  hears(
    [
      ["of an idle connection", [], "", ["closed"]],
      ["of a body without a length", ["GET"], `${OK}\r\nhello`, ["200 OK 1.1", "data hello", "end", "closed"]],
      ["of a body without a length and bytes", ["GET"], "HTTP/1.0 200 OK\r\n\r\n", ["200 OK 1.0", "end", "closed"]],
      ["instead of an answer", ["GET"], "", ["!502 the connection ended before its answer"]],
      ["in a head", ["GET"], OK, ["!502 the connection ended inside a message"]],
      [
        "in a body",
        ["GET"],
        `${OK}Content-Length: 3\r\n\r\nhi`,
        ["200 OK 1.1 {Content-Length=3}", "data hi", "!502 the connection ended inside a message"],
      ],
      ["in chunks", ["GET"], `${CHUNKED}2\r\nhi\r\n`, [SEEN, "data hi", "!502 the connection ended inside a message"]],
    ],
    true,
  );
});

function hears(vectors: readonly Vector[], ends = false): void {
  for (const [name, asked, bytes, notes] of vectors) {
    test(name, () => {
      const heard = feedThreeWays(
        () => new Ear("client", { asked }),
        bytesOf(bytes),
        (ear) => (ends ? ear.end() : ear).notes,
      );
      assert.deepEqual(heard, notes);
    });
  }
}
