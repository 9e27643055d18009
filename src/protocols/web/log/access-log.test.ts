import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { MemoryReactor, MemoryTransport } from "../../../testing/index.ts";
import { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { webServer } from "../server/server.ts";
import type { Responder, ServedRequest } from "../server/site.ts";
import { type AccessLogOptions, accessLog, combinedLogLine, jsonLogLine } from "./access-log.ts";

const PEER = { kind: "tcp", host: "192.0.2.7", port: 50_000, family: 4 } as const;

function served(
  fields: Partial<ServedRequest> & { readonly url?: string; readonly headers?: Record<string, string> } = {},
): ServedRequest {
  const request = new Request(fields.url ?? "http://rope.example/a?b", { headers: fields.headers ?? {} });
  return { request, peer: PEER, status: 200, sentBytes: 5, tookMs: 12.34567, isComplete: true, ...fields };
}

/** The lines of a server that was sent this. */
function linesOf(
  text: string,
  options: Partial<AccessLogOptions>,
  answer: Responder = () => new Response("hello"),
): string[] {
  const reactor = new MemoryReactor();
  const lines: string[] = [];
  const onServed = accessLog({ clock: reactor, write: (line) => lines.push(line), ...options });
  const transport = new MemoryTransport({ clock: reactor });
  const factory = webServer(reactor, answer, { served: onServed });
  transport.attach(factory.buildProtocol(transport.peer) as never);
  transport.remote.write(text);
  if (lines.length === 0) transport.remote.reset();
  return lines;
}

describe("a combined line", () => {
  it("says who asked for what, when, and what came of it", () => {
    const headers = { Referer: "http://rope.example/", "User-Agent": "curl/8" };
    assert.equal(
      combinedLogLine(served({ headers }), { receivedMs: 951_827_696_500, user: "ann" }),
      '192.0.2.7 - ann [29/Feb/2000:12:34:56 +0000] "GET /a?b HTTP/1.1" 200 5 "http://rope.example/" "curl/8"',
    );
  });

  it("has 499 for a client that went, and dashes for what is not known", () => {
    const unix = { kind: "unix", path: "/run/x" } as const;
    assert.equal(
      combinedLogLine(served({ status: 0, sentBytes: 0, isComplete: false, peer: unix }), { receivedMs: 0 }),
      '- - - [01/Jan/1970:00:00:00 +0000] "GET /a?b HTTP/1.1" 499 0 "-" "-"',
    );
  });

  it("lets nobody out of a field or a line", () => {
    const headers = { "User-Agent": 'a" 200 "b\\', Referer: "\x80\xff\t" };
    const line = combinedLogLine(served({ headers }), { receivedMs: 0, user: 'x y\n"', ip: "::1 -" });
    assert.equal(
      line,
      '::1\\x20- - x\\x20y\\x0a\\x22 [01/Jan/1970:00:00:00 +0000] "GET /a?b HTTP/1.1" 200 5 "\\x80\\xff" "a\\x22 200 \\x22b\\x5c"',
    );
  });

  it("is one line of nine fields, whatever the client and the program say", () => {
    const value = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(value, value, value, (agent, user, ip) => {
        const said = agent.replace(/[^\t -~\x80-\xff]/g, "");
        const line = combinedLogLine(served({ headers: { "User-Agent": said } }), { receivedMs: 0, user, ip });
        assert.match(line, /^[!-~]+ - [!-~]+ \[[^\]]+\] "[ -!#-~]+" \d+ \d+ "[ -!#-~]+" "[ -!#-~]+"$/);
      }),
    );
  });
});

describe("a line of JSON", () => {
  it("says the same, and what is not known not at all", () => {
    assert.deepEqual(
      JSON.parse(jsonLogLine(served({ headers: { "User-Agent": "ä" } }), { receivedMs: 951_827_696_500, ip: "::1" })),
      {
        time: "2000-02-29T12:34:56.500Z",
        ip: "::1",
        method: "GET",
        target: "/a?b",
        status: 200,
        bytes: 5,
        ms: 12.346,
        complete: true,
        agent: "ä",
      },
    );
    assert.equal(JSON.parse(jsonLogLine(served({ status: 0 }), { receivedMs: 0 })).status, null);
  });

  it("is printable ASCII, whatever the client says", () => {
    const line = jsonLogLine(served({ headers: { "User-Agent": "\x9b2J\xff" } }), {
      receivedMs: 0,
      user: "\u2028\ud83e\uddf6\x7f",
    });
    assert.match(line, /^[ -~]+$/);
    assert.deepEqual([JSON.parse(line).agent, JSON.parse(line).user], ["\x9b2J\xff", "\u2028\ud83e\uddf6\x7f"]);
  });
});

describe("an access log", () => {
  const GET = "GET http://rope.example/%22?x HTTP/1.1\r\nHost: rope.example\r\n\r\n";

  it("notes what a server has served, by the time at which the request came", () => {
    const [line = ""] = linesOf(GET, { userOf: (request) => request.method.toLowerCase(), ipOf: () => "198.51.100.1" });
    assert.match(line, /^198\.51\.100\.1 - get \[.*\] "GET http:\/\/rope\.example\/%22\?x HTTP\/1\.1" 200 5 "-" "-"$/);
  });

  it("notes a client that went before its answer", () => {
    const lines = linesOf(GET, { format: jsonLogLine }, () => new Promise(() => {}));
    assert.deepEqual(
      lines.map((line) => [JSON.parse(line).status, JSON.parse(line).complete]),
      [[null, false]],
    );
  });
});
