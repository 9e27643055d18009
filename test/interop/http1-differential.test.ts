/**
 * The corpus of http1 with others: Node's own server, nginx and haproxy. What they take for requests, and what the two fronts
 * forward to a backend of ours over a shared connection, must agree with what `Http1Connection` hears: nowhere may a request
 * end elsewhere.
 */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { type Http1Vector, http1Vectors } from "../vectors/http1-vectors.ts";
import { type Difference, THEY_HEAR_MORE, WE_HEAR_MORE } from "./http1/differences.ts";
import { type Heard, heardByUs } from "./http1/heard.ts";
import { type Case, type Outcome, throughHaproxy, throughNginx, throughNode } from "./http1/peers.ts";
import { lacks } from "./support/program.ts";

// What leaves HTTP, or depends on who answers when, is no question for a server that only says 200.
const vectors = http1Vectors().filter(
  ({ asked, grants, answersEarly }) => asked === undefined && !grants && !answersEarly,
);

describe("the corpus of http1 with others", { timeout: 120_000 }, () => {
  test("Node hears the same, as far as it hears", (t) => compare(t, "node", throughNode));
  test("nginx hears and forwards the same", { skip: lacks("nginx") }, (t) => compare(t, "nginx", throughNginx));
  test("haproxy hears and forwards the same", { skip: lacks("haproxy") }, (t) => compare(t, "haproxy", throughHaproxy));
});

type Peer = Difference["peers"][number];

async function compare(
  t: TestContext,
  peer: Peer,
  through: (t: TestContext, cases: readonly Case[]) => Promise<Outcome[]>,
): Promise<void> {
  const ours = vectors.map(({ bytes }) => heardByUs(bytes));
  const cases = vectors.map(({ bytes }, index) => ({ bytes, answers: ours[index]?.heard.length ?? 0 }));
  const outcomes = await through(t, cases);
  const known = new Known(peer);
  let agreed = 0;
  for (const [index, vector] of vectors.entries()) {
    const { heard = [], refusal } = ours[index] ?? {};
    const { said, forwarded, refusals } = outcomes[index] as Outcome;
    const about = `${peer}, ${vector.name}\nwe heard ${shown(heard)}, then ${refusal ?? "no fault"}\nit heard ${shown(said)}`;
    const both = Math.min(heard.length, said.length);
    assert.deepEqual(said.slice(0, both), heard.slice(0, both), about);
    if (heard.length > both) assert.ok(known.has(WE_HEAR_MORE, vector), about);
    if (said.length > both) assert.ok(refusal !== undefined || known.has(THEY_HEAR_MORE, vector), about);
    if (forwarded !== undefined) checkForwarded(said, forwarded, refusals, about);
    if (heard.length === said.length && heard.at(-1)?.target === "/next") agreed++;
  }
  // Peers that refuse everything would agree about nothing.
  assert.ok(agreed >= 80, `${peer} and we hear the same to the end in only ${agreed} cases`);
  assert.deepEqual(known.unused(), []);
}

/** Behind a front we hear what it says that it forwarded, but for what we refused, with which the connection ended. */
function checkForwarded(
  said: readonly Heard[],
  forwarded: readonly Heard[],
  refusals: readonly string[],
  about: string,
): void {
  const more = `${about}\nbehind it we heard ${shown(forwarded)} and refused ${JSON.stringify(refusals)}`;
  assert.equal(forwarded.length + refusals.length, said.length, more);
  let at = 0;
  for (const request of forwarded) {
    while (at < said.length && shown([request]) !== shown([said[at] as Heard])) at++;
    assert.ok(at < said.length, more);
    at++;
  }
}

/** The rows of the tables that are about one peer, and which of them were of any use. */
class Known {
  readonly #peer: Peer;
  readonly #used = new Set<Difference>();

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  has(table: readonly Difference[], { name }: Http1Vector): boolean {
    const row = table.find((difference) => difference.peers.includes(this.#peer) && difference.name.test(name));
    if (row !== undefined) this.#used.add(row);
    return row !== undefined;
  }

  unused(): readonly string[] {
    const rows = [...WE_HEAR_MORE, ...THEY_HEAR_MORE].filter(({ peers }) => peers.includes(this.#peer));
    return rows.filter((row) => !this.#used.has(row)).map(({ why }) => why);
  }
}

function shown(requests: readonly Heard[]): string {
  return JSON.stringify(requests);
}
