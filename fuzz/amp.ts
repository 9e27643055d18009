/**
 * AMP boxes: no input may throw, cuts may not matter, nothing may pass the limits, and what was read is what its own encoding
 * gives. Then the same bytes at a whole protocol with a responder for every type: whatever comes, it answers or closes.
 */
import assert from "node:assert/strict";
import * as amp from "ropewalk/amp";
import { addObserver } from "ropewalk/log";
import { MemoryTransport } from "ropewalk/testing";
import { assertSameWhateverTheCuts, type Fed, type FuzzTarget } from "./target.ts";

const LIMITS = { maxKeys: 6, maxBoxBytes: 120, maxCalls: 2, maxUnsentBytes: 1_000 };

const fields = {
  i: amp.optional(amp.Integer),
  g: amp.optional(amp.BigInteger),
  s: amp.optional(amp.String),
  u: amp.optional(amp.Unicode),
  b: amp.optional(amp.Boolean),
  f: amp.optional(amp.Float),
  d: amp.optional(amp.Decimal),
  t: amp.optional(amp.DateTime),
  l: amp.optional(amp.ListOf(amp.ListOf(amp.Float))),
  r: amp.optional(amp.AmpList({ i: amp.optional(amp.Integer), u: amp.optional(amp.Unicode) })),
};
const All = amp.command("A", { arguments: fields, response: fields });
const responders = new amp.Responders().respond(All, (values) => values);

export const ampBoxes: FuzzTarget = {
  seeds: [
    box("_ask=1", "_command=A", "i=-12", "u=\u00c3\u00a9", "b=True"),
    box("_command=A", "_ask=2", "f=1e+16", "d=1.50") + box("_ask=3", "_command=A", "s=", "g=99999999999999999999"),
    box("_ask=4", "_command=A", "l=\0\u0005\0\u00031.5\0\0", `r=${box("i=1", "u=x")}${box("i=2")}`),
    box("_ask=5", "_command=A", "t=2012-01-23T12:34:56.054321-01:23"),
    box("_answer=1", "i=5") + box("_error=1", "_error_code=UNKNOWN", "_error_description=x"),
    box("_command=nope", "_ask=6") + box("_command=StartTLS", "_ask=7"),
    "\0\0",
    "GET / HTTP/1.1\r\n\r\n",
  ],
  run(data) {
    const boxes = assertSameWhateverTheCuts(() => new Boxes(), data) as readonly (amp.Box | string)[];
    for (const one of boxes) {
      if (typeof one === "string") continue;
      const again = new amp.BoxDecoder(LIMITS);
      again.push(amp.encodeBox(one));
      assert.deepEqual(again.next(), one);
    }
    assertSameWhateverTheCuts(() => new Answers(), data);
  },
};

// A million complaints of the protocol are nothing that anybody wants to read, or to keep for later.
addObserver(() => {});

/** Notes the boxes of a decoder, and its error as text. */
class Boxes implements Fed {
  readonly events: (amp.Box | string)[] = [];
  readonly #decoder: amp.BoxDecoder = new amp.BoxDecoder(LIMITS);
  #isBroken = false;

  receive(data: Uint8Array): void {
    this.#decoder.push(data);
    while (!this.#isBroken) {
      const event = this.#decoder.next();
      if (event === undefined) return;
      this.#isBroken = event instanceof Error;
      this.events.push(event instanceof Error ? event.message : event);
      if (!(event instanceof Map)) continue;
      assert.ok(event.size <= LIMITS.maxKeys);
      let size = 2;
      for (const [key, value] of event) size += 4 + key.length + value.length;
      assert.ok(size <= LIMITS.maxBoxBytes);
    }
  }
}

/** Notes what a protocol answers, and whether it is still there. */
class Answers implements Fed {
  readonly events: unknown[] = [];
  readonly #transport: MemoryTransport = new MemoryTransport();

  constructor() {
    const protocol = new amp.AmpProtocol(responders, { limits: LIMITS });
    this.#transport.attach(protocol);
    protocol.callRemote(All).addBoth((result: unknown) => {
      this.events.push(result instanceof Error ? result.message : result);
    });
  }

  receive(data: Uint8Array): void {
    if (this.#transport.connected) this.#transport.remote.write(data);
  }

  end(): void {
    this.events.push(this.#transport.connected, this.#transport.text());
  }
}

function box(...pairs: readonly string[]): string {
  const sized = (text: string) => String.fromCharCode(text.length >> 8, text.length & 255) + text;
  const wire = pairs.map((pair) => {
    const at = pair.indexOf("=");
    return sized(pair.slice(0, at)) + sized(pair.slice(at + 1));
  });
  return `${wire.join("")}\0\0`;
}
