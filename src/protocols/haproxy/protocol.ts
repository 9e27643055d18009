import { type Address, formatAddress } from "../../core/address.ts";
import { Logger } from "../../core/log/logger.ts";
import { buildProtocol, Protocol, type ProtocolFactory } from "../../core/protocol.ts";
import type { Clock, DelayedCall } from "../../core/time/clock.ts";
import type { TlsServerOptions } from "../../core/tls.ts";
import type { Transport } from "../../core/transport.ts";
import {
  type ArgumentTable,
  type ArgumentValues,
  argumentError,
  type EndpointSource,
  readArguments,
} from "../../endpoints/arguments.ts";
import { innerEndpoint, type ParsedEndpoint } from "../../endpoints/grammar.ts";
import { EarlyBytesTransport } from "../../policies/early-bytes.ts";
import { EMPTY } from "../../wire/byte-queue.ts";
import { GrowingBytes } from "../../wire/growing-bytes.ts";
import { type ProxyHeaderSettings, readProxyHeader } from "./codec.ts";
import { RemoteProxyHeaderError } from "./errors.ts";
import type { ProxiedAddress, ProxyHeader } from "./events.ts";

/**
 * The header that this address came with: of `transport.peer`, or of what a factory gets. Undefined for any other address.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { proxyHeaderOf, receiveProxyHeader } from "ropewalk/haproxy";
 * import { Clock, MemoryTransport } from "ropewalk/testing";
 *
 * const factory = receiveProxyHeader((peer) => {
 *   console.log(proxyHeaderOf(peer)?.command); // PROXY
 *   return new Protocol();
 * }, { clock: new Clock() });
 * const transport = new MemoryTransport();
 * transport.attach(factory.buildProtocol(transport.peer) as Protocol);
 * transport.remote.write("PROXY UNKNOWN\r\n");
 * transport.settle();
 * ```
 */
export function proxyHeaderOf(peer: Address): ProxyHeader | undefined {
  return headers.get(peer);
}

/** What a HeaderReceiver goes by. */
export interface HeaderReceiverOptions extends ProxyHeaderSettings {
  readonly clock: Clock;
  readonly headerTimeoutMs: number;
  readonly tls?: TlsServerOptions | undefined;
}

/** Reads the header of one connection, and from then on passes every event to a protocol of `factory`. */
export class HeaderReceiver extends Protocol {
  readonly #factory: ProtocolFactory;
  readonly #options: HeaderReceiverOptions;
  #early: GrowingBytes | undefined = undefined;
  #timer: DelayedCall | undefined = undefined;
  #inner: Protocol | undefined = undefined;
  /** What a method of `inner` threw where no transport looked. */
  #thrown: Error | undefined = undefined;

  constructor(factory: ProtocolFactory, options: HeaderReceiverOptions) {
    super();
    this.#factory = factory;
    this.#options = options;
  }

  override get innermost(): Protocol {
    return this.#inner?.innermost ?? this;
  }

  override connectionMade(): void {
    const { clock, headerTimeoutMs } = this.#options;
    this.#timer = clock.callLater(headerTimeoutMs, () => {
      this.#timer = undefined;
      this.#refuse(new RemoteProxyHeaderError(`it was not complete after ${headerTimeoutMs} ms`));
    });
  }

  override dataReceived(data: Uint8Array): void {
    if (this.#inner !== undefined) this.#inner.dataReceived(data);
    else this.#headerReceived(data);
  }

  override writingPaused(): void {
    this.#inner?.writingPaused();
  }

  override writingResumed(): void {
    this.#inner?.writingResumed();
  }

  override connectionLost(reason: Error): void {
    this.#stopTimer();
    this.#inner?.connectionLost(this.#thrown ?? reason);
  }

  #headerReceived(data: Uint8Array): void {
    const early = this.#early;
    early?.append(data, 0, data.length);
    const bytes = early === undefined ? data : early.bytes.subarray(0, early.length);
    const read = this.#read(bytes);
    if (read !== undefined) {
      this.#early = undefined;
      this.#stopTimer();
      const { tls } = this.#options;
      if (tls === undefined) this.#begin(read.header, bytes.subarray(read.length));
      else this.#secure(read.header, tls, bytes.subarray(read.length));
    } else if (early === undefined) {
      this.#early = new GrowingBytes();
      this.#early.append(data, 0, data.length);
    }
  }

  #read(bytes: Uint8Array): ReturnType<typeof readProxyHeader> {
    try {
      return readProxyHeader(bytes, this.#options);
    } catch (error) {
      if (!(error instanceof RemoteProxyHeaderError)) throw error;
      this.#refuse(error);
      return undefined;
    }
  }

  #refuse(error: RemoteProxyHeaderError): void {
    this.#stopTimer();
    log.warn("Connection with {peer} closed: {problem}", {
      peer: formatAddress(this.transport.peer),
      problem: error.message,
      error,
    });
    this.transport.loseConnection();
  }

  #secure(header: ProxyHeader, tls: TlsServerOptions, received: Uint8Array): void {
    const peer = formatAddress(header.source ?? this.transport.peer);
    this.transport
      .startTls({ side: "server", tls, received })
      .addCallbacks(
        () => this.#begin(header, EMPTY),
        (error: Error) => {
          log.info("TLS handshake with {peer} failed: {error}", { peer, error });
          // A transport that cannot do TLS stays open.
          this.transport.abortConnection();
        },
      )
      .addErrback((error: Error) => {
        log.error("Connection with {peer} closed: {protocol} threw", {
          peer,
          protocol: this.innermost.constructor.name,
          error,
        });
        this.#thrown = error;
        this.transport.loseConnection();
      });
  }

  #begin(header: ProxyHeader, rest: Uint8Array): void {
    const peer = { ...(header.source ?? this.transport.peer) };
    headers.set(peer, header);
    const inner = buildProtocol(this.#factory, peer);
    if (inner === undefined) {
      this.transport.loseConnection();
      return;
    }
    this.#inner = inner;
    // Declaring these turns half-close on, so they are there only if the inner protocol has them.
    if (inner.readConnectionLost !== undefined) this.readConnectionLost = () => inner.readConnectionLost?.();
    if (inner.writeConnectionLost !== undefined) this.writeConnectionLost = () => inner.writeConnectionLost?.();
    const transport = new ProxiedTransport(this.transport, { peer, local: header.destination }, inner, rest);
    inner.makeConnection(transport);
    transport.deliverEarly();
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

/** Tells the true addresses. */
class ProxiedTransport extends EarlyBytesTransport {
  readonly #peer: Address;
  readonly #local: ProxiedAddress | undefined;

  constructor(
    outer: Transport,
    addresses: { readonly peer: Address; readonly local: ProxiedAddress | undefined },
    protocol: Protocol,
    early: Uint8Array,
  ) {
    super(outer, protocol, early);
    this.#peer = addresses.peer;
    this.#local = addresses.local;
  }

  override get peer(): Address {
    return this.#peer;
  }

  override get local(): Address {
    return this.#local ?? this.outer.local;
  }
}

/** The description inside of `haproxy:<description>`, and the arguments among its own that belong to the wrapping. */
export function readWrappingArguments<Table extends ArgumentTable>(
  source: EndpointSource,
  table: Table,
): ArgumentValues<Table> & { readonly inner: ParsedEndpoint } {
  const entries = Object.entries(source.parsed.keywords);
  const own = Object.fromEntries(entries.filter(([name]) => Object.hasOwn(table, name)));
  const keywords = Object.fromEntries(entries.filter(([name]) => !Object.hasOwn(table, name)));
  const inner = innerEndpoint({ ...source.parsed, keywords });
  if (inner === undefined) throw argumentError(source, "description", "there is no description inside");
  const values = readArguments({ ...source, parsed: { ...source.parsed, positional: [], keywords: own } }, [], table);
  return { ...values, inner };
}

const headers = new WeakMap<Address, ProxyHeader>();

const log: Logger = new Logger("ropewalk.haproxy");
