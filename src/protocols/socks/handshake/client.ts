import { Deferred } from "../../../core/deferred/deferred.ts";
import { ConnectionLost, toError } from "../../../core/errors.ts";
import { Protocol } from "../../../core/protocol.ts";
import { EarlyBytesTransport } from "../../../policies/early-bytes.ts";
import { NOWHERE } from "../codec.ts";
import { SocksClientConnection } from "../connection.ts";
import { RemoteSocksError, SocksRefusedError } from "../errors.ts";
import type { SocksAddress, SocksLogin, SocksMessage, SocksReply } from "../events.ts";

/** Asks the proxy, and from the reply that it waits for on passes every event to the protocol that was asked for. */
export class SocksThenProtocol<P extends Protocol> extends Protocol {
  /** Of BIND only: fires with the address of the first reply. */
  readonly bound: Deferred<SocksAddress> | undefined;
  /** Fires with the inner protocol when its connectionMade has run: at the first reply, or for BIND at the second. */
  readonly established: Deferred<P>;
  readonly #connection: SocksClientConnection;
  readonly #inner: P;
  readonly #first: Uint8Array;
  /** What the last reply said. */
  address: SocksAddress = NOWHERE;
  #isHandedOver = false;
  #thrown: Error | undefined = undefined;

  /** @throws LocalSocksError for what the version cannot say. */
  constructor(request: SocksMessage, login: SocksLogin | undefined, inner: P) {
    super();
    this.#connection = new SocksClientConnection(request, login);
    this.#first = this.#connection.begin();
    this.#inner = inner;
    const abort = (): void => this.transport.abortConnection();
    this.bound = request.command === "bind" ? new Deferred(abort) : undefined;
    this.established = new Deferred(abort);
    // Declaring these turns half-close on, so they are there only if the inner protocol has them.
    if (inner.readConnectionLost !== undefined) this.readConnectionLost = () => this.#readingEnded();
    if (inner.writeConnectionLost !== undefined) this.writeConnectionLost = () => inner.writeConnectionLost?.();
  }

  override get innermost(): Protocol {
    return this.#inner.innermost;
  }

  override connectionMade(): void {
    this.transport.write(this.#first);
  }

  override dataReceived(data: Uint8Array): void {
    if (this.#isHandedOver) this.#inner.dataReceived(data);
    else {
      this.#connection.push(data);
      this.#negotiate();
    }
  }

  override writingPaused(): void {
    if (this.#isHandedOver) this.#inner.writingPaused();
  }

  override writingResumed(): void {
    if (this.#isHandedOver) this.#inner.writingResumed();
  }

  override connectionLost(reason: Error): void {
    if (this.#isHandedOver) this.#inner.connectionLost(this.#thrown ?? reason);
    this.#fail(
      new ConnectionLost("Connection was lost before the proxy had done what it was asked", { cause: reason }),
    );
  }

  #negotiate(): void {
    try {
      while (!this.#isHandedOver && this.transport.connected) {
        const event = this.#connection.next();
        if (event === undefined) return;
        if (event.type === "send") this.transport.write(event.data);
        else this.#replied(event);
      }
    } catch (error) {
      if (!(error instanceof RemoteSocksError || error instanceof SocksRefusedError)) throw error;
      this.transport.abortConnection();
      this.#fail(error);
    }
  }

  #replied({ address }: SocksReply): void {
    this.address = address;
    if (this.bound?.called === false) this.bound.callback(address);
    else this.#handOver();
  }

  #readingEnded(): void {
    if (this.#isHandedOver) this.#inner.readConnectionLost?.();
    else this.transport.loseConnection();
  }

  #handOver(): void {
    if (this.established.called) return;
    const inner = this.#inner;
    const early = this.#connection.takeRest();
    const transport = early.length === 0 ? undefined : new EarlyBytesTransport(this.transport, inner, early);
    this.#isHandedOver = true;
    try {
      inner.makeConnection(transport ?? this.transport);
    } catch (error) {
      this.#thrown = toError(error);
      this.transport.abortConnection();
      this.#fail(this.#thrown);
      return;
    }
    this.established.callback(inner);
    transport?.deliverEarly();
  }

  #fail(error: Error): void {
    if (this.bound?.called === false) this.bound.errback(error);
    if (!this.established.called) this.established.errback(error);
  }
}
