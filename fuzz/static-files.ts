/**
 * Files by any path and any conditions: nothing from outside of the folder and nothing hidden may come out, an answer is what
 * its fields say, only HttpErrors may be thrown, and no file stays open.
 *
 * Inputs are lines: a request target, then the values of Range, If-None-Match, If-Range and Accept-Encoding.
 */
import assert from "node:assert/strict";
import { Deferred } from "ropewalk";
import { HeaderMap } from "ropewalk/http1";
import { MemoryReactor } from "ropewalk/testing";
import { type Answer, HttpError, type ReceivedRequest, Request, staticFiles } from "ropewalk/web";
import type { FuzzTarget } from "./target.ts";

const SECRET = "SECRET";
const ROPE = Array.from({ length: 500 }, (_, at) => String.fromCharCode(97 + (at % 26))).join("");
const FILES = {
  "a.txt": ROPE,
  "a.txt.gz": "packed",
  "folder/index.html": "<p>index",
  "listed/x/y": "y",
  "%2e.txt": "dot",
};
const FIELDS = ["Range", "If-None-Match", "If-Range", "Accept-Encoding"];
const ADDRESS = { kind: "unix", path: "" } as const;

const reactor = new MemoryReactor();
for (const [name, text] of [...Object.entries(FILES), [".hidden", SECRET], ["../secret", SECRET]] as const) {
  reactor.files.makeDirectory(`/site/${name}/..`);
  reactor.files.write(`/site/${name}`, text);
}
reactor.advance(10_000);
const files = staticFiles(reactor, "/site", { listing: true, precompressed: ["gzip"] });

export const staticFolder: FuzzTarget = {
  seeds: [
    '/a.txt\nbytes=0-4, 490-\n"x", W/"y"\n"z"\ngzip, *;q=0.1',
    "/a.txt\nbytes=-5",
    "/../secret\nbytes=0-",
    "/folder/%2e%2e%2f..%5csecret",
    "/listed/..%00/.hidden",
    "/%252e.txt\nbytes=1-2,2-3,,9-",
    "//folder",
    "/folder?x#y",
    "/listed/\n\n*\n\nidentity;q=0",
    '/a.txt/\nlines=1-2\n"\n',
    "/.hidden",
    '/./.hidden\nbytes=500-\nW/"1f4-"',
  ],
  words: ["bytes=", "..", "%2e", "%2f", "%5c", "%00", "/", "-", ",", "W/", '"', ";q=0", "gzip", ".hidden", "a.txt"],
  run(data) {
    const [target = "", ...values] = Buffer.from(data).toString("latin1").split("\n");
    // What the parser of HTTP/1.1 lets through.
    if (!/^\/[!-~]*$/.test(target) || values.some((value) => /[^\t -~\x80-\xff]/.test(value))) return;
    // One after the other, so that a file that stays open has one to blame. A rejection ends the program, or the test that runs.
    last = last.then(async () => {
      try {
        await answerTo(target, values);
      } catch (cause) {
        const input = JSON.stringify(Buffer.from(data).toString("latin1"));
        throw new Error(`Fuzzing found a fault with the input ${input}: ${String(cause)}`, { cause });
      }
    });
  },
};

let last: Promise<void> = Promise.resolve();

async function answerTo(target: string, values: readonly string[]): Promise<void> {
  const headers = new HeaderMap();
  for (const [at, name] of FIELDS.entries()) if (values[at] !== undefined) headers.append(name, values[at]);
  let answer: Answer;
  try {
    answer = await files(new Request(received(target, headers)));
  } catch (error) {
    assert.ok(error instanceof HttpError, String(error));
    assert.ok([400, 404, 416].includes(error.status), `status ${error.status}`);
    return;
  }
  const body = Buffer.from(await answer.arrayBuffer()).toString("latin1");
  assert.ok(!body.includes(SECRET) && !body.includes(".hidden"), "a secret");
  const location = answer.headers.get("location");
  if (location !== null) assert.match(location, /^\/(?!\/)/);
  const length = answer.headers.get("content-length");
  if (length !== null) assert.equal(body.length, Number(length));
  const range = /^bytes (\d+)-(\d+)\/500$/.exec(answer.headers.get("content-range") ?? "");
  if (range !== null) assert.equal(body, ROPE.slice(Number(range[1]), Number(range[2]) + 1));
  if (answer.status === 206 && range === null && body.length < 64 * 150) {
    assert.match(
      answer.headers.get("content-type") ?? "",
      /^multipart\/byteranges; boundary=[\da-f]{32}$|^text\/|^application\//,
    );
  }
  assert.equal(reactor.files.openFiles, 0);
}

function received(target: string, headers: HeaderMap): ReceivedRequest {
  return {
    head: {
      type: "request",
      method: "GET",
      target,
      authority: "rope.example",
      version: "1.1",
      headers,
      expectsContinue: false,
      offersUpgrade: false,
      bodyBytes: 0,
    },
    body: null,
    peer: ADDRESS,
    local: ADDRESS,
    isSecure: false,
    signal: () => new AbortController().signal,
    notifyFinish: () => new Deferred(),
    sendInformational: () => undefined,
  };
}
