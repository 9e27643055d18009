/*
 * A worker of several that share their ports, and what it asks of the primary: the process that started them all. TCP ports
 * are shared by node:cluster, without a word from here; what that does not give is asked for by messages. They go over the
 * channel that a child has with its parent, and are told from others by their `ropewalk` property.
 */
import { type ListenOptions, Socket } from "node:net";
import type { Address } from "../core/address.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { Logger } from "../core/log/logger.ts";
import type { NodeTransport } from "./node-transport.ts";
import type { Source } from "./port.ts";

/** Where to listen: what `Server.listen` of node:net takes. */
export type Where = ListenOptions & { readonly fd?: number };

/** What a worker asks. */
export type Question =
  | { readonly ask: "listen"; readonly where: Where }
  | { readonly ask: "close"; readonly port: number }
  | { readonly ask: "claim"; readonly path: string; readonly lockfile: boolean; readonly umask: number }
  | { readonly ask: "claimed"; readonly path: string }
  | { readonly ask: "nothing" };

/** Worker to primary. The answer has the same number. */
export interface Asked {
  readonly ropewalk: "ask";
  readonly id: number;
  readonly question: Question;
}

/** Primary to worker. */
export type Told =
  | { readonly ropewalk: "answer"; readonly id: number; readonly value?: unknown; readonly error?: AnsweredError }
  | { readonly ropewalk: "connection"; readonly port: number };

/** What of an error goes through the channel. */
export interface AnsweredError {
  readonly message: string;
  readonly code?: string | undefined;
}

/** The answer to "listen". */
export interface OpenedPort {
  readonly port: number;
  readonly address: Address;
}

/** Asks the primary, and takes the connections that it hands over. */
export class Primary {
  /** Whether it accepts TCP connections and hands them over; otherwise node:cluster lets each worker accept. */
  readonly accepts: boolean;
  readonly #direct: boolean;
  readonly #asked: Map<number, Deferred<unknown>> = new Map();
  readonly #ports: Map<number, HandedSource> = new Map();
  #lastId = 0;

  constructor(accepts: boolean, direct: boolean = true) {
    this.accepts = accepts;
    this.#direct = direct;
    process.on("message", (told: Told, handle: object | undefined) => this.#told(told, handle));
    process.once("disconnect", () => {
      for (const asked of this.#asked.values()) asked.errback(new Error("The primary process is gone"));
    });
    // A listener would hold the process for as long as the channel is open.
    process.channel?.unref();
  }

  /** The primary listens, and hands over its connections. */
  listen(where: Where): Deferred<Source> {
    return this.#ask({ ask: "listen", where }).addCallback((opened): Source => {
      const { port, address } = opened as OpenedPort;
      const source = new HandedSource(address, this.#direct, () =>
        this.#ask({ ask: "close", port }).addBoth(() => {
          this.#ports.delete(port);
        }),
      );
      this.#ports.set(port, source);
      return source;
    });
  }

  /**
   * Makes a path of the file system ready for a UNIX socket that all workers share: the first one that asks has what is stale
   * removed. `umask` holds until `claimed`: the socket is made by the primary.
   */
  claim(path: string, lockfile: boolean, umask: number): Deferred<unknown> {
    return this.#ask({ ask: "claim", path, lockfile, umask });
  }

  /** The socket at this path is open, or will not be. */
  claimed(path: string): void {
    void this.#ask({ ask: "claimed", path }).addErrback(gone);
  }

  /**
   * Fires when all that the primary had sent is here. For the end of a worker to which node:cluster hands connections: one that
   * is on its way then would belong to nobody.
   */
  caughtUp(): Deferred<unknown> {
    return this.#ask({ ask: "nothing" });
  }

  #ask(question: Question): Deferred<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answered = new Deferred<unknown>();
    this.#asked.set(id, answered);
    if (process.connected) process.send?.({ ropewalk: "ask", id, question } satisfies Asked);
    else answered.errback(new Error("The primary process is gone"));
    return answered.addBoth((result) => {
      this.#asked.delete(id);
      return result;
    });
  }

  #told(told: Told, handle: object | undefined): void {
    if (told?.ropewalk === "answer") {
      const { value, error } = told;
      if (error === undefined) this.#asked.get(told.id)?.callback(value);
      else
        this.#asked.get(told.id)?.errback(Object.assign(new Error(error.message), error.code && { code: error.code }));
    } else if (told?.ropewalk === "connection" && handle !== undefined) {
      const source = this.#ports.get(told.port);
      if (source === undefined) log.error("A connection came for port {port}, which is closed", { port: told.port });
      else source.take(handle);
    }
  }
}

/** A port of the primary's. */
class HandedSource implements Source {
  readonly address: Address;
  readonly close: () => Deferred<void>;
  readonly #direct: boolean;
  #make: (() => NodeTransport) | undefined = undefined;
  #accepted: ((transport: NodeTransport) => void) | undefined = undefined;

  constructor(address: Address, direct: boolean, close: () => Deferred<void>) {
    this.address = address;
    this.close = close;
    this.#direct = direct;
  }

  start(make: () => NodeTransport, accepted: (transport: NodeTransport) => void): void {
    this.#make = make;
    this.#accepted = accepted;
  }

  take(handle: object): void {
    const transport = (this.#make as () => NodeTransport)();
    transport.attach(this.#direct ? transport.makeSocket({ handle }) : plainSocket(handle));
    this.#accepted?.(transport);
  }
}

function plainSocket(handle: object): Socket {
  return new Socket({ handle, allowHalfOpen: true } as object);
}

function gone(): void {
  log.debug("The primary went before it had heard of a UNIX socket");
}

const log: Logger = new Logger("ropewalk.reactor");
