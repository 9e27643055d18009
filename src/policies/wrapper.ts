import type { Address } from "../core/address.ts";
import type { Deferred } from "../core/deferred/deferred.ts";
import { buildProtocol, drainOf, type Factory, Protocol, type ProtocolFactory } from "../core/protocol.ts";
import type { TlsFacts } from "../core/tls.ts";
import type { Farewell, PullProducer, PushProducer, StartTlsOptions, Transport } from "../core/transport.ts";

/**
 * Stands between a transport and a protocol that cannot tell: every event and every call goes through. A policy overrides
 * what it looks at, and `wrapTransport` if it also looks at calls. Exceptions pass through to the transport, which closes
 * the connection with them as it would without the wrapper. Half-close is on if the inner protocol declares it.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { ProtocolWrapper, wrapFactory } from "ropewalk/policies";
 * import { MemoryTransport } from "ropewalk/testing";
 *
 * class Counted extends ProtocolWrapper {
 *   received = 0;
 *   override dataReceived(data: Uint8Array): void {
 *     this.received += data.length;
 *     super.dataReceived(data);
 *   }
 * }
 * const factory = wrapFactory(() => new Protocol(), (inner) => new Counted(inner));
 * const transport = new MemoryTransport();
 * const counted = factory.buildProtocol(transport.peer) as Counted;
 * transport.attach(counted);
 * transport.remote.write("hello");
 * console.log(counted.received); // 5
 * ```
 */
export class ProtocolWrapper<P extends Protocol = Protocol> extends Protocol {
  readonly inner: P;

  /** `halfClose` says whether the transport is to see half-close declared; default: as the inner protocol does. */
  constructor(inner: P, halfClose: boolean = inner.readConnectionLost !== undefined) {
    super();
    this.inner = inner;
    if (!halfClose) return;
    this.readConnectionLost = () => this.readingEnded();
    this.writeConnectionLost = () => this.writingEnded();
  }

  override get innermost(): Protocol {
    return this.inner.innermost;
  }

  override makeConnection(transport: Transport): void {
    this.transport = transport;
    this.inner.makeConnection(this.wrapTransport(transport));
  }

  override dataReceived(data: Uint8Array): void {
    this.inner.dataReceived(data);
  }

  override connectionLost(reason: Error): void {
    this.inner.connectionLost(reason);
  }

  override writingPaused(): void {
    this.inner.writingPaused();
  }

  override writingResumed(): void {
    this.inner.writingResumed();
  }

  /** What the inner protocol is given as its transport; by default, the transport itself. */
  protected wrapTransport(transport: Transport): Transport {
    return transport;
  }

  /** `readConnectionLost`, if half-close is on. */
  protected readingEnded(): void {
    this.inner.readConnectionLost?.();
  }

  /** `writeConnectionLost`, if half-close is on. */
  protected writingEnded(): void {
    this.inner.writeConnectionLost?.();
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.inner[Symbol.asyncDispose]();
  }
}

/** What is inside all wrappers: `Innermost<ProtocolWrapper<Echo>>` is `Echo`. */
export type Innermost<P extends Protocol> = P extends ProtocolWrapper<infer Inner> ? Innermost<Inner> : P;

/**
 * A transport that passes every call on to another one. A policy overrides what it looks at.
 *
 * @example
 * ```ts
 * import { TransportWrapper } from "ropewalk/policies";
 * import { MemoryTransport } from "ropewalk/testing";
 *
 * class Upper extends TransportWrapper {
 *   override write(data: Uint8Array | string): void {
 *     super.write(typeof data === "string" ? data.toUpperCase() : data);
 *   }
 * }
 * const transport = new MemoryTransport();
 * new Upper(transport).write("hello");
 * console.log(transport.text()); // HELLO
 * ```
 */
export class TransportWrapper implements Transport {
  protected readonly outer: Transport;

  constructor(outer: Transport) {
    this.outer = outer;
  }

  get peer(): Address {
    return this.outer.peer;
  }

  get local(): Address {
    return this.outer.local;
  }

  get tls(): TlsFacts | undefined {
    return this.outer.tls;
  }

  get connected(): boolean {
    return this.outer.connected;
  }

  get bufferedBytes(): number {
    return this.outer.bufferedBytes;
  }

  write(data: Uint8Array | string): void {
    this.outer.write(data);
  }

  writeLatin1(text: string): void {
    this.outer.writeLatin1(text);
  }

  pauseReading(): void {
    this.outer.pauseReading();
  }

  resumeReading(): void {
    this.outer.resumeReading();
  }

  loseConnection(how?: Farewell): void {
    this.outer.loseConnection(how);
  }

  loseWriteConnection(): void {
    this.outer.loseWriteConnection();
  }

  abortConnection(): void {
    this.outer.abortConnection();
  }

  registerProducer(producer: PushProducer, kind: "push"): void;
  registerProducer(producer: PullProducer, kind: "pull"): void;
  registerProducer(producer: PushProducer | PullProducer, kind: "push" | "pull"): void {
    if (kind === "push") this.outer.registerProducer(producer as PushProducer, kind);
    else this.outer.registerProducer(producer, kind);
  }

  unregisterProducer(): void {
    this.outer.unregisterProducer();
  }

  startTls(options: StartTlsOptions): Deferred<TlsFacts> {
    return this.outer.startTls(options);
  }

  setNoDelay(enabled: boolean): void {
    this.outer.setNoDelay(enabled);
  }

  setKeepAlive(idleMs: number): void {
    this.outer.setKeepAlive(idleMs);
  }

  whenClosed(): Deferred<Error> {
    return this.outer.whenClosed();
  }
}

/**
 * A factory whose protocols are those of `factory`, each wrapped. A connection that `factory` refuses stays refused.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { ProtocolWrapper, wrapFactory } from "ropewalk/policies";
 *
 * const factory = wrapFactory(() => new Protocol(), (inner) => new ProtocolWrapper(inner));
 * const protocol = factory.buildProtocol({ kind: "stdio" });
 * console.log(protocol?.inner instanceof Protocol); // true
 * ```
 */
export function wrapFactory<P extends Protocol, W extends Protocol>(
  factory: ProtocolFactory<P>,
  wrap: (inner: P, peer: Address) => W,
): Factory<W> {
  return {
    ...drainOf(factory),
    buildProtocol: (peer) => {
      const inner = buildProtocol(factory, peer);
      return inner && wrap(inner, peer);
    },
  };
}
