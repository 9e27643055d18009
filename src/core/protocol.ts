import type { Address } from "./address.ts";
import type { Deferred } from "./deferred/deferred.ts";
import type { Transport } from "./transport.ts";

/**
 * Turns the bytes of one connection into events. Override what you need; every method does nothing by default. An
 * exception in any of them is logged and closes this connection only.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { MemoryTransport } from "ropewalk/testing";
 *
 * class Echo extends Protocol {
 *   override dataReceived(data: Uint8Array): void {
 *     this.transport.write(data);
 *   }
 * }
 * const echo = new Echo();
 * const transport = new MemoryTransport();
 * echo.makeConnection(transport);
 * echo.dataReceived(new TextEncoder().encode("hello"));
 * console.log(transport.text()); // hello
 * ```
 */
export class Protocol implements AsyncDisposable {
  /** Set before connectionMade; it stays after the connection is gone, and then drops what is written. */
  transport!: Transport;

  /** The protocol that does the work: this one, or the one that it wraps. Logs name it, and `connect` gives it. */
  get innermost(): Protocol {
    return this;
  }

  /** Called by the transport; override connectionMade instead. */
  makeConnection(transport: Transport): void {
    this.transport = transport;
    this.connectionMade();
  }

  /** The connection is usable: for TLS, after the handshake and verification. */
  connectionMade(): void {}

  /** Some bytes came, cut anywhere. They belong to the protocol and are never overwritten later. */
  dataReceived(_data: Uint8Array): void {}

  /**
   * The connection is gone: ConnectionDone (clean), ConnectionLost, ConnectionAborted, or what this protocol threw.
   * Called exactly once, and last.
   */
  connectionLost(_reason: Error): void {}

  /** The write buffer passed its limit (64 KiB by default): hold on until writingResumed. */
  writingPaused(): void {}

  /** The write buffer is empty again. */
  writingResumed(): void {}

  /**
   * The peer will send nothing more, and can still be written to. Declaring this method is what turns half-close on:
   * without it, the peer's end of stream closes the connection.
   */
  readConnectionLost?(): void;

  /** `loseWriteConnection` has sent all bytes and the end of stream. Called only if half-close is on. */
  writeConnectionLost?(): void;

  /** Loses the connection and waits for its end: `await using client = await connect(…)`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.transport.loseConnection();
    await this.transport.whenClosed();
  }
}

/**
 * Makes the protocol of each connection, outlives them, and holds what they share.
 *
 * @example
 * ```ts
 * import { type Factory, Protocol } from "ropewalk";
 *
 * class Room implements Factory<Member> {
 *   readonly members = new Set<Member>();
 *   buildProtocol(): Member {
 *     return new Member(this);
 *   }
 * }
 * class Member extends Protocol {
 *   readonly #room: Room;
 *   constructor(room: Room) {
 *     super();
 *     this.#room = room;
 *   }
 *   override connectionMade(): void {
 *     this.#room.members.add(this);
 *   }
 * }
 * console.log(new Room().buildProtocol() instanceof Protocol); // true
 * ```
 */
export interface Factory<P extends Protocol = Protocol> {
  /** A new protocol for a connection with `peer`, or undefined to refuse it. */
  buildProtocol(peer: Address): P | undefined;
  /**
   * Asks the connections to end as soon as what is under way is done, since the program is about to stop: a web server
   * completes its answers. One that is quiet may be used again for `quietMs`, and ends then. Fires when none is left. Declare
   * it if your protocol knows a good moment to end; without it connections are closed at the stop, wherever they are.
   */
  drain?(quietMs: number): Deferred<void>;
}

/** A factory, or a function that does its one job. */
export type ProtocolFactory<P extends Protocol = Protocol> = Factory<P> | ((peer: Address) => P | undefined);

/** Asks either form of factory for a protocol. */
export function buildProtocol<P extends Protocol>(factory: ProtocolFactory<P>, peer: Address): P | undefined {
  return typeof factory === "function" ? factory(peer) : factory.buildProtocol(peer);
}

/** The `drain` of a factory, if it has one, for a factory around it to pass on. */
export function drainOf(factory: ProtocolFactory): Pick<Factory, "drain"> {
  const drain = typeof factory === "function" ? undefined : factory.drain;
  return drain === undefined ? {} : { drain: (quietMs) => drain.call(factory, quietMs) };
}
