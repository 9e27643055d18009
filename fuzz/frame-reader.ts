import assert from "node:assert/strict";
import { RemoteFrameLengthError } from "ropewalk/framing";
import type { Fed } from "./target.ts";

/** Notes the frames of a decoder with the limit `MAX_LENGTH`, as bytes, and its error, as text. No frame passes the limit. */
export class FrameReader implements Fed {
  readonly events: (Uint8Array | string)[] = [];
  readonly #decoder: Decoder;
  #isBroken = false;

  constructor(decoder: Decoder) {
    this.#decoder = decoder;
  }

  receive(data: Uint8Array): void {
    this.#decoder.push(data);
    while (!this.#isBroken) {
      const event = this.#decoder.next();
      if (event === undefined) return;
      this.#isBroken = event instanceof Error;
      assert.ok(event instanceof Error || event.length <= MAX_LENGTH);
      assert.ok(!(event instanceof RemoteFrameLengthError) || event.length > MAX_LENGTH);
      this.events.push(event instanceof Error ? event.message : new Uint8Array(event));
    }
  }
}

interface Decoder {
  push(data: Uint8Array): void;
  next(): Uint8Array | Error | undefined;
}

export const MAX_LENGTH = 40;
