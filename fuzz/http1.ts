/**
 * HTTP/1.1, both sides: only the family's own errors may be thrown, cuts may not matter, and no more may be held than the
 * limits say.
 */
import assert from "node:assert/strict";
import { Http1Connection, type Http1Event, RemoteProtocolError } from "ropewalk/http1";
import { assertSameWhateverTheCuts, type Fed, type FuzzTarget } from "./target.ts";

export const http1: FuzzTarget = {
  seeds: [
    "\x00GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.0\r\n\r\n",
    "\x00POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\x00POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: 1\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\x00PUT /x HTTP/1.1\r\nHost: [::1]:80\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
    "\x01CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\nhello",
    "\x01GET http://a/ HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\nhello",
    "\x02HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 204 No Content\r\n\r\n",
    "\x02HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "\x02HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello",
    "\x03HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\nHTTP/1.1 101 Switching\r\nUpgrade: chat\r\n\r\nhello",
  ],
  run(data) {
    // The first byte chooses the side, so that one corpus serves them all.
    const side = (data[0] ?? 0) % 4;
    assertSameWhateverTheCuts(() => new Listener(side), data.subarray(1));
  },
};

class Listener implements Fed {
  readonly events: unknown[] = [];
  readonly #connection: Http1Connection;
  readonly #switches: boolean;
  #body: number[] = [];
  #isOver = false;

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
      this.#listen();
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

  #ask(method: string, more: { readonly [name: string]: string }): void {
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
