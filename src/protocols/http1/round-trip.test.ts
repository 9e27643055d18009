/** Whatever one side may say the other hears, in whatever pieces it travels. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { cutUp } from "../../testing/index.ts";
import { joinBytes } from "../../wire/join-bytes.ts";
import { Http1Connection } from "./connection.ts";
import type { Http1Event } from "./index.ts";

type Framing = "whole" | "length" | "chunked";

interface Message {
  readonly headers: readonly (readonly [string, string])[];
  readonly parts: readonly Uint8Array[];
  readonly framing: Framing;
  readonly trailers: readonly (readonly [string, string])[];
}

const name = fc.stringMatching(/^x-[\w!#$%&'*+.^`|~-]{1,20}$/);
const value = fc.stringMatching(/^(?:[!-~\xa1-\xff](?:[\t -~\xa0-\xff]{0,30}[!-~\xa1-\xff])?)?$/);
const fields = fc.array(fc.tuple(name, value), { maxLength: 8 });
const message: fc.Arbitrary<Message> = fc.record({
  headers: fields,
  parts: fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }),
  framing: fc.constantFrom<Framing>("whole", "length", "chunked"),
  trailers: fields,
});
const exchange = fc.record({
  method: fc.constantFrom("GET", "POST", "PUT", "HEAD", "BREW"),
  target: fc.stringMatching(/^\/[!"$-~]{0,40}$/),
  status: fc.constantFrom(200, 201, 404, 500, 599),
  informational: fc.boolean(),
  request: message,
  response: message,
});

describe("what a client says and a server answers", () => {
  test("is heard as it was said: pipelined, in any pieces", () => {
    fc.assert(
      fc.property(fc.array(exchange, { minLength: 1, maxLength: 5 }), fc.nat(1_000), (exchanges, seed) => {
        const client = new Http1Connection("client");
        const server = new Http1Connection("server");
        const asked = exchanges.map(({ method, target, request }) =>
          said(client, { type: "request", method, target, headers: [["Host", "a"], ...request.headers] }, request),
        );
        for (const piece of cutUp(joinBytes(asked.flat()), { seed, maxBytes: 1 + seed })) server.receive(piece);
        for (const { method, target, status, informational, request, response } of exchanges) {
          const heard = heardBy(server);
          const [head] = heard;
          assert.ok(head?.type === "request");
          assert.deepEqual([head.method, head.target], [method, target]);
          same(heard, request, method);
          if (informational) client.receive(server.send({ type: "informational", status: 103 }));
          const answer = said(server, { type: "response", status, headers: response.headers }, response, method);
          for (const piece of cutUp(joinBytes(answer), { seed, maxBytes: 1 + seed })) client.receive(piece);
          const told = heardBy(client);
          if (informational) assert.equal(told.shift()?.type, "informational");
          const [final] = told;
          assert.ok(final?.type === "response" && final.status === status);
          same(told, response, method);
        }
        assert.equal(client.unanswered + server.unanswered, 0);
        assert.deepEqual([client.waitsFor, server.waitsFor], ["idle", "idle"]);
      }),
      { numRuns: 300 },
    );
  });
});

type Head = Extract<Parameters<Http1Connection["send"]>[0], { readonly type: "request" | "response" }>;

/** Says it, and gives the bytes. */
function said(by: Http1Connection, head: Head, { parts, framing, trailers }: Message, method = ""): Uint8Array[] {
  const isBodiless = method === "HEAD";
  const whole = joinBytes(parts);
  if (framing === "whole") return [by.sendWhole(head, whole)];
  const added: [string, string] =
    framing === "length" ? ["Content-Length", String(whole.length)] : ["Transfer-Encoding", "chunked"];
  const headers = [...(head.headers as Iterable<[string, string]>), added];
  const pieces = [by.send({ ...head, headers })];
  if (!isBodiless)
    for (const data of parts)
      pieces.push(by.send({ type: "data", data, ...(framing === "chunked" && { extensions: ";a=b" }) }));
  pieces.push(by.send({ type: "end", ...(framing === "chunked" && !isBodiless && { trailers }) }));
  return pieces;
}

function heardBy(connection: Http1Connection): Http1Event[] {
  const events: Http1Event[] = [];
  for (let event = connection.next(); event !== undefined; event = connection.next()) events.push(event);
  return events;
}

/** The headers that were given are a part of those that came; the body is the same; so are the trailers. */
function same(events: readonly Http1Event[], { headers, parts, framing, trailers }: Message, method: string): void {
  const head = events[0];
  assert.ok(head?.type === "request" || head?.type === "response");
  const isBodiless = head.type === "response" && method === "HEAD";
  const own = [...head.headers].filter(([each]) => each.startsWith("x-"));
  assert.deepEqual(own, headers);
  const data = events.flatMap((event) => (event.type === "data" ? [event.data] : []));
  assert.deepEqual(joinBytes(data), isBodiless ? new Uint8Array(0) : joinBytes(parts));
  const end = events.at(-1);
  assert.ok(end?.type === "end");
  assert.deepEqual([...end.trailers], framing === "chunked" && !isBodiless ? trailers : []);
}
