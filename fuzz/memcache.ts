/**
 * memcache: no input may throw, cuts may not matter, and nothing may pass the limits: the decoder both ways, a client with
 * requests under way, and a whole server, whose store stays below its limit.
 */
import assert from "node:assert/strict";
import type { Protocol } from "ropewalk";
import { addObserver } from "ropewalk/log";
import { FrameDecoder, MemcacheProtocol, MemcacheServer } from "ropewalk/memcache";
import { Clock, MemoryTransport } from "ropewalk/testing";
import { assertSameWhateverTheCuts, type Fed, type FuzzTarget } from "./target.ts";

const LIMITS = { maxLineBytes: 60, maxValueBytes: 30 };
const MAX_BYTES = 400;
const STANDING = { now: () => 0, wallTimeMs: () => 0 };

export const memcache: FuzzTarget = {
  seeds: [
    "VALUE a 0 5\r\nhello\r\nEND\r\nVALUE b 1 2 77\r\nhi\r\nEND\r\nSTORED\r\nVA 2 t-1\r\nhi\r\n5\r\nSTAT a b\r\nEND\r\n",
    "END\r\nEND\r\nNOT_STORED\r\nEN\r\nNOT_FOUND\r\nEND\r\nSERVER_ERROR out of memory\r\nCLIENT_ERROR x\r\nERROR\r\n",
    "set a 0 0 5\r\nhello\r\nget a b\r\ngets a\r\nappend a 0 0 1\r\n!\r\ncas a 0 0 1 1 noreply\r\nx\r\n",
    "set n 5 -1 2\r\n10\r\nincr n 5\r\ndecr n 20\r\ntouch n 60\r\ngat 9 n\r\ndelete n\r\nstats\r\nflush_all 5\r\n",
    "ms a 2 T0 F7 c\r\nhi\r\nmg a v t f k s O1 N30 R60\r\nmd a I T30 q\r\nma n N0 J13 D5 v\r\nms Zm9v 1 b MA\r\nx\r\nmn\r\n",
    "set a 0 0 31\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\nset b 0 0 30\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\nquit\r\n",
    "\x80\x01\0\x05GET / HTTP/1.1\r\n\r\n",
  ],
  run(data) {
    for (const what of ["requests", "replies"] as const) assertSameWhateverTheCuts(() => new Frames(what), data);
    assertSameWhateverTheCuts(() => new Asking(), data);
    assertSameWhateverTheCuts(() => new Serving(), data);
  },
};

// A million complaints of the server are nothing that anybody wants to read, or to keep for later.
addObserver(() => {});

/** Notes the frames of a decoder, and its error as text. */
class Frames implements Fed {
  readonly events: unknown[] = [];
  readonly #decoder: FrameDecoder;
  #isBroken = false;

  constructor(what: "requests" | "replies") {
    this.#decoder = new FrameDecoder(what, LIMITS);
  }

  receive(data: Uint8Array): void {
    this.#decoder.push(data);
    while (!this.#isBroken) {
      const frame = this.#decoder.next();
      if (frame === undefined) return;
      this.#isBroken = frame instanceof Error;
      this.events.push(
        frame instanceof Error ? frame.message : [frame.words, frame.isDropped, Array.from(frame.data ?? [])],
      );
      if (frame instanceof Error) continue;
      assert.ok(frame.words.join(" ").length <= LIMITS.maxLineBytes);
      assert.ok((frame.data?.length ?? 0) <= LIMITS.maxValueBytes);
    }
  }
}

/** A client that has asked for one of everything; notes what it is told. */
class Asking implements Fed {
  readonly events: unknown[] = [];
  readonly #client: MemcacheProtocol = new MemcacheProtocol(new Clock(), { limits: LIMITS });
  readonly #transport: MemoryTransport = new MemoryTransport();

  constructor() {
    const client = this.#client;
    this.#transport.attach(client);
    const { cache } = client;
    const asked = [
      cache.get("a"),
      cache.getMany(["a", "b"]),
      cache.set("a", "x"),
      cache.metaGet("a", ["v"]),
      cache.incr("a"),
    ];
    for (const one of [...asked, client.stats(), cache.metaSet("a", "x"), cache.delete("a"), client.version()]) {
      one.addBoth((result: unknown) => {
        this.events.push(result instanceof Error ? result.message : result);
      });
    }
  }

  receive(data: Uint8Array): void {
    this.#client.dataReceived(data);
  }

  end(): void {
    this.#transport.settle();
    this.events.push(this.#transport.connected);
    // What is still under way has a timer.
    this.#transport.remote.end();
    this.#transport.settle();
  }
}

/** Notes what a server answers, and whether it is still there. */
class Serving implements Fed {
  readonly events: unknown[] = [];
  readonly #server: MemcacheServer = new MemcacheServer(STANDING, { ...LIMITS, maxBytes: MAX_BYTES });
  readonly #protocol: Protocol = this.#server.buildProtocol();
  readonly #transport: MemoryTransport = new MemoryTransport();

  constructor() {
    this.#transport.attach(this.#protocol);
  }

  receive(data: Uint8Array): void {
    this.#protocol.dataReceived(data);
    assert.ok(this.#server.store.bytes <= MAX_BYTES && this.#server.store.bytes >= 0);
  }

  end(): void {
    this.events.push(this.#transport.connected, this.#transport.text(), this.#server.store.bytes);
  }
}
