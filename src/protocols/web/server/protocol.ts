/** A connection of a web server: requests in, answers out, one at a time and in order. */
import { Deferred } from "../../../core/deferred/deferred.ts";
import { toError } from "../../../core/errors.ts";
import { Logger } from "../../../core/log/logger.ts";
import type { Protocol } from "../../../core/protocol.ts";
import type { Clock } from "../../../core/time/clock.ts";
import { type HeaderInit, HeaderMap } from "../../../wire/header-map.ts";
import { TEXT } from "../../../wire/text.ts";
import { type DrainedConnection, isLeaving, type Leaving } from "../../http1/draining.ts";
import type { RemoteProtocolError } from "../../http1/errors.ts";
import type { Http1Event, Http1Request, ResponseHead } from "../../http1/events.ts";
import { Http1Protocol } from "../../http1/protocol.ts";
import type { BodySource } from "../message/body.ts";
import { HttpError } from "../message/http-error.ts";
import { PartReader } from "../message/part-reader.ts";
import { platformBody } from "../message/platform-body.ts";
import { isPromiseLike } from "../message/promise-like.ts";
import { Response } from "../message/response.ts";
import { Exchange, type ExchangeConnection } from "./exchange.ts";
import type { Answer, Site } from "./site.ts";
import { SwitchProtocols } from "./switch/protocol.ts";

export class WebServerProtocol extends Http1Protocol implements ExchangeConnection, DrainedConnection {
  readonly #site: Site;
  #exchange: Exchange | undefined = undefined;
  #successor: Protocol | undefined = undefined;
  /** The successor, which has the connection, if it knows how to end it. */
  #leaving: Leaving | undefined = undefined;
  #whenAsked: (() => void) | undefined = undefined;
  /** The request that is answered has come to its end. */
  #isAsked = true;
  /** There is more of its body to come. */
  #mayBeSending = false;
  /** Bytes of a body that came after its answer. */
  #droppedBytes = 0;
  #room: (() => void) | undefined = undefined;

  constructor(site: Site, clock: Clock) {
    super("server", clock, site.options);
    this.#site = site;
  }

  override connectionMade(): void {
    super.connectionMade();
    this.#site.draining.connected(this);
  }

  get isQuiet(): boolean {
    return this.#leaving === undefined && this.http.waitsFor === "idle";
  }

  finish(): void {
    if (this.#leaving === undefined) this.http.finish();
    else this.#leaving.goAway();
  }

  close(): void {
    this.transport.loseConnection();
  }

  override eventReceived(event: Http1Event): void {
    switch (event.type) {
      case "request":
        this.#serve(event);
        return;
      case "data":
        this.#bodyReceived(event.data);
        return;
      case "end":
        this.#isAsked = true;
        this.#mayBeSending = false;
        this.#exchange?.body?.end();
        this.#asked();
        return;
      case "switched":
        this.#switched(event.rest);
        return;
      case "closed":
        if (this.#mayBeSending) this.linger();
        else this.transport.loseConnection({ peerIsDone: this.http.peerIsDone });
        return;
      default:
        throw new Error(`Cannot take a ${event.type} event: clients send none`);
    }
  }

  override connectionLost(reason: Error): void {
    this.#site.draining.disconnected(this);
    super.connectionLost(reason);
    this.#lose(reason);
  }

  override faultReceived(error: RemoteProtocolError): void {
    const exchange = this.#exchange;
    if (exchange !== undefined) log.info("Lost a request of {peer}: {error}", { peer: this.transport.peer, error });
    exchange?.body?.fail(error);
    super.faultReceived(error);
    this.#lose(error);
  }

  protected override get mayHear(): boolean {
    return this.#exchange !== undefined || !this.isWritingPaused;
  }

  protected override roomReceived(): void {
    const room = this.#room;
    this.#room = undefined;
    room?.();
  }

  bodyWanted(): void {
    if (this.#exchange?.head.expectsContinue === true && this.http.waitsFor === undefined && !this.#isAsked) {
      this.send({ type: "informational", status: 100 });
    }
  }

  pauseBody(): void {
    this.holdInput(true);
  }

  resumeBody(): void {
    this.holdInput(false);
  }

  cancelBody(): void {
    this.holdInput(false);
  }

  sendInformational(exchange: Exchange, status: number, headers: { readonly [name: string]: string }): void {
    if (exchange === this.#exchange && exchange.head.version !== "1.0") {
      this.send({ type: "informational", status, headers });
    }
  }

  #serve(head: Http1Request): void {
    const exchange = new Exchange(head, this, this.#site.maxCollectedBytes);
    this.#exchange = exchange;
    this.#isAsked = false;
    this.#mayBeSending = head.bodyBytes !== 0;
    this.#site.begun(exchange);
    let answer: Answer | PromiseLike<Answer>;
    try {
      if (!this.#site.methods.has(head.method)) throw notImplemented(head.method);
      answer = this.#site.respond(exchange.request);
    } catch (error) {
      this.#answerTo(exchange, error);
      return;
    }
    if (answer instanceof Response) this.#answer(exchange, answer);
    else if (isPromiseLike(answer)) this.#await(exchange, answer);
    else this.#answer(exchange, answer);
  }

  #await(exchange: Exchange, answer: PromiseLike<Answer>): void {
    const answered = (value: Answer): void => this.#answer(exchange, value);
    const failed = (error: unknown): void => this.#answerTo(exchange, error);
    if (answer instanceof Deferred) {
      exchange.onLoss = (reason) => answer.cancel(reason);
      answer.addCallbacks(answered, failed);
    } else {
      // A thenable of somebody else's may throw, or answer twice.
      void Promise.resolve(answer).then(answered, failed);
    }
  }

  #answerTo(exchange: Exchange, error: unknown): void {
    if (exchange.isOver) this.#failed(exchange, error);
    else this.#answer(exchange, this.#site.answerTo(error, exchange.request));
  }

  #answer(exchange: Exchange, answer: Answer): void {
    exchange.onLoss = undefined;
    try {
      if (exchange.isOver) discard(answer);
      else if (answer instanceof Response) this.#send(exchange, answer, answer.fields, answer.takeBody());
      else this.#sendForeign(exchange, answer);
    } catch (error) {
      this.#failed(exchange, error);
    }
  }

  /** The answer itself is at fault: it cannot be said, or was used before. */
  #failed(exchange: Exchange, error: unknown): void {
    if (exchange.status !== 0) {
      this.#breakOff(exchange, error);
    } else if (exchange.isOver) {
      const { method, target } = exchange.head;
      log.debug("Answer to {method} {target} failed when nobody waited for it: {error}", { method, target, error });
    } else {
      const response = this.#site.answerTo(toError(error), exchange.request);
      this.#send(exchange, response, response.fields, response.takeBody());
    }
  }

  #sendForeign(exchange: Exchange, answer: globalThis.Response): void {
    if (typeof answer !== "object" || answer === null || typeof answer.status !== "number") {
      throw new TypeError(`Cannot send an answer that is ${String(answer)}: a handler returns a Response`);
    }
    this.#send(exchange, answer, answer.headers, platformBody(answer));
  }

  #send(exchange: Exchange, answer: Answer, headers: HeaderInit, body: BodySource): void {
    const { status } = answer;
    if (status === 101 || (exchange.head.method === "CONNECT" && status < 300)) {
      drop(body);
      this.#switch(exchange, answer, headers);
      return;
    }
    const reason = answer.statusText === "" ? undefined : answer.statusText;
    const hasDate = headers instanceof HeaderMap ? headers.has("date") : answer.headers.has("date");
    const date = hasDate ? undefined : this.#site.date;
    const head: ResponseHead = { type: "response", status, reason, headers, date };
    if (body === null || typeof body === "string" || body instanceof Uint8Array) {
      this.http.sendWholeTo(this.transport, head, body ?? "");
      exchange.status = status;
      if (this.#site.isWatched && body !== null && exchange.head.method !== "HEAD") exchange.sentBytes = lengthOf(body);
      this.#finish(exchange);
      return;
    }
    const parts = new PartReader(body);
    try {
      // What makes the parts may read those of the request; once the answer has begun, the client cannot be told to send them.
      if (status < 300 && exchange.body?.isSettled === false) this.bodyWanted();
      this.http.sendTo(this.transport, head);
    } catch (error) {
      parts.cancel(error);
      throw error;
    }
    exchange.status = status;
    if (exchange.head.method === "HEAD") {
      parts.cancel(undefined);
      this.http.sendTo(this.transport, END);
      this.#finish(exchange);
    } else {
      exchange.onLoss = (reason) => {
        parts.cancel(reason);
        this.roomReceived();
      };
      void this.#sendParts(exchange, parts);
    }
  }

  async #sendParts(exchange: Exchange, parts: PartReader): Promise<void> {
    try {
      for (let part = await parts.next(); part !== undefined; part = await parts.next()) {
        if (exchange.isOver) return;
        this.http.sendTo(this.transport, { type: "data", data: part });
        exchange.sentBytes += part.length;
        if (this.isWritingPaused) await this.#whenRoom();
        if (exchange.isOver) return;
      }
      if (exchange.isOver) return;
      this.http.sendTo(this.transport, END);
    } catch (error) {
      if (!exchange.isOver) this.#breakOff(exchange, error);
      return;
    }
    this.#finish(exchange);
  }

  #whenRoom(): Promise<void> {
    return new Promise((resolve) => {
      this.#room = resolve;
    });
  }

  /** There is no way to say that an answer went wrong in its middle but to break it off where everybody sees it. */
  #breakOff(exchange: Exchange, error: unknown): void {
    const { method, target } = exchange.head;
    log.error("Cannot go on with the answer to {method} {target}: {error}", { method, target, error });
    this.transport.abortConnection();
    this.#lose(toError(error));
  }

  /** A client may be told to go on in another protocol only when its request is complete. */
  #switch(exchange: Exchange, answer: Answer, headers: HeaderInit): void {
    if (!(answer instanceof SwitchProtocols)) {
      // An application that answers everything alike did not mean to be a proxy.
      if (answer.status !== 101) throw notImplemented("CONNECT");
      throw new TypeError(`Cannot send ${answer.status} alone: answer with new SwitchProtocols(protocol, …)`);
    }
    if (answer.status === 101 && !exchange.head.offersUpgrade) {
      throw new TypeError("Cannot send 101: the client offered no upgrade");
    }
    this.#whenAsked = () => this.#leave(exchange, answer, headers);
    if (this.#isAsked) {
      this.#asked();
      return;
    }
    // Who was not told to go on would never come to the end (RFC 9110 §7.8).
    this.bodyWanted();
    cancelRest(exchange);
  }

  #leave(exchange: Exchange, { status, successor }: SwitchProtocols, headers: HeaderInit): void {
    try {
      if (status === 101) this.http.sendTo(this.transport, { type: "informational", status, headers });
      else this.http.sendWholeTo(this.transport, { type: "response", status, headers });
      this.#successor = successor;
      exchange.status = status;
      this.#finish(exchange);
    } catch (error) {
      this.#failed(exchange, error);
    }
  }

  #switched(rest: Uint8Array): void {
    const successor = this.#successor;
    const { draining } = this.#site;
    if (!isLeaving(successor)) draining.disconnected(this);
    if (successor !== undefined) this.handOver(successor, rest);
    if (!isLeaving(successor)) return;
    this.#leaving = successor;
    if (draining.isFinishing) successor.goAway();
  }

  #asked(): void {
    const whenAsked = this.#whenAsked;
    this.#whenAsked = undefined;
    whenAsked?.();
  }

  #bodyReceived(data: Uint8Array): void {
    const exchange = this.#exchange;
    if (exchange?.body != null && !exchange.isOver) {
      exchange.body.push(data);
      return;
    }
    this.#droppedBytes += data.length;
    if (this.#droppedBytes > MAX_DROPPED_BYTES) this.linger();
  }

  #finish(exchange: Exchange): void {
    this.#exchange = undefined;
    this.#droppedBytes = 0;
    exchange.finish();
    this.#site.over(exchange, true);
    cancelRest(exchange);
    this.hear();
  }

  #lose(reason: Error): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    this.#exchange = undefined;
    try {
      exchange.lose(reason);
    } finally {
      this.#site.over(exchange, false);
    }
  }
}

function notImplemented(method: string): HttpError {
  return new HttpError(501, `Cannot ${method}: this server does not know how`);
}

/** An answer that nobody waits for: what makes its body is told. */
function discard(answer: Answer): void {
  drop(answer instanceof Response ? answer.takeBody() : (answer.body as BodySource));
}

function drop(body: BodySource): void {
  if (body !== null && typeof body === "object" && !(body instanceof Uint8Array))
    new PartReader(body).cancel(undefined);
}

/** Nobody should read it any more. Who does must not take what came so far for all of it. */
function cancelRest({ body }: Exchange): void {
  if (body?.isSettled === false) {
    body.cancel(new Error("Cannot read the rest of this body: the answer to its request is complete"));
  }
}

function lengthOf(body: string | Uint8Array): number {
  return typeof body === "string" ? TEXT.utf8Length(body) : body.length;
}

const END = { type: "end" } as const;
const log = new Logger("ropewalk.web");
/** Taking the rest of an upload that was answered already is cheaper than a new connection up to here. */
const MAX_DROPPED_BYTES = 262_144;
