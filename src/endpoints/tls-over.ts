import type { Address } from "../core/address.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { ConnectionLost, toError } from "../core/errors.ts";
import { buildProtocol, Protocol, type ProtocolFactory } from "../core/protocol.ts";
import type { Reactor } from "../core/reactor.ts";
import type { TlsClientOptions } from "../core/tls.ts";
import type { ClientEndpoint } from "./types.ts";

/**
 * Connects `endpoint`, turns the connection into TLS, and hands it to a protocol of `factory`. Fires when that protocol is
 * usable. Cancelling aborts the connection, whatever stage it is in.
 */
export function connectTlsOver<P extends Protocol>(
  reactor: Reactor,
  endpoint: ClientEndpoint,
  tls: TlsClientOptions,
  factory: ProtocolFactory<P>,
): Deferred<P> {
  return endpoint
    .connect(reactor, (peer: Address) => {
      const inner = buildProtocol(factory, peer);
      return inner && new TlsThenProtocol(tls, inner);
    })
    .addCallback((outer) => outer.secured);
}

/** Shakes hands, and from then on passes every event to the protocol that was asked for. */
class TlsThenProtocol<P extends Protocol> extends Protocol {
  /** Fires with the inner protocol when its connectionMade has run. */
  readonly secured: Deferred<P>;
  readonly #tls: TlsClientOptions;
  readonly #inner: P;
  #handedOver = false;
  #thrown: Error | undefined;

  constructor(tls: TlsClientOptions, inner: P) {
    super();
    this.#tls = tls;
    this.#inner = inner;
    this.secured = new Deferred<P>(() => this.transport.abortConnection());
    // Declaring these turns half-close on, so they are there only if the inner protocol has them.
    if (inner.readConnectionLost !== undefined) this.readConnectionLost = () => this.#readConnectionLost(inner);
    if (inner.writeConnectionLost !== undefined) this.writeConnectionLost = () => inner.writeConnectionLost?.();
  }

  override get innermost(): Protocol {
    return this.#inner.innermost;
  }

  override connectionMade(): void {
    this.transport.startTls({ side: "client", tls: this.#tls }).addCallbacks(
      () => this.#handOver(),
      (error: Error) => {
        // A transport that cannot do TLS stays open.
        this.transport.abortConnection();
        this.#fail(error);
      },
    );
  }

  override dataReceived(data: Uint8Array): void {
    if (this.#handedOver) this.#inner.dataReceived(data);
  }

  override writingPaused(): void {
    if (this.#handedOver) this.#inner.writingPaused();
  }

  override writingResumed(): void {
    if (this.#handedOver) this.#inner.writingResumed();
  }

  override connectionLost(reason: Error): void {
    if (this.#handedOver) this.#inner.connectionLost(this.#thrown ?? reason);
    this.#fail(new ConnectionLost("Connection was lost before TLS was established", { cause: reason }));
  }

  #readConnectionLost(inner: P): void {
    if (this.#handedOver) inner.readConnectionLost?.();
    else this.transport.loseConnection();
  }

  #handOver(): void {
    if (this.secured.called) return;
    const inner = this.#inner;
    this.#handedOver = true;
    try {
      inner.makeConnection(this.transport);
    } catch (error) {
      this.#thrown = toError(error);
      this.transport.abortConnection();
      this.#fail(this.#thrown);
      return;
    }
    this.secured.callback(inner);
  }

  #fail(error: Error): void {
    if (!this.secured.called) this.secured.errback(error);
  }
}
