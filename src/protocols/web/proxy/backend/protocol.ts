/** A connection to the server behind a proxy that may leave HTTP: one request, and its answer or another protocol. */
import { Deferred } from "../../../../core/deferred/deferred.ts";
import { TimeoutError } from "../../../../core/deferred/errors.ts";
import type { Clock } from "../../../../core/time/clock.ts";
import { FarEnd } from "../../../../policies/relay.ts";
import type { HeaderMap } from "../../../../wire/header-map.ts";
import type { RemoteProtocolError } from "../../../http1/errors.ts";
import type { Http1Event, Http1Response, RequestHead } from "../../../http1/events.ts";
import { Http1Protocol } from "../../../http1/protocol.ts";
import { type BodySupplier, IncomingBody } from "../../message/incoming-body.ts";
import { Response } from "../../message/response.ts";

/** The server agreed to the other protocol. */
export interface Switched {
  readonly headers: HeaderMap;
  /** The connection, which waits for its near end. */
  readonly far: FarEnd;
}

export interface UpgradePatience {
  readonly answerTimeoutMs: number;
  readonly silenceTimeoutMs: number;
}

export class UpgradeProtocol extends Http1Protocol implements BodySupplier {
  /** Fires with the answer when its head is there, or with the switch; cancelling it closes the connection. */
  readonly answered: Deferred<Response | Switched>;
  /** Called when the connection has nothing to do with the request any more. */
  whenOver: (() => void) | undefined = undefined;
  readonly #head: RequestHead;
  readonly #answerTimeoutMs: number;
  #switchHeaders: HeaderMap | undefined = undefined;
  #body: IncomingBody | undefined = undefined;

  constructor(head: RequestHead, clock: Clock, { answerTimeoutMs, silenceTimeoutMs }: UpgradePatience) {
    super("client", clock, {
      limits: { maxBodyBytes: Number.MAX_SAFE_INTEGER },
      timeouts: { answerTimeoutMs, bodyGraceMs: silenceTimeoutMs, minBodyBytesPerSecond: 1 },
    });
    this.#head = head;
    this.#answerTimeoutMs = answerTimeoutMs;
    this.answered = new Deferred(() => this.transport.abortConnection());
  }

  override connectionMade(): void {
    this.sendWhole(this.#head);
  }

  override connectionLost(reason: Error): void {
    super.connectionLost(reason);
    this.#fail(reason);
    this.whenOver?.();
  }

  bodyWanted(): void {}

  pauseBody(): void {
    this.holdInput(true);
  }

  resumeBody(): void {
    this.holdInput(false);
  }

  cancelBody(): void {
    this.transport.abortConnection();
  }

  protected override eventReceived(event: Http1Event): void {
    switch (event.type) {
      case "informational":
        if (event.status === 101) this.#switchHeaders = event.headers;
        return;
      case "response":
        this.#responded(event);
        return;
      case "data":
        this.#body?.push(event.data);
        return;
      case "end":
        this.#body?.end();
        this.transport.loseConnection();
        return;
      case "switched":
        this.#switched(event.rest);
        return;
      default:
        this.transport.loseConnection();
    }
  }

  protected override faultReceived(error: RemoteProtocolError): void {
    const ms = this.#answerTimeoutMs;
    this.#fail(error.status === 504 ? new TimeoutError(ms, { cause: error }) : error);
    this.transport.abortConnection();
  }

  #responded({ status, reason, headers, bodyBytes }: Http1Response): void {
    if (bodyBytes !== 0) this.#body = new IncomingBody(this, bodyBytes, 0);
    if (this.answered.called) return;
    this.answered.callback(new Response(this.#body ?? null, { status, statusText: reason, headers }));
  }

  #switched(rest: Uint8Array): void {
    const far = new FarEnd(true);
    this.handOver(far, rest);
    if (this.answered.called) far.transport.abortConnection();
    else this.answered.callback({ headers: this.#switchHeaders as HeaderMap, far });
  }

  #fail(error: Error): void {
    this.#body?.fail(error);
    if (!this.answered.called) this.answered.errback(error);
  }
}
