/**
 * WebSocket, both sides, with and without compression, whole messages and fragments: only the family's own errors may be
 * thrown, cuts may not matter, no more may be held than the limits say, and what was heard can be said again.
 */
import assert from "node:assert/strict";
import { RemoteWebSocketError, WebSocketConnection, type WebSocketEvent } from "ropewalk/websocket";
import { assertSameWhateverTheCuts, type Fed, type FuzzTarget } from "./target.ts";

export const websocket: FuzzTarget = {
  seeds: [
    "\x00\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x89\x80\x00\x00\x00\x00\x88\x82\x00\x00\x00\x00\x03\xe8",
    "\x00\x01\x83\x00\x00\x00\x00a\xc3\xa9\x89\x81\x00\x00\x00\x00b\x80\x81\x00\x00\x00\x00c\x8a\x80\x01\x02\x03\x04",
    "\x01\x81\x05Hello\x02\x01\xff\x00\x00\x80\x02lo\x88\x05\x03\xe9bye",
    `\x01\x82\x7e\x00\x80${"x".repeat(128)}\x89\x00`,
    "\x02\xc1\x87\x00\x00\x00\x00\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x85\x00\x00\x00\x00\xf2\x00\x11\x00\x00",
    "\x03\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00",
    "\x03\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00\xc1\x01\x00\x81\x03\xe2\x82\xac",
    "\x04\x01\x83\x00\x00\x00\x00a\xc3\xa9\x80\x84\x01\x01\x01\x01\xf1\x9e\x99\x81",
    "\x05\x01\x02\xf0\x9f\x80\x02\x98\x80\x82\x03abc",
  ],
  run(data) {
    // The first byte chooses the side and the options, so that one corpus serves them all.
    const choice = data[0] ?? 0;
    assertSameWhateverTheCuts(() => new Listener(choice), data.slice(1));
  },
};

class Listener implements Fed {
  readonly events: unknown[] = [];
  readonly #connection: WebSocketConnection;
  readonly #fragments: boolean;
  #joined: unknown[] = [];
  #isOver = false;

  constructor(choice: number) {
    const role = choice % 2 === 0 ? "server" : "client";
    const windows = { sendWindowBits: 9, receiveWindowBits: 8 + (choice % 8) };
    const deflate = (choice & 2) === 0 ? undefined : { ...windows, sendTakeover: true, receiveTakeover: choice < 128 };
    this.#fragments = (choice & 4) !== 0;
    this.#connection = new WebSocketConnection(role, {
      randomBytes: (count) => new Uint8Array(count).fill(3),
      limits: { maxMessageBytes: 300, maxFrameBytes: 200, maxFragments: 6 },
      deflate,
      fragments: this.#fragments,
    });
  }

  receive(data: Uint8Array): void {
    this.#connection.receive(data.slice());
    this.#listen();
  }

  end(): void {
    this.#connection.receiveEnd();
    this.#listen();
    this.#noteFragments();
    assert.ok(this.#isOver || this.#connection.receivedClose !== undefined);
  }

  #listen(): void {
    if (this.#isOver) return;
    try {
      for (let event = this.#connection.next(); event !== undefined; event = this.#connection.next()) this.#note(event);
    } catch (error) {
      assert.ok(error instanceof RemoteWebSocketError, String(error));
      this.#isOver = true;
      // What came right before the fault may have come with it, and then it was not handed on.
      this.#joined = [];
      this.events.push(error.message, String.fromCharCode(...this.#connection.refusal(error)));
      assert.ok(this.#connection.isOver);
    }
  }

  #note(event: WebSocketEvent): void {
    if (event.type === "fragment") {
      // How they are cut is the only thing that cuts may change; control frames may come in between at another place.
      this.#joined.push(event.kind, ...event.data);
      if (event.isLast) this.#noteFragments();
      return;
    }
    if (!this.#fragments) this.events.push(structuredClone(event));
    else this.events.push(event.type);
    if (event.type === "text" || event.type === "binary") {
      assert.ok(event.data.length <= 300);
      this.#connection.send(event);
    }
  }

  #noteFragments(): void {
    if (this.#joined.length > 0) this.events.push(this.#joined.filter((part) => part !== "text" && part !== "binary"));
    this.#joined = [];
  }
}
