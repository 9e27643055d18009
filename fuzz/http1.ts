/**
 * HTTP/1.1, both sides: only the family's own errors may be thrown, cuts may not matter, no more may be held than the limits
 * say, and what was heard must be fit to be said again.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Http1Connection, type Http1Data, type Http1Event, RemoteProtocolError } from "ropewalk/http1";
import { assertSameWhenSaidAgain, type WholeMessage } from "./http1-again.ts";
import { assertSameWhateverTheCuts, type Fed, type FuzzTarget } from "./target.ts";

/** One byte a character; the first one says on which side, and whether a switch is granted. */
const SEEDS = JSON.parse(
  readFileSync(new URL("../../src/protocols/http1/vectors/fuzz.json", import.meta.url), "utf8"),
) as readonly string[];

export const http1: FuzzTarget = {
  seeds: SEEDS,
  words: [
    "\r\n",
    "\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Content-Length: ",
    "0\r\n\r\n",
    "Connection: close\r\n",
    "Connection: keep-alive\r\n",
    "Connection: upgrade\r\nUpgrade: chat\r\n",
    "Expect: 100-continue\r\n",
    "HTTP/1.0",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 100 C\r\n\r\n",
    "CONNECT a:1 ",
    ";a=b",
    ';a="b"',
    " ",
    "\t",
  ],
  run(data) {
    // The first byte chooses the side, so that one corpus serves them all.
    const side = (data[0] ?? 0) % 4;
    const events = assertSameWhateverTheCuts(() => new Listener(side), data.subarray(1));
    return side + events.map(kindOf).join(" ");
  },
};

/** What is new about an input is the order of what it leads to, and the words of the fault. */
function kindOf(event: unknown): string {
  if (typeof event === "string") return event.startsWith("HTTP/") ? "" : event;
  return Array.isArray(event) ? "[]" : String((event as { readonly type?: unknown }).type);
}

class Listener implements Fed {
  readonly events: unknown[] = [];
  readonly #connection: Http1Connection;
  readonly #switches: boolean;
  #body: number[] = [];
  #isOver = false;
  /** Bytes that came since the last event. */
  #heldBytes = 0;
  #methods: string[] = [];
  #head: WholeMessage["head"] | undefined = undefined;
  #parts: Http1Data[] = [];

  constructor(side: number) {
    const limits = {
      maxStartLineBytes: 60,
      maxFieldsBytes: 120,
      maxFields: 5,
      maxChunkLineBytes: 20,
      maxExtensionBytes: 25,
    };
    const more = { maxTrailersBytes: 30, maxBodyBytes: 100, maxHeldBytes: 1_000 };
    this.#connection = new Http1Connection(side < 2 ? "server" : "client", { limits: { ...limits, ...more } });
    this.#switches = side % 2 === 1;
    if (side < 2) return;
    this.#ask("GET", {});
    this.#ask("HEAD", {});
    if (side === 3) this.#ask("GET", { Connection: "upgrade", Upgrade: "chat" });
    else this.#ask("GET", {});
  }

  receive(data: Uint8Array): void {
    if (this.#isOver) this.#noteRest(data);
    else {
      this.#connection.receive(data);
      this.#heldBytes += data.length;
      this.#listen();
      if (!this.#isOver && data.length === 1) assert.ok(this.#heldBytes <= MAX_HELD_BYTES, "too much is held");
    }
  }

  end(): void {
    this.#connection.receiveEnd();
    if (!this.#isOver) this.#listen();
    this.#noteBody();
  }

  #listen(): void {
    try {
      for (let event = this.#connection.next(); event !== undefined; event = this.#connection.next()) this.#note(event);
    } catch (error) {
      assert.ok(error instanceof RemoteProtocolError, String(error));
      this.#noteBody();
      this.#isOver = true;
      this.events.push(error.message, String.fromCharCode(...this.#connection.refusal(error)));
      assert.ok(this.#connection.isOver);
    }
  }

  #note(event: Http1Event): void {
    this.#heldBytes = 0;
    this.#noteMessage(event);
    if (event.type === "data") {
      assert.ok(event.data.length > 0);
      this.#body.push(...event.data);
      if (event.extensions !== "") this.events.push(event.extensions);
      return;
    }
    this.#noteBody();
    this.events.push("headers" in event ? { ...event, headers: [...event.headers] } : event.type);
    if (event.type === "end") this.events.push([...event.trailers]);
    if (event.type === "end" && this.#connection.role === "server") this.#answer();
    if (event.type !== "switched" && event.type !== "closed") return;
    this.#isOver = true;
    if (event.type === "switched") this.#noteRest(event.rest);
  }

  #answer(): void {
    const { unanswered } = this.#connection;
    assert.equal(unanswered, 1);
    const last = this.events.findLast((event) => typeof event === "object" && event !== null && "method" in event);
    const { method, offersUpgrade } = last as { readonly method: string; readonly offersUpgrade: boolean };
    if (this.#switches && method !== "CONNECT" && offersUpgrade) {
      this.#connection.send({ type: "informational", status: 101, headers: { Upgrade: "chat" } });
    } else if (this.#switches || method !== "CONNECT") {
      this.#connection.sendWhole({ type: "response", status: 200 }, method === "CONNECT" ? "" : "hi");
    } else {
      this.#connection.sendWhole({ type: "response", status: 403 });
    }
  }

  #noteMessage(event: Http1Event): void {
    if (event.type === "request" || event.type === "response") {
      this.#head = event;
      this.#parts = [];
    } else if (event.type === "data") {
      this.#parts.push(event);
    } else if (event.type === "end" && this.#head !== undefined) {
      const method = this.#connection.role === "client" ? (this.#methods.shift() ?? "") : "";
      assertSameWhenSaidAgain({ head: this.#head, parts: this.#parts, end: event }, method);
    }
  }

  #ask(method: string, more: { readonly [name: string]: string }): void {
    this.#methods.push(method);
    this.#connection.sendWhole({ type: "request", method, target: "/", headers: { Host: "a", ...more } });
  }

  #noteBody(): void {
    if (this.#body.length > 0) this.events.push(this.#body);
    this.#body = [];
  }

  /** Bytes of the other protocol, or those that nobody reads any more. */
  #noteRest(data: Uint8Array): void {
    if (this.events.includes("switched")) this.#body.push(...data);
  }
}

/** A start line and fields as long as they may be, and the ends of both. */
const MAX_HELD_BYTES = 60 + 120 + 4;
