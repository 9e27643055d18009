/**
 * The corpus of http1 through our own reverse proxy: what it sends on must be what it heard, message for message, over
 * connections that all its clients share; to a backend that reads as we do, and to Node.
 */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { NodeReactor } from "ropewalk";
import { reverseProxy, serve } from "ropewalk/web";
import { http1Vectors } from "../vectors/http1-vectors.ts";
import { type Heard, heardByUs } from "./http1/heard.ts";
import { throughProxy } from "./http1/peers.ts";

// A proxy adds fields, so a head that is full is too much for a backend with the same limit.
const vectors = http1Vectors().filter(
  ({ name, asked, grants, answersEarly }) =>
    asked === undefined && !grants && !answersEarly && name !== "fields: as many fields as are allowed",
);

describe("the corpus of http1 through our reverse proxy", { timeout: 120_000 }, () => {
  test("is heard behind it as it was heard in front", (t) => compare(t, "ours"));
  test("is heard by Node behind it as it was heard in front", (t) => compare(t, "node"));
});

async function compare(t: TestContext, behind: "ours" | "node"): Promise<void> {
  const ours = vectors.map(({ bytes }) => heardByUs(bytes).heard);
  const cases = vectors.map(({ bytes }, index) => ({ bytes, answers: ours[index]?.length ?? 0 }));
  const outcomes = await throughProxy(t, cases, behind, (target) => proxyTo(t, target));
  let whole = 0;
  for (const [index, { name }] of vectors.entries()) {
    const heard = (ours[index] ?? []).map(resolved);
    const { forwarded = [] } = outcomes[index] ?? {};
    const about = `${name}\nheard in front: ${JSON.stringify(heard)}\nheard behind: ${JSON.stringify(forwarded)}`;
    const kept = KEPT.some((pattern) => pattern.test(name)) ? heard.filter(({ target }) => target === "/next") : heard;
    assert.deepEqual(forwarded, kept, about);
    if (forwarded.length > 1) whole += 1;
  }
  // A proxy that sends nothing on would agree with everybody.
  assert.ok(whole >= 80, `only ${whole} cases went through whole`);
}

async function proxyTo(t: TestContext, target: string): Promise<number> {
  const reactor = new NodeReactor();
  const proxy = reverseProxy(reactor, target);
  const port = await serve(reactor, "tcp:0:interface=127.0.0.1", proxy);
  t.after(async () => {
    await proxy.close();
    await port.stopListening();
  });
  return (port.address as { readonly port: number }).port;
}

/** What goes no further: a web server answers by itself for methods that it does not know. */
const KEPT = [
  /^request-line: a method that nobody knows|a body of FROB/,
  /^connection: CONNECT(, refused| with a length of nothing)|^length: TRACE with a length of nothing/,
];

/** A proxy resolves dots, and sends what stands for them. */
function resolved({ method, target, body }: Heard): Heard {
  if (target === "*") return { method, target, body };
  const { pathname, search } = new URL(`http://a${target}`);
  return { method, target: pathname + search, body };
}
