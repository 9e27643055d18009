/**
 * The parser of `ropewalk/http1` against h11's: the same random messages, events compared. HTTP1_ORACLE_CASES says how many
 * (6 000 unless set), HTTP1_ORACLE_SEED where to begin (1). Needs python3-h11 at /usr/bin/python3.
 */
import assert from "node:assert/strict";
import { env } from "node:process";
import { describe, test } from "node:test";
import { type HeaderMap, Http1Connection, type Http1Event, RemoteProtocolError } from "ropewalk/http1";
import { seededRandom } from "ropewalk/testing";
import { type Http1Case, http1Case } from "./http1-case.ts";
import { pythonAbsence, tracesOfTwisted } from "./twisted.ts";

type Entry = readonly [string, ...unknown[]];

describe("ropewalk/http1 and h11", () => {
  test("hear the same in random messages, and refuse the same but for what is listed here", {
    skip: pythonAbsence("h11"),
  }, () => {
    const count = Number(env["HTTP1_ORACLE_CASES"] ?? 6_000);
    const firstSeed = Number(env["HTTP1_ORACLE_SEED"] ?? 1);
    const cases = Array.from({ length: count }, (_, index) =>
      http1Case(firstSeed + index, seededRandom(firstSeed + index)),
    );
    const theirs = tracesOfTwisted<Http1Case, Entry[]>("http1-h11.py", cases);
    const seen = { accepted: 0, refused: 0, different: 0 };
    for (const [index, one] of cases.entries()) seen[compared(one, traceOf(one), theirs[index] as Entry[])]++;
    // Cases that are all refused, or all differ, would agree about nothing.
    assert.ok(seen.accepted > count / 3 && seen.refused > count / 5, JSON.stringify(seen));
  });
});

/** How the two compare; throws if they differ in a way that nobody meant. */
function compared(
  one: Http1Case,
  ours: readonly Entry[],
  theirs: readonly Entry[],
): "accepted" | "refused" | "different" {
  const about = `seed ${one.seed}: ${JSON.stringify(one)}\nours: ${JSON.stringify(ours)}\nh11: ${JSON.stringify(theirs)}`;
  const error = errorOf(ours);
  if (error === undefined && MILDER.test(errorOf(theirs) ?? "")) return "different";
  if (error === undefined) {
    const more = OLD_KEPT.test(one.text) && errorOf(theirs) === undefined ? ours.slice(0, theirs.length) : ours;
    assert.deepEqual(more, theirs, about);
    return "accepted";
  }
  const isStricter = STRICTER.some((pattern) => pattern.test(error));
  assert.ok(isStricter || errorOf(theirs) !== undefined, about);
  // Of the message with the fault in it one may have heard more than the other.
  const heard = ours.slice(0, -1);
  const last = heard.at(-1);
  if (last?.[0] === "data") heard.pop();
  const same = Math.min(heard.length, theirs.length - (errorOf(theirs) === undefined ? 0 : 1));
  assert.deepEqual(heard.slice(0, same), theirs.slice(0, same), about);
  return errorOf(theirs) === undefined ? "different" : "refused";
}

function errorOf(trace: readonly Entry[]): string | undefined {
  const last = trace.at(-1);
  return last?.[0] === "error" ? String(last[1]) : undefined;
}

function traceOf({ role, asked, text }: Http1Case): Entry[] {
  const connection = new Http1Connection(role);
  if (asked !== "") {
    const target = asked === "CONNECT" ? "a:1" : "/";
    connection.sendWhole({ type: "request", method: asked, target, headers: { Host: "a" } });
  }
  const trace: Entry[] = [];
  connection.receive(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  connection.receiveEnd();
  try {
    for (let event = connection.next(); event !== undefined; event = connection.next()) {
      note(event, trace);
      if (event.type !== "end") continue;
      if (role === "client") break;
      connection.sendWhole({ type: "response", status: 403 });
    }
  } catch (error) {
    assert.ok(error instanceof RemoteProtocolError, String(error));
    trace.push(["error", error.problem]);
  }
  return trace;
}

function note(event: Http1Event, trace: Entry[]): void {
  switch (event.type) {
    case "request":
      trace.push(["request", event.method, event.target, fields(event.headers)]);
      break;
    case "response":
    case "informational":
      trace.push(["status", event.status, event.reason, fields(event.headers)]);
      break;
    case "data": {
      const data = String.fromCharCode(...event.data);
      const last = trace.at(-1);
      if (last?.[0] === "data") trace[trace.length - 1] = ["data", String(last[1]) + data];
      else trace.push(["data", data]);
      break;
    }
    case "end":
      trace.push(["end", fields(event.trailers)]);
      break;
    default:
  }
}

/** As h11 tells them: names in small letters, and the one value that it changes. */
function fields(headers: HeaderMap): [string, string][] {
  return [...headers].map(([name, value]) => {
    const lower = name.toLowerCase();
    return [lower, lower === "transfer-encoding" ? value.toLowerCase() : value];
  });
}

/** What we refuse and h11 does not; the ledger in src/protocols/http1/README.md names each. */
const STRICTER: readonly RegExp[] = [
  /^no blank follows the status$/,
  // Folded: their value is on the next line.
  /^Content-Length is empty$|^a Transfer-Encoding that is not chunked/,
  /^a tab beside the value/,
  /^byte 10 in the value|^a field without a name$|^a line that begins with a blank/,
  /^no CRLF follows the version$|^a control character in the reason$|^byte 127 in the value/,
  /^its version is|^it expects|^a request of HTTP\/1\.1 without Host$|^Host is there twice$|^the value of Host is no host$/,
  /^the target|^a target of|^no request target/,
  /^Content-Length is no number$|^Content-Length is there twice$|^Content-Length has more than 15 digits$/,
  /^Content-Length and Transfer-Encoding|^Transfer-Encoding in HTTP\/1\.0$|with a body$/,
  /^something else than extensions|^a chunk without a hexadecimal size$|^a chunk's line that ends with LF alone$/,
  /^a field in the trailers that belongs in the head$/,
];

/** What h11 refuses and we do not, in its words: an empty line before a request. */
const MILDER = /^no request line received$/;
/** What h11 ends and we go on with. */
const OLD_KEPT = /HTTP\/1\.0[\s\S]*keep-alive/;
