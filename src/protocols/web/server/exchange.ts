/** A request on its way to its answer. */
import type { Address } from "../../../core/address.ts";
import { Deferred } from "../../../core/deferred/deferred.ts";
import { LocalProtocolError } from "../../http1/errors.ts";
import type { Http1Request } from "../../http1/events.ts";
import { type BodySupplier, IncomingBody } from "../message/incoming-body.ts";
import { type ReceivedRequest, Request } from "../message/request.ts";

/** What the connection of an exchange is, and does for it. */
export interface ExchangeConnection extends BodySupplier {
  readonly transport: { readonly peer: Address; readonly local: Address; readonly tls: object | undefined };
  /** Between request and final answer. @throws LocalProtocolError if it cannot be said. */
  sendInformational(exchange: Exchange, status: number, headers: { readonly [name: string]: string }): void;
}

export class Exchange implements ReceivedRequest {
  readonly head: Http1Request;
  readonly body: IncomingBody | null;
  readonly request: Request;
  /** On the clock: when its head was heard. Only for those who want to know. */
  startedMs = 0;
  /** Of the answer; 0 as long as there is none. */
  status = 0;
  /** Of the answer's body, as bytes before they are framed. */
  sentBytes = 0;
  readonly #connection: ExchangeConnection;
  #isOver = false;
  /** Why it will have no answer; undefined while it may. */
  #lostFor: Error | undefined = undefined;
  #controller: AbortController | undefined = undefined;
  #waiting: Deferred<void>[] | undefined = undefined;
  /** What works on the answer, and how to tell it that nobody waits for it. */
  onLoss: ((reason: Error) => void) | undefined = undefined;

  constructor(head: Http1Request, connection: ExchangeConnection, maxBodyBytes: number) {
    this.head = head;
    this.#connection = connection;
    this.body = head.bodyBytes === 0 ? null : new IncomingBody(connection, head.bodyBytes, maxBodyBytes);
    this.request = new Request(this);
  }

  get peer(): Address {
    return this.#connection.transport.peer;
  }

  get local(): Address {
    return this.#connection.transport.local;
  }

  get isSecure(): boolean {
    return this.#connection.transport.tls !== undefined;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#lostFor !== undefined) this.#controller.abort(this.#lostFor);
    return this.#controller.signal;
  }

  notifyFinish(): Deferred<void> {
    const finished = new Deferred<void>();
    if (this.#lostFor !== undefined) finished.errback(this.#lostFor);
    else if (this.#isOver) finished.callback(undefined);
    else {
      this.#waiting ??= [];
      this.#waiting.push(finished);
    }
    return finished;
  }

  sendInformational(status: number, headers: { readonly [name: string]: string }): void {
    if (status < 102) {
      throw new LocalProtocolError(
        `Cannot send ${status} before an answer: 100 goes by itself, 101 by SwitchProtocols`,
      );
    }
    if (!this.#isOver) this.#connection.sendInformational(this, status, headers);
  }

  /** The answer is complete. */
  finish(): void {
    this.#isOver = true;
    this.onLoss = undefined;
    if (this.#waiting === undefined) return;
    for (const deferred of this.#waiting) if (!deferred.called) deferred.callback(undefined);
    this.#waiting = undefined;
  }

  /** The connection went before the answer was complete. */
  lose(reason: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#lostFor = reason;
    this.body?.fail(reason);
    try {
      // A program's canceller may throw: the others that wait are told all the same.
      this.onLoss?.(reason);
    } finally {
      this.onLoss = undefined;
      this.#controller?.abort(reason);
      for (const deferred of this.#waiting ?? []) if (!deferred.called) deferred.errback(reason);
      this.#waiting = undefined;
    }
  }
}
