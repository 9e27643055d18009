/** Event streams: cuts may not matter, only the parser's own error may come, and what was heard is what formatting it gives. */
import assert from "node:assert/strict";
import { EventStreamError, EventStreamParser, formatServerEvent, type HeardEvent } from "ropewalk/web";
import { assertSameWhateverTheCuts, type Fed, type FuzzTarget } from "./target.ts";

export const eventStream: FuzzTarget = {
  seeds: [
    "id: 1\nevent: add\ndata: a\ndata: b\n\n: c\r\rdata\r\n\r\nretry: 10\n",
    "\xef\xbb\xbfdata:x\n\nid: a\0b\nid\n\ndata: \xc3\xa4\xff\n\n",
    "data:  y\nDATA: z\n:\n:\nretry: 99999999999\n\n",
  ],
  run(data) {
    for (const event of assertSameWhateverTheCuts(() => new Ear(), data)) {
      if (typeof event === "object") assertSameAgain(event as HeardEvent);
    }
  },
};

class Ear implements Fed {
  readonly events: unknown[] = [];
  readonly #parser: EventStreamParser = new EventStreamParser({ maxEventBytes: 60 });
  #isOver = false;

  receive(data: Uint8Array): void {
    if (this.#isOver) return;
    try {
      this.#parser.push(data);
    } catch (error) {
      assert.ok(error instanceof EventStreamError, String(error));
      this.#isOver = true;
    }
    for (let event = this.#parser.next(); event !== undefined; event = this.#parser.next()) this.events.push(event);
    if (this.#isOver) this.events.push("too long");
  }

  end(): void {
    if (!this.#isOver) this.events.push(this.#parser.lastEventId, this.#parser.retryMs);
  }
}

function assertSameAgain(event: HeardEvent): void {
  const parser = new EventStreamParser();
  parser.push(new TextEncoder().encode(formatServerEvent(event)));
  assert.deepEqual(parser.next(), event);
}
