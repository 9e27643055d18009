/** The corpus of http1 with the real server: what its handler is given, what is answered, and who ends the connection. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { NodeReactor, type Port } from "ropewalk";
import { type Request, Response, serve } from "ropewalk/web";
import { feed, type Heard, heardByUs, pathOf } from "../interop/http1/heard.ts";
import { type Http1Vector, http1Vectors } from "./http1-vectors.ts";

const vectors = http1Vectors().filter(
  ({ asked, grants, answersEarly }) => asked === undefined && !grants && !answersEarly,
);

describe("the corpus of http1, served", { timeout: 120_000 }, () => {
  const reactor = new NodeReactor();
  let port: Port;
  let seen: Heard[] = [];

  before(async () => {
    const answer = async (request: Request): Promise<Response> => {
      const { method, target = "" } = request.head ?? {};
      const body = Buffer.from(await request.arrayBuffer()).toString("latin1");
      seen.push({ method: method ?? "", target: pathOf(target), body });
      return new Response("ok", { status: method === "CONNECT" ? 403 : 200 });
    };
    // The corpus asks where requests end: here whatever is a token is a method.
    const methods = [...new Set(vectors.flatMap(({ bytes }) => heardByUs(bytes).heard.map(({ method }) => method)))];
    port = await serve(reactor, "tcp:0:interface=127.0.0.1", answer, { methods });
  });
  after(() => port.stopListening());

  for (const vector of vectors) {
    test(vector.name, async () => {
      seen = [];
      const { heard } = heardByUs(vector.bytes);
      const statuses = heard.map(({ method }) => (method === "CONNECT" ? 403 : 200));
      const ending = endingOf(vector);
      const address = port.address as { readonly port: number };
      const answered = await feed(address.port, vector.bytes, {
        answers: statuses.length,
        neverEnds: ending.isOurs,
      });
      assert.deepEqual(seen, heard);
      assert.deepEqual(answered, [...statuses, ...ending.statuses]);
    });
  }
});

/** Whether the server ends the connection by itself, and what it says last. */
function endingOf({ verdict }: Http1Vector): { readonly isOurs: boolean; readonly statuses: readonly number[] } {
  const last = verdict.at(-1) ?? "";
  if (last.startsWith("refused ")) return { isOurs: true, statuses: [Number(last.slice(8))] };
  // The client ends inside of a message, and may still hear why that is wrong.
  if (last === "waits") return { isOurs: false, statuses: [400] };
  return { isOurs: last === "closed", statuses: [] };
}
