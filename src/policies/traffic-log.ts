import { type Address, formatAddress } from "../core/address.ts";
import { Logger } from "../core/log/logger.ts";
import type { Factory, Protocol, ProtocolFactory } from "../core/protocol.ts";
import type { PullProducer, PushProducer, Transport } from "../core/transport.ts";
import { TEXT } from "../wire/text.ts";
import { ProtocolWrapper, TransportWrapper, wrapFactory } from "./wrapper.ts";

/** Something that happened on a connection. */
export type TrafficEvent = TrafficData | TrafficOpened | TrafficClosed;

/** Which connection an event is about. */
export interface TrafficFacts {
  /** Counts the connections of this factory, from 1. */
  readonly connection: number;
  readonly peer: Address;
}

/** A connection was made. */
export interface TrafficOpened extends TrafficFacts {
  readonly kind: "opened";
}

/** Bytes came, or were written. */
export interface TrafficData extends TrafficFacts {
  readonly kind: "received" | "sent";
  /** As the protocol got or wrote it. Not to be changed. */
  readonly data: Uint8Array;
}

/** A connection is gone. */
export interface TrafficClosed extends TrafficFacts {
  readonly kind: "closed";
  readonly reason: Error;
}

/** Where traffic is told, and how much of it. */
export interface TrafficLogOptions {
  /**
   * Where events go: a Logger (level debug; escaped text, nothing is made if nobody reads it) or a function. Default: the
   * Logger "ropewalk.traffic", which shows nothing until `logPublisher.levels.set("ropewalk.traffic", "debug")`. Events hold
   * what peers send, passwords included.
   */
  readonly to?: (Logger | ((event: TrafficEvent) => void)) | undefined;
  /** How much of each piece a Logger shows; default 1 024 bytes. */
  readonly shownBytes?: number | undefined;
}

/**
 * Tells what goes over each connection, both ways.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { escapeBytes, trafficLog } from "ropewalk/policies";
 * import { MemoryTransport } from "ropewalk/testing";
 *
 * const factory = trafficLog(() => new Protocol(), {
 *   to: (event) => console.log(event.connection, event.kind, "data" in event ? escapeBytes(event.data) : ""),
 * });
 * const transport = new MemoryTransport();
 * transport.attach(factory.buildProtocol(transport.peer) as Protocol); // 1 opened
 * transport.remote.write("hello\r\n"); // 1 received hello\r\n
 * ```
 */
export function trafficLog<P extends Protocol>(
  factory: ProtocolFactory<P>,
  options: TrafficLogOptions = {},
): Factory<ProtocolWrapper<P>> {
  const { to = new Logger("ropewalk.traffic"), shownBytes = SHOWN_BYTES } = options;
  const sink: Sink = to instanceof Logger ? logSink(to, shownBytes) : { isOn: () => true, put: to };
  let connections = 0;
  return wrapFactory(factory, (inner, peer) => {
    connections += 1;
    return new LoggedProtocol(inner, sink, connections, peer);
  });
}

/**
 * Bytes for people: printable ASCII as it is, `\r`, `\n`, `\t` and `\\`, all others as `\x00`.
 *
 * @example
 * ```ts
 * import { escapeBytes } from "ropewalk/policies";
 *
 * console.log(escapeBytes(new Uint8Array([72, 105, 0, 13, 10, 255]))); // Hi\x00\r\n\xff
 * ```
 */
export function escapeBytes(data: Uint8Array): string {
  return TEXT.decodeLatin1(data, 0, data.length).replace(
    UNPRINTABLE,
    (character) => SHORT_ESCAPES[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

interface Sink {
  /** False if what would be put is not read by anybody. */
  isOn(): boolean;
  put(event: TrafficEvent): void;
}

function logSink(log: Logger, shownBytes: number): Sink {
  return {
    isOn: () => log.enabled("debug"),
    put: (event) => {
      const facts = { connection: event.connection, peer: formatAddress(event.peer) };
      if (event.kind === "opened") {
        log.debug("{connection} {peer} opened", facts);
      } else if (event.kind === "closed") {
        log.debug("{connection} {peer} closed: {reason}", { ...facts, reason: event.reason });
      } else {
        const { length } = event.data;
        const shown = escapeBytes(event.data.subarray(0, shownBytes));
        const more = length > shownBytes ? ` … ${length - shownBytes} bytes more` : "";
        log.debug("{connection} {peer} {kind} {length}: {shown}{more}", {
          ...facts,
          kind: event.kind,
          length,
          shown,
          more,
        });
      }
    },
  };
}

class LoggedProtocol<P extends Protocol> extends ProtocolWrapper<P> {
  readonly #sink: Sink;
  readonly #connection: number;
  readonly #peer: Address;

  constructor(inner: P, sink: Sink, connection: number, peer: Address) {
    super(inner);
    this.#sink = sink;
    this.#connection = connection;
    this.#peer = peer;
  }

  override makeConnection(transport: Transport): void {
    this.#put({ kind: "opened" });
    super.makeConnection(transport);
  }

  override dataReceived(data: Uint8Array): void {
    if (this.#sink.isOn()) this.#put({ kind: "received", data });
    super.dataReceived(data);
  }

  override connectionLost(reason: Error): void {
    this.#put({ kind: "closed", reason });
    super.connectionLost(reason);
  }

  protected override wrapTransport(transport: Transport): Transport {
    return new LoggedTransport(transport, this);
  }

  wrote(data: Uint8Array | string, encode: (text: string) => Uint8Array): void {
    if (!this.#sink.isOn()) return;
    this.#put({ kind: "sent", data: typeof data === "string" ? encode(data) : data });
  }

  #put(
    event: { kind: "opened" } | { kind: "received" | "sent"; data: Uint8Array } | { kind: "closed"; reason: Error },
  ) {
    this.#sink.put({ connection: this.#connection, peer: this.#peer, ...event });
  }
}

class LoggedTransport extends TransportWrapper {
  readonly #protocol: Pick<LoggedProtocol<Protocol>, "wrote">;
  /** A producer may write after loseConnection; all others' writes are dropped then. */
  #hasProducer = false;

  constructor(outer: Transport, protocol: Pick<LoggedProtocol<Protocol>, "wrote">) {
    super(outer);
    this.#protocol = protocol;
  }

  override write(data: Uint8Array | string): void {
    if (this.outer.connected || this.#hasProducer) this.#protocol.wrote(data, TEXT.encodeUtf8);
    this.outer.write(data);
  }

  override writeLatin1(text: string): void {
    if (this.outer.connected || this.#hasProducer) this.#protocol.wrote(text, TEXT.encodeLatin1);
    this.outer.writeLatin1(text);
  }

  override registerProducer(producer: PushProducer | PullProducer, kind: "push" | "pull"): void {
    const isSure = this.#hasProducer;
    this.#hasProducer = true;
    try {
      if (kind === "push") super.registerProducer(producer as PushProducer, kind);
      else super.registerProducer(producer, kind);
    } catch (error) {
      this.#hasProducer = isSure;
      throw error;
    }
  }

  override unregisterProducer(): void {
    this.#hasProducer = false;
    super.unregisterProducer();
  }
}

/** A screenful; whole bodies drown what the log is read for. */
const SHOWN_BYTES = 1_024;
const UNPRINTABLE = /[^ -~]|\\/g;
const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\r": "\\r", "\n": "\\n", "\t": "\\t", "\\": "\\\\" };
