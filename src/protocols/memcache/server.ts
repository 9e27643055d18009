import { FrameProtocol } from "../../core/frame-protocol.ts";
import { Logger } from "../../core/log/logger.ts";
import type { Factory, Protocol } from "../../core/protocol.ts";
import type { Reactor } from "../../core/reactor.ts";
import type { Transport } from "../../core/transport.ts";
import { FrameDecoder } from "./codec.ts";
import { RemoteMemcacheError } from "./errors.ts";
import type { Frame } from "./events.ts";
import { type FrameLimits, MAX_VALUE_BYTES } from "./limits.ts";
import { serveClassic } from "./serving/classic.ts";
import { serveMeta } from "./serving/meta.ts";
import type { ReplySink, Service } from "./serving/service.ts";
import { MemcacheStore } from "./store/store.ts";

/** What a server holds, and what it takes. */
export interface MemcacheServerOptions {
  /** Keys, values and 100 bytes for each item, together; default 64 MiB. Above it, what was unused longest goes. */
  readonly maxBytes?: number | undefined;
  /** Default 1 MiB. */
  readonly maxValueBytes?: number | undefined;
  /** Bytes of a request's line; default 65 536, which is a `get` of 260 of the longest keys. */
  readonly maxLineBytes?: number | undefined;
  /** What `version` says; default a number that clients can read, with our name behind it. */
  readonly version?: string | undefined;
}

/** What a memcache server needs of a reactor. */
export type MemcacheReactor = Pick<Reactor, "now" | "wallTimeMs">;

/**
 * A memcache server for tests and caches: text and meta commands, one store for all its connections, least recently used
 * first out. A factory for `listen`. It asks nobody who they are, so let nobody but your own reach the port; limits of
 * connections and idle ones are policies (`limitConnections`, `idleTimeout`).
 *
 * @example
 * ```ts
 * import { MemcacheServer } from "ropewalk/memcache";
 * import { MemoryReactor, MemoryTransport } from "ropewalk/testing";
 *
 * const server = new MemcacheServer(new MemoryReactor(), { maxBytes: 1 << 20 });
 * const transport = new MemoryTransport();
 * transport.attach(server.buildProtocol());
 * transport.remote.write("set greeting 0 60 5\r\nhello\r\nget greeting\r\n");
 * console.log(transport.text().split("\r\n")); // [ 'STORED', 'VALUE greeting 0 5', 'hello', 'END', '' ]
 * ```
 */
export class MemcacheServer implements Factory {
  /** All that is stored; may be looked at and changed. */
  readonly store: MemcacheStore;
  readonly #service: Counted;
  readonly #limits: FrameLimits;

  constructor(reactor: MemcacheReactor, options: MemcacheServerOptions = {}) {
    const { maxBytes = MAX_BYTES, maxValueBytes = MAX_VALUE_BYTES, maxLineBytes = MAX_LINE_BYTES } = options;
    const store = new MemcacheStore({ maxBytes, maxValueBytes });
    this.store = store;
    this.#limits = { maxLineBytes, maxValueBytes };
    const startedAtMs = reactor.now();
    const service: Counted = {
      store,
      version: options.version ?? VERSION,
      sets: 0,
      connections: 0,
      totalConnections: 0,
      now: () => reactor.now(),
      wallTimeMs: () => reactor.wallTimeMs(),
      stats: () => statistics(service, startedAtMs),
    };
    this.#service = service;
  }

  /** A connection of this server. */
  buildProtocol(): Protocol {
    return new MemcacheServerProtocol(this.#service, this.#limits);
  }
}

/** One client of a server. */
class MemcacheServerProtocol extends FrameProtocol implements ReplySink {
  readonly #service: Counted;
  readonly #decoder: FrameDecoder;

  constructor(service: Counted, limits: FrameLimits) {
    super();
    this.#service = service;
    this.#decoder = new FrameDecoder("requests", limits);
  }

  override makeConnection(transport: Transport): void {
    this.#service.connections += 1;
    this.#service.totalConnections += 1;
    super.makeConnection(transport);
  }

  override connectionLost(): void {
    this.#service.connections -= 1;
  }

  override writingPaused(): void {
    this.pauseReading();
  }

  override writingResumed(): void {
    this.resumeReading();
  }

  /** For the commands. */
  write(data: Uint8Array): void {
    this.transport.write(data);
  }

  /** For the commands. */
  writeLatin1(text: string): void {
    this.transport.writeLatin1(text);
  }

  /** For the commands. */
  close(): void {
    this.transport.loseConnection();
  }

  protected override bytesReceived(data: Uint8Array): void {
    this.#decoder.push(data);
  }

  protected override discardBytes(): void {
    this.#decoder.discard();
  }

  protected override deliverFrame(): boolean {
    const frame = this.#decoder.next();
    if (frame === undefined) return false;
    if (frame instanceof RemoteMemcacheError) this.#refuse(frame);
    else this.#serve(frame);
    return true;
  }

  #serve(frame: Frame): void {
    if (serveClassic(frame, this.#service, this) || serveMeta(frame, this.#service, this)) return;
    this.transport.writeLatin1("ERROR\r\n");
  }

  /** What follows cannot be told from commands: it is not read. */
  #refuse(error: RemoteMemcacheError): void {
    log.info("Closing the connection with {peer}: {problem}", { peer: this.transport.peer, problem: error.message });
    this.transport.writeLatin1(`CLIENT_ERROR ${REPLIES[error.problem]}\r\n`);
    this.transport.loseConnection();
  }
}

type Counted = Service & { connections: number; totalConnections: number };

function statistics(service: Counted, startedAtMs: number): readonly (readonly [string, string | number])[] {
  const { store } = service;
  const { figures } = store;
  return [
    ["uptime", Math.floor((service.now() - startedAtMs) / 1_000)],
    ["time", Math.floor(service.wallTimeMs() / 1_000)],
    ["version", service.version],
    ["pointer_size", 64],
    ["curr_connections", service.connections],
    ["total_connections", service.totalConnections],
    ["cmd_get", figures.hits + figures.misses],
    ["cmd_set", service.sets],
    ["get_hits", figures.hits],
    ["get_misses", figures.misses],
    ["get_expired", figures.expired],
    ["bytes", store.bytes],
    ["curr_items", store.size],
    ["total_items", figures.totalItems],
    ["evictions", figures.evictions],
    ["limit_maxbytes", store.limits.maxBytes],
  ];
}

const REPLIES: Readonly<Record<RemoteMemcacheError["problem"], string>> = {
  "line length": "line too long",
  "line end": "bad command line format",
  "value size": "bad data chunk",
  "value header": "bad command line format",
  "value end": "bad data chunk",
  reply: "bad command line format",
};

const MAX_BYTES = 64 << 20;
const MAX_LINE_BYTES = 65_536;
/** Clients read three numbers. */
const VERSION = "1.6.0-ropewalk";
const log: Logger = new Logger("ropewalk.memcache");
