/** A request on its way to its answer: once, over one connection. Redirects and repeats are exchanges of their own. */
import { Deferred } from "../../../core/deferred/deferred.ts";
import { TimeoutError } from "../../../core/deferred/errors.ts";
import type { HeaderMap } from "../../../wire/header-map.ts";
import type { BodySource } from "../message/body.ts";
import type { Headers } from "../message/headers.ts";
import type { BodySupplier } from "../message/incoming-body.ts";
import type { Response } from "../message/response.ts";
import { RequestError, type RequestPhase } from "./errors.ts";

/** What a call puts up with. */
export interface Patience {
  readonly queueTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly answerTimeoutMs: number;
  readonly silenceTimeoutMs: number;
  /** How long to hold the body back for 100 (RFC 9110 §10.1.1); -1 to send it at once. */
  readonly continueTimeoutMs: number;
  readonly maxCollectedBytes: number;
  /** How many times its size a compressed answer may have; 0 leaves it as it is. */
  readonly maxExpansion: number;
  readonly informed: ((status: number, headers: Headers) => void) | undefined;
}

/** What is sent. */
export interface ExchangeInit {
  readonly method: string;
  /** Without a login. */
  readonly url: string;
  /** What the request line names. */
  readonly target: string;
  readonly headers: HeaderMap;
  readonly body: BodySource;
  readonly isRedirected: boolean;
  /** Makes the protocol that the connection goes on with, if the server agrees (101, or 2xx to CONNECT). */
  readonly successor?: ((response: Response) => unknown) | undefined;
  readonly patience: Patience;
}

/** Where an exchange is: in a queue, or on a connection. */
export interface ExchangeCarrier {
  /** Nobody waits for it any more. */
  giveUp(exchange: Exchange): void;
  holdBody(isHeld: boolean): void;
  /** Nobody reads the rest of its answer. */
  dropBody(): void;
}

/** A connection to a server, as a pool sees it. */
export interface Connection {
  /** On the clock: when it was made. */
  readonly bornMs: number;
  readonly isOpen: boolean;
  /** Sends the request of an exchange. Only for a connection that is free. */
  ask(exchange: Exchange): void;
  /** Free: closes after this time unless it is asked again. */
  rest(idleTimeoutMs: number): void;
  /** Closes a free connection. */
  close(): void;
}

/** Who lends connections. */
export interface ConnectionOwner {
  /** It may be asked again. */
  connectionFree(connection: Connection): void;
  /** It is closed, or closing. */
  connectionGone(connection: Connection): void;
  /** The server had given up the connection before it heard this. */
  repeat(exchange: Exchange): void;
}

export class Exchange implements BodySupplier {
  readonly init: ExchangeInit;
  /** Fires with the answer when its head is there; cancelling it leaves no socket. */
  readonly answered: Deferred<Response>;
  phase: RequestPhase = "queued";
  carrier: ExchangeCarrier | undefined = undefined;
  /** It was sent before, over a connection that had gone meanwhile. */
  isRepeat = false;
  /** The body of the answer, while it comes. */
  body: { fail(error: unknown): void } | undefined = undefined;
  /** Called when nothing of it is left: no connection is held for it, and no more of the answer will come. */
  whenOver: (() => void) | undefined = undefined;

  constructor(init: ExchangeInit) {
    this.init = init;
    this.answered = new Deferred<Response>(() => this.#leave());
  }

  get isOver(): boolean {
    return this.answered.called && this.carrier === undefined;
  }

  /** RFC 9110 §9.2.2: may be sent again when nobody knows whether it was heard, if its body is there still. */
  get mayRepeat(): boolean {
    const { method, body } = this.init;
    return !this.isRepeat && IDEMPOTENT.has(method) && isReplayable(body);
  }

  /** The head of the answer is there. More of it comes if `body` is set. */
  answer(response: Response): void {
    this.answered.callback(response);
  }

  /** The connection is not needed any more: all of the answer came, or nobody wants the rest. */
  finish(): void {
    this.carrier = undefined;
    this.body = undefined;
    const { whenOver } = this;
    this.whenOver = undefined;
    whenOver?.();
  }

  /** Something went wrong on the way: whoever waits for the answer, or reads it, is told. */
  fail(problem: string, cause?: unknown): void {
    this.end(new RequestError(this.init, this.phase, problem, cause === undefined ? undefined : { cause }));
  }

  expire(problem: string, timeoutMs: number): void {
    this.fail(problem, new TimeoutError(timeoutMs, { message: problem }));
  }

  /** Ends it, wherever it is, with this error. */
  end(error: unknown): void {
    if (this.isOver) return;
    const { body } = this;
    this.#leave();
    if (this.answered.called) body?.fail(error);
    else this.answered.errback(error);
  }

  bodyWanted(): void {}

  pauseBody(): void {
    this.carrier?.holdBody(true);
  }

  resumeBody(): void {
    this.carrier?.holdBody(false);
  }

  cancelBody(): void {
    this.carrier?.dropBody();
  }

  #leave(): void {
    const { carrier } = this;
    this.finish();
    carrier?.giveUp(this);
  }
}

/** A body that is there as it was after it was sent. */
export function isReplayable(body: BodySource): boolean {
  return body === null || typeof body === "string" || body instanceof Uint8Array || "isReplayable" in body;
}

const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"]);
/** A body of up to this many bytes goes with its head; more goes piece by piece, so that a peer which takes nothing is noticed. */
export const WHOLE_BYTES = 65_536;
