/**
 * What a server refuses: wherever two readers of the same bytes might see two different requests. Each vector is fed whole,
 * byte by byte and at random cuts; behind it always follows a request that must not be heard.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { feedThreeWays } from "../../testing/index.ts";
import { bytesOf, Ear } from "./ear.fixture.test.ts";

type Vector = readonly [name: string, bytes: string, status: number, problem: RegExp];

const H = "Host: a\r\n";
const GET = `GET / HTTP/1.1\r\n${H}`;
const POST = `POST / HTTP/1.1\r\n${H}`;
const TE = "Transfer-Encoding: chunked\r\n";
const CHUNKED = `${POST}${TE}\r\n`;
const HIDDEN = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";

describe("a request line that is refused", () => {
  refuses([
    ["two blanks before the target", `GET  / HTTP/1.1\r\n${H}\r\n`, 400, /request target/],
    ["two blanks before the version", `GET /  HTTP/1.1\r\n${H}\r\n`, 400, /version/],
    ["a tab for a blank", `GET\t/ HTTP/1.1\r\n${H}\r\n`, 400, /no method/],
    ["a blank behind the version", `GET / HTTP/1.1 \r\n${H}\r\n`, 400, /CRLF/],
    ["a blank before the method", ` GET / HTTP/1.1\r\n${H}\r\n`, 400, /byte 32/],
    ["no version", "GET /\r\n\r\n", 400, /request target/],
    ["a version in small letters", `GET / http/1.1\r\n${H}\r\n`, 400, /version/],
    ["a version without a dot", `GET / HTTP/11\r\n${H}\r\n`, 400, /version/],
    ["a version with a comma", `GET / HTTP/1,1\r\n${H}\r\n`, 400, /version/],
    ["a version of three digits", `GET / HTTP/1.10\r\n${H}\r\n`, 400, /CRLF/],
    ["a version with a zero before it", `GET / HTTP/01.1\r\n${H}\r\n`, 400, /version/],
    ["a version with a sign", `GET / HTTP/+1.1\r\n${H}\r\n`, 400, /version/],
    ["HTTP/0.9", `GET / HTTP/0.9\r\n${H}\r\n`, 505, /0\.9/],
    ["HTTP/2.0", `GET / HTTP/2.0\r\n${H}\r\n`, 505, /2\.0/],
    ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, /2\.0/],
    ["another protocol's version", `GET / ICAP/1.0\r\n${H}\r\n`, 400, /version/],
    ["a bare LF", `GET / HTTP/1.1\n${H}\r\n`, 400, /CRLF/],
    ["a bare CR", `GET / HTTP/1.1\rHost: a\r\n\r\n`, 400, /no LF follows/],
    ["a CR in the target", `GET /\rX HTTP/1.1\r\n${H}\r\n`, 400, /request target/],
    ["a NUL in the target", `GET /\0 HTTP/1.1\r\n${H}\r\n`, 400, /request target/],
    ["a byte above ASCII in the target", `GET /\xe4 HTTP/1.1\r\n${H}\r\n`, 400, /request target/],
    ["a fragment", `GET /#x HTTP/1.1\r\n${H}\r\n`, 400, /request target/],
    ["a control in the method", `GE\x01T / HTTP/1.1\r\n${H}\r\n`, 400, /no method/],
    ["a method with a colon", `GET: / HTTP/1.1\r\n${H}\r\n`, 400, /no method/],
    ["no method", ` / HTTP/1.1\r\n${H}\r\n`, 400, /byte 32/],
    ["two empty lines before it", `\r\n\r\n${GET}\r\n`, 400, /no method/],
    ["an LF alone before it", `\n${GET}\r\n`, 400, /byte 10/],
    ["TLS", "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", 400, /byte 22/],
    ["a line too long", `GET /${"x".repeat(8_200)} HTTP/1.1\r\n${H}\r\n`, 414, /8192 bytes/],
    ["a line without an end", `GET /${"x".repeat(9_000)}`, 414, /8192 bytes/],
  ]);
});

describe("a target that is refused", () => {
  refuses([
    ["a name for GET", `GET a HTTP/1.1\r\n${H}\r\n`, 400, /neither a path/],
    ["host and port for GET", `GET a:80 HTTP/1.1\r\n${H}\r\n`, 400, /neither a path/],
    ["* for GET", `GET * HTTP/1.1\r\n${H}\r\n`, 400, /other method than OPTIONS/],
    ["*x for OPTIONS", `OPTIONS *x HTTP/1.1\r\n${H}\r\n`, 400, /neither a path/],
    ["a URL without a host", `GET http:/// HTTP/1.1\r\n${H}\r\n`, 400, /without a valid host/],
    ["a URL with a user", `GET http://u@a/ HTTP/1.1\r\n${H}\r\n`, 400, /without a valid host/],
    ["a URL with a bad port", `GET http://a:b/ HTTP/1.1\r\n${H}\r\n`, 400, /without a valid host/],
    ["a scheme that begins with a digit", `GET 1http://a/ HTTP/1.1\r\n${H}\r\n`, 400, /neither a path/],
    ["a path for CONNECT", `CONNECT / HTTP/1.1\r\n${H}\r\n`, 400, /no host:port/],
    ["a URL for CONNECT", `CONNECT http://a:1/ HTTP/1.1\r\n${H}\r\n`, 400, /no host:port/],
    ["no port for CONNECT", `CONNECT a HTTP/1.1\r\n${H}\r\n`, 400, /no host:port/],
    ["an empty port for CONNECT", `CONNECT a: HTTP/1.1\r\n${H}\r\n`, 400, /no host:port/],
    ["no host for CONNECT", `CONNECT :443 HTTP/1.1\r\n${H}\r\n`, 400, /no host:port/],
    ["a port too large for CONNECT", `CONNECT a:65536 HTTP/1.1\r\n${H}\r\n`, 400, /no host:port/],
    ["* for CONNECT", `CONNECT * HTTP/1.1\r\n${H}\r\n`, 400, /no host:port/],
  ]);
});

describe("a Host that is refused", () => {
  refuses([
    ["none", "GET / HTTP/1.1\r\n\r\n", 400, /without Host/],
    ["none in HTTP/1.2", "GET / HTTP/1.2\r\n\r\n", 400, /without Host/],
    ["none beside a URL", "GET http://a/ HTTP/1.1\r\n\r\n", 400, /without Host/],
    ["two", `${GET}Host: b\r\n\r\n`, 400, /twice/],
    ["two that agree", `${GET}host: a\r\n\r\n`, 400, /twice/],
    ["two in HTTP/1.0", `GET / HTTP/1.0\r\n${H}${H}\r\n`, 400, /twice/],
    ...[
      "a b",
      "a,b",
      "a/b",
      "a@b",
      "a:b",
      "a:80:90",
      "a:99999",
      "a?b",
      "a#b",
      "[::1",
      "::1",
      "[::1]x",
      "[]",
      "[:]",
      "[1.2.3.4]",
      "[1:2]",
      "[x]",
      "\xe4",
      "a%2",
      "a\\b",
      '"a"',
      "<a>",
      ":80",
    ].map((host): Vector => [JSON.stringify(host), `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 400, /no host/]),
  ]);
});

describe("a field that is refused", () => {
  const names = [
    "a(",
    "a)",
    "a,",
    "a/",
    "a;",
    "a<",
    "a=",
    "a>",
    "a?",
    "a@",
    "a[",
    "a\\",
    "a]",
    "a{",
    "a}",
    'a"',
    "a\0",
    "a\x7f",
    "a\x80",
    "a\xe4",
    "\x01",
  ];
  const values = ["\0", "\x01", "\x08", "\x0b", "\x0c", "\x1f", "\x7f", "b\0c", "b\rc", "\rb", "b\r"];
  refuses([
    ["a blank before the colon", `${GET}X : 1\r\n\r\n`, 400, /blank before the colon/],
    ["a blank in the name", `${GET}a b: 1\r\n\r\n`, 400, /blank before the colon/],
    ["a tab before the colon", `${GET}X\t: 1\r\n\r\n`, 400, /blank before the colon/],
    [
      "a blank before the colon of Transfer-Encoding",
      `${POST}Transfer-Encoding : chunked\r\n\r\n`,
      400,
      /blank before the colon/,
    ],
    ["a line folded", `${GET}X: 1\r\n 2\r\n\r\n`, 400, /obs-fold/],
    ["a line folded by a tab", `${GET}X: 1\r\n\t2\r\n\r\n`, 400, /obs-fold/],
    ["a line of blanks", `${GET}X: 1\r\n  \r\n\r\n`, 400, /obs-fold/],
    ["a blank before the first one", `GET / HTTP/1.1\r\n ${H}\r\n`, 400, /obs-fold/],
    ["a coding on a folded line", `${POST}Transfer-Encoding:\r\n chunked\r\n\r\n`, 400, /not chunked/],
    ["no colon", `${GET}X\r\n\r\n`, 400, /name of a field/],
    ["no name", `${GET}: 1\r\n\r\n`, 400, /without a name/],
    ["a bare LF", `${GET}X: 1\n\r\n`, 400, /byte 10 in the value/],
    ["an LF at the end of the head", `${GET}\n`, 400, /without a name/],
    ["a CR before CRLF", `${GET}X: 1\r\r\n\r\n`, 400, /CR without LF/],
    ["a CR before the end of the head", `${GET}\r\r\n`, 400, /without a name/],
    ["a coding behind a bare CR", `${POST}X: 1\rTransfer-Encoding: chunked\r\n\r\n`, 400, /CR without LF/],
    ["a coding behind a bare LF", `${POST}X: 1\nTransfer-Encoding: chunked\r\n\r\n`, 400, /byte 10/],
    ...names.map((name): Vector => [`the name ${JSON.stringify(name)}`, `${GET}${name}: 1\r\n\r\n`, 400, /name/]),
    ...values.map((value): Vector => [`the value ${JSON.stringify(value)}`, `${GET}X: ${value}\r\n\r\n`, 400, /value/]),
    ["too many", `${GET}${"X: 1\r\n".repeat(128)}\r\n`, 431, /more than 128 fields/],
    ["one too long", `${GET}X: ${"x".repeat(33_000)}\r\n\r\n`, 431, /more than 32768 bytes/],
    ["one without an end", `${GET}X: ${"x".repeat(33_000)}`, 431, /more than 32768 bytes/],
    ["many too long together", `${GET}${`X: ${"x".repeat(4_000)}\r\n`.repeat(9)}\r\n`, 431, /more than 32768 bytes/],
    ["another expectation", `${POST}Expect: a-pony\r\n\r\n`, 417, /expects/],
  ]);
});

describe("a length or coding that is refused", () => {
  const lengths = [
    "+1",
    "-1",
    "0x1",
    "1 1",
    "1,1",
    "1, 1",
    "1.0",
    "1e1",
    "",
    "a",
    "1a",
    "\xb9",
    "1;",
    "'1'",
    '"1"',
    "1_0",
    "0000000000000001",
    "9".repeat(16),
    "18446744073709551617",
  ];
  const codings = [
    "identity",
    "gzip",
    "chunked, gzip",
    "chunked, chunked",
    "chunked, identity",
    "xchunked",
    "chunkedx",
    "chunked;q=1",
    '"chunked"',
    "chunk",
    "",
    ",chunked,",
    "chunked,",
    "chun ked",
    "\xa0chunked",
  ];
  refuses([
    ...lengths.map(
      (length): Vector => [
        `Content-Length: ${length}`,
        `${POST}Content-Length: ${length}\r\n\r\n`,
        400,
        /Content-Length/,
      ],
    ),
    ...codings.map(
      (coding): Vector => [
        `Transfer-Encoding: ${coding}`,
        `${POST}Transfer-Encoding: ${coding}\r\n\r\n`,
        400,
        /Transfer-Encoding/,
      ],
    ),
    ["a coding that is not known", `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n`, 501, /besides chunked/],
    ["identity and chunked", `${POST}Transfer-Encoding: identity, chunked\r\n\r\n`, 501, /besides chunked/],
    ["two lengths", `${POST}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, 400, /twice/],
    ["two lengths that agree", `${POST}Content-Length: 1\r\ncontent-length: 1\r\n\r\n`, 400, /twice/],
    ["two codings", `${POST}${TE}${TE}\r\n`, 400, /twice/],
    ["a coding and another one", `${POST}${TE}Transfer-Encoding: identity\r\n\r\n`, 400, /twice/],
    ["a length and a coding", `${POST}Content-Length: 4\r\n${TE}\r\n`, 400, /in one head/],
    ["a coding and a length", `${POST}${TE}Content-Length: 4\r\n\r\n`, 400, /in one head/],
    ["a coding and a length of nothing", `${POST}${TE}Content-Length: 0\r\n\r\n`, 400, /in one head/],
    ["a coding in HTTP/1.0", `POST / HTTP/1.0\r\n${TE}\r\n`, 400, /HTTP\/1\.0/],
    ["a length above the limit", `${POST}Content-Length: 99999999999\r\n\r\n`, 413, /at most 1073741824/],
    ["CONNECT with a length", `CONNECT a:1 HTTP/1.1\r\n${H}Content-Length: 1\r\n\r\n`, 400, /CONNECT with a body/],
    ["CONNECT with a coding", `CONNECT a:1 HTTP/1.1\r\n${H}${TE}\r\n`, 400, /CONNECT with a body/],
    ["TRACE with a length", `TRACE / HTTP/1.1\r\n${H}Content-Length: 1\r\n\r\n`, 400, /TRACE with a body/],
  ]);
});

describe("chunks that are refused", () => {
  const sizes = [
    "",
    " 1",
    "1 ",
    "1\t",
    "+1",
    "-1",
    "0x1",
    "x",
    "1x",
    "g",
    "1.0",
    "1,1",
    "\xb9",
    "1\0",
    "00000000000001",
    "fffffffffffffffff",
    "10000000000000001",
    "1\r",
    ";a=b",
    "\r",
  ];
  const extensions = [
    ";",
    ";;",
    "; a",
    ";a b",
    ";a =b",
    ";a= b",
    ";a=",
    ";=b",
    ';a="b',
    ';a="b"c',
    ";a\0",
    ";a=b\x7f",
    ";a\r",
  ];
  refuses([
    ...sizes.map(
      (size): Vector => [`the size ${JSON.stringify(size)}`, `${CHUNKED}${size}\r\nx\r\n0\r\n\r\n`, 400, /chunk/],
    ),
    ...extensions.map(
      (text): Vector => [
        `the extension ${JSON.stringify(text)}`,
        `${CHUNKED}1${text}\r\nx\r\n0\r\n\r\n`,
        400,
        /behind the size/,
      ],
    ),
    ["a size that ends with LF", `${CHUNKED}1\nx\r\n0\r\n\r\n`, 400, /chunk/],
    ["an extension that ends with LF", `${CHUNKED}1;a\nx\r\n0\r\n\r\n`, 400, /LF alone/],
    ["data longer than its size", `${CHUNKED}1\r\nxy\r\n0\r\n\r\n`, 400, /longer than its size/],
    ["data that ends with LF", `${CHUNKED}1\r\nx\n0\r\n\r\n`, 400, /longer than its size/],
    ["data that ends with CR", `${CHUNKED}1\r\nx\r0\r\n\r\n`, 400, /longer than its size/],
    ["data without an end", `${CHUNKED}1\r\nx0\r\n\r\n`, 400, /longer than its size/],
    ["a line too long", `${CHUNKED}1;${"a".repeat(300)}\r\nx\r\n`, 400, /more than 256 bytes/],
    ["a line without an end", `${CHUNKED}1;${"a".repeat(300)}`, 400, /more than 256 bytes/],
    ["a size without an end", `${CHUNKED}${"0".repeat(300)}`, 400, /more than 256 bytes/],
    ["many extensions", `${CHUNKED}${`1;${"a".repeat(240)}\r\nx\r\n`.repeat(20)}`, 400, /more than 4096 bytes/],
    ["a size above the limit", `${CHUNKED}fffffffff\r\n`, 413, /more than 1073741824/],
    ["a length among trailers", `${CHUNKED}0\r\nContent-Length: 1\r\n\r\n`, 400, /belongs in the head/],
    ["a coding among trailers", `${CHUNKED}0\r\n${TE}\r\n`, 400, /belongs in the head/],
    ["Host among trailers", `${CHUNKED}0\r\n${H}\r\n`, 400, /belongs in the head/],
    ["Connection among trailers", `${CHUNKED}0\r\nConnection: close\r\n\r\n`, 400, /belongs in the head/],
    ["a bad trailer", `${CHUNKED}0\r\nA : 1\r\n\r\n`, 400, /blank before the colon/],
    ["a folded trailer", `${CHUNKED}0\r\n A: 1\r\n\r\n`, 400, /obs-fold/],
    ["trailers too long", `${CHUNKED}0\r\nA: ${"x".repeat(9_000)}\r\n\r\n`, 431, /more than 8192 bytes/],
    ["too many trailers", `${CHUNKED}0\r\n${"A: 1\r\n".repeat(129)}\r\n`, 431, /more than 128 fields/],
    ["an LF at the end of the trailers", `${CHUNKED}0\r\n\n`, 400, /without a name/],
  ]);
});

describe("a limit", () => {
  const limits = {
    maxStartLineBytes: 20,
    maxFieldsBytes: 30,
    maxFields: 3,
    maxChunkLineBytes: 8,
    maxExtensionBytes: 6,
  };
  const more = { maxTrailersBytes: 12, maxBodyBytes: 10 };
  const line = (length: number): string => `GET /${"x".repeat(length - 14)} HTTP/1.1\r\n`;
  const field = (length: number): string => `X:${"x".repeat(length - 4)}\r\n`;
  for (const [name, within, beyond, status] of [
    ["of the start line", `${line(20)}${H}\r\n`, `${line(21)}${H}\r\n`, 414],
    ["of a field", `${line(14)}${H}${field(21)}\r\n`, `${line(14)}${H}${field(22)}\r\n`, 431],
    [
      "of all fields",
      `${line(14)}${H}${field(10)}${field(11)}\r\n`,
      `${line(14)}${H}${field(10)}${field(12)}\r\n`,
      431,
    ],
    ["of their number", `${line(14)}${H}A:\r\nB:\r\n\r\n`, `${line(14)}${H}A:\r\nB:\r\nC:\r\n\r\n`, 431],
    [
      "of a length",
      `${line(14)}${H}Content-Length:10\r\n\r\n0123456789`,
      `${line(14)}${H}Content-Length:11\r\n\r\n`,
      413,
    ],
  ] as const) {
    test(`${name} is exact`, () => check(within, beyond, status));
  }

  const CODED = "P / HTTP/1.1\r\nHost:\r\nTransfer-Encoding:chunked\r\n\r\n";
  for (const [name, within, beyond, status] of [
    ["of a chunk's line", "1;aaaa\r\nx\r\n0\r\n\r\n", "1;aaaaa\r\nx\r\n0\r\n\r\n", 400],
    ["of extensions together", "1;aa\r\nx\r\n1;bb\r\nx\r\n0\r\n\r\n", "1;aa\r\nx\r\n1;bbb\r\nx\r\n0\r\n\r\n", 400],
    ["of one chunk", "a\r\n0123456789\r\n0\r\n\r\n", "b\r\n", 413],
    ["of chunks together", "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n", "5\r\n01234\r\n6\r\n", 413],
    ["of trailers", `0\r\n${field(12)}\r\n`, `0\r\n${field(13)}\r\n`, 431],
  ] as const) {
    test(`${name} is exact`, () => check(CODED + within, CODED + beyond, status, 60));
  }

  test("of the body of an answer without a length is exact", () => {
    for (const [body, last] of [
      ["0123456789", "closed"],
      ["0123456789+", "!502 a body of more than 10 bytes"],
    ] as const) {
      const notes = feedThreeWays(
        () => new Ear("client", { asked: ["GET"], limits: { maxBodyBytes: 10 } }),
        bytesOf(`HTTP/1.1 200 OK\r\n\r\n${body}`),
        (ear) => ear.end().notes,
      );
      assert.deepEqual(notes.slice(1, 2), ["data 0123456789"]);
      assert.equal(notes.at(-1), last);
    }
  });

  function check(within: string, beyond: string, status: number, maxFieldsBytes = 30): void {
    const heard = (text: string): readonly string[] =>
      feedThreeWays(
        () => new Ear("server", { limits: { ...limits, ...more, maxFieldsBytes } }),
        bytesOf(text),
        (ear) => ear.notes,
      );
    assert.match(heard(within).at(-1) ?? "", /^end/);
    assert.match(heard(beyond).at(-1) ?? "", new RegExp(`^!${status} `));
    // Without an end the verdict is the same, at the very byte that is one too many.
    const lineEnd = beyond.indexOf("\r\n");
    if (status === 414) assert.match(heard(beyond.slice(0, lineEnd + 1)).at(-1) ?? "", /^!414/);
  }
});

function refuses(vectors: readonly Vector[]): void {
  for (const [name, bytes, status, problem] of vectors) {
    test(`${name}: ${status}`, () => {
      const { notes, answer } = feedThreeWays(
        () => new Ear("server"),
        bytesOf(bytes + HIDDEN),
        (ear) => ({ notes: ear.notes, answer: ear.refused() }),
        // Long ones show nothing new at every cut.
        { randomRuns: bytes.length > 1_000 ? 4 : 20 },
      );
      assert.match(notes.at(-1) ?? "", new RegExp(`^!${status} `));
      assert.match(notes.at(-1) ?? "", problem);
      assert.ok(!notes.some((note) => note.includes("hidden")));
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*Connection: close\r\n\r\n`));
    });
  }
}
