/** A connection to a web server: one request at a time out, its answer in. */
import { toError } from "../../../core/errors.ts";
import { outsideWork } from "../../../core/outside-work.ts";
import type { Protocol } from "../../../core/protocol.ts";
import type { Clock } from "../../../core/time/clock.ts";
import { joinBytes } from "../../../wire/join-bytes.ts";
import { TEXT } from "../../../wire/text.ts";
import type { Http1Options } from "../../http1/connection.ts";
import type { RemoteProtocolError } from "../../http1/errors.ts";
import type { Http1Event, Http1Response, RequestHead } from "../../http1/events.ts";
import { Http1Protocol } from "../../http1/protocol.ts";
import type { BodySource } from "../message/body.ts";
import { Headers } from "../message/headers.ts";
import { IncomingBody } from "../message/incoming-body.ts";
import { PartReader } from "../message/part-reader.ts";
import { Response } from "../message/response.ts";
import { decode } from "./decoding/decode.ts";
import { type Connection, type ConnectionOwner, type Exchange, type ExchangeCarrier, WHOLE_BYTES } from "./exchange.ts";
import { Watch } from "./watch.ts";

export class WebClientProtocol extends Http1Protocol implements Connection, ExchangeCarrier {
  readonly bornMs: number;
  readonly #owner: ConnectionOwner;
  readonly #watch: Watch;
  #exchange: Exchange | undefined = undefined;
  #isGone = false;
  /** Exchanges before this one: a connection that served may have been closed by the server since. */
  #served = 0;
  /** Bytes of the answer came. */
  #hasHeard = false;
  #head: Http1Response | undefined = undefined;
  #isComplete = false;
  /** What of the body came with its head. */
  #early: Uint8Array[] = [];
  #body: IncomingBody | undefined = undefined;
  /** Bytes of an answer that nobody reads; -1 while somebody does. */
  #droppedBytes = -1;
  #isHeld = false;
  /** 101, which comes before the switch itself. */
  #agreed: Response | undefined = undefined;
  #upload: PartReader | undefined = undefined;
  /** What waits for the server to say that it wants it (RFC 9110 §10.1.1). */
  #heldBack: Exclude<BodySource, null> | undefined = undefined;
  #room: (() => void) | undefined = undefined;

  constructor(owner: ConnectionOwner, clock: Clock) {
    super("client", clock, HTTP_OPTIONS);
    this.bornMs = clock.now();
    this.#owner = owner;
    this.#watch = new Watch(clock, () => this.#timeIsUp());
  }

  get isOpen(): boolean {
    return !this.#isGone && this.transport.connected;
  }

  ask(exchange: Exchange): void {
    const { method, target, headers, body, patience } = exchange.init;
    const head: RequestHead = { type: "request", method, target, headers };
    this.#exchange = exchange;
    exchange.carrier = this;
    exchange.phase = "sending";
    try {
      if (patience.continueTimeoutMs >= 0 && body !== null) {
        this.http.sendTo(this.transport, head);
        this.#heldBack = body;
        this.#watch.set(patience.continueTimeoutMs);
      } else if (isWhole(body)) {
        this.http.sendWholeTo(this.transport, head, body ?? "");
        this.#sent(exchange);
      } else {
        this.http.sendTo(this.transport, head);
        this.#beginUpload(exchange, body);
      }
    } catch (error) {
      // The request cannot be said: nothing was sent, and the connection is as it was.
      this.#forget();
      exchange.fail(toError(error).message, error);
      this.#owner.connectionFree(this);
    }
  }

  rest(idleTimeoutMs: number): void {
    this.#watch.set(idleTimeoutMs);
  }

  close(): void {
    this.#leave();
    this.transport.loseConnection();
  }

  giveUp(exchange: Exchange): void {
    if (exchange !== this.#exchange) return;
    this.#abort();
  }

  holdBody(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.#watch.set(isHeld ? UNREAD_MS : this.#silenceMs);
    this.holdInput(isHeld);
    if (!isHeld) this.#settle();
  }

  dropBody(): void {
    const exchange = this.#exchange as Exchange;
    const left = (this.#head as Http1Response).bodyBytes;
    if (this.#upload !== undefined || this.#heldBack !== undefined || left > MAX_DROPPED_BYTES) {
      this.#abort();
      exchange.finish();
      return;
    }
    // A little more is taken than a new connection costs.
    this.#droppedBytes = 0;
    this.#isHeld = false;
    this.#watch.set(DROP_MS);
    this.holdInput(false);
    this.#settle();
  }

  protected override eventReceived(event: Http1Event): void {
    switch (event.type) {
      case "informational":
        this.#informed(event.status, event.headers);
        return;
      case "response":
        this.#headReceived(event);
        return;
      case "data":
        this.#bodyReceived(event.data);
        return;
      case "end":
        this.#isComplete = true;
        return;
      case "closed":
        this.#leave();
        this.transport.loseConnection();
        return;
      case "switched":
        this.#switch(event.rest);
        return;
      default:
        throw new Error(`Cannot take a ${event.type} event: servers send none`);
    }
  }

  override dataReceived(data: Uint8Array): void {
    if (this.#exchange !== undefined) {
      this.#hasHeard = true;
      if (this.#droppedBytes < 0) this.#watch.set(this.#silenceMs);
    }
    super.dataReceived(data);
    this.#settle();
  }

  override readConnectionLost(): void {
    super.readConnectionLost();
    this.#settle();
  }

  override faultReceived(error: RemoteProtocolError): void {
    this.#lose(error);
    this.#abort();
  }

  override connectionLost(reason: Error): void {
    super.connectionLost(reason);
    this.#lose(reason);
    this.#leave();
  }

  protected override roomReceived(): void {
    const room = this.#room;
    this.#room = undefined;
    room?.();
  }

  get #silenceMs(): number {
    return this.#exchange?.init.patience.silenceTimeoutMs ?? Number.POSITIVE_INFINITY;
  }

  #informed(status: number, headers: Http1Response["headers"]): void {
    const exchange = this.#exchange as Exchange;
    if (status === 101) this.#agreed = new Response(null, { status, headers, url: exchange.init.url });
    else if (status === 100) this.#sendHeldBack(exchange);
    else exchange.init.patience.informed?.(status, new Headers(headers));
  }

  /** The connection goes on in another protocol, and is nobody's here any more. */
  #switch(rest: Uint8Array): void {
    const exchange = this.#exchange as Exchange;
    const response = this.#agreed as Response;
    const { successor } = exchange.init;
    if (successor === undefined) {
      exchange.fail("the server goes on in another protocol, and nobody said by what: use agent.switch");
      return;
    }
    this.#forget();
    this.#leave();
    exchange.finish();
    this.handOver(successor(response) as Protocol, rest, () => exchange.answer(response));
  }

  #headReceived(head: Http1Response): void {
    (this.#exchange as Exchange).phase = "reading";
    this.#head = head;
    this.#heldBack = undefined;
    // RFC 9112 §9.5: who refuses does not want the rest.
    if (this.#upload !== undefined && head.status >= 300) this.#stopUpload();
  }

  #bodyReceived(data: Uint8Array): void {
    if (this.#droppedBytes >= 0) {
      this.#droppedBytes += data.length;
      if (this.#droppedBytes > MAX_DROPPED_BYTES) this.#stopDropping(this.#exchange as Exchange);
    } else if (this.#body !== undefined) {
      this.#body.push(data);
    } else {
      this.#early.push(data);
    }
  }

  /**
   * After what came was heard: the answer goes to who waits for it. By then all of a small one is there, and its connection
   * is free for the next request, which may be made right there.
   */
  #settle(): void {
    const exchange = this.#exchange;
    const head = this.#head;
    if (exchange === undefined || head === undefined) return;
    const isComplete = this.#isComplete;
    const isNew = this.#body === undefined && this.#droppedBytes < 0;
    const response = isNew ? this.#responseTo(exchange, head, isComplete) : undefined;
    if (isComplete) {
      this.#body?.end();
      this.#finish(exchange);
    }
    if (response !== undefined) exchange.answer(response);
  }

  #responseTo(exchange: Exchange, head: Http1Response, isComplete: boolean): Response {
    const { url, isRedirected, patience } = exchange.init;
    const { maxCollectedBytes } = patience;
    const early = this.#early;
    let source: BodySource = null;
    let fields = head.headers;
    if (isComplete && sizeOf(early) <= maxCollectedBytes) {
      const [first] = early;
      if (first !== undefined) source = early.length === 1 ? first : joinBytes(early);
    } else if (head.bodyBytes !== 0) {
      const body = new IncomingBody(exchange, head.bodyBytes, maxCollectedBytes);
      this.#body = body;
      exchange.body = body;
      source = body;
      for (const part of early) body.push(part);
    }
    if (early.length > 0) this.#early = [];
    if (source !== null && patience.maxExpansion > 0 && fields.has("content-encoding")) {
      const decoded = decode(source as Uint8Array | IncomingBody, fields, patience, outsideWork);
      if (decoded !== undefined) ({ source, fields } = decoded);
    }
    const { status, reason } = head;
    return new Response(source, { status, statusText: reason, headers: fields, url, redirected: isRedirected });
  }

  /** All of the answer came. If not all of the request was sent, nobody wants the rest of that. */
  #finish(exchange: Exchange): void {
    const isFree = this.#upload === undefined && this.http.waitsFor === "idle" && this.isOpen;
    this.#forget();
    this.#served++;
    exchange.finish();
    if (isFree) {
      this.#owner.connectionFree(this);
    } else if (!this.#isGone) {
      this.close();
    }
  }

  #sendHeldBack(exchange: Exchange): void {
    const body = this.#heldBack;
    if (body === undefined) return;
    this.#heldBack = undefined;
    this.#watch.set(Number.POSITIVE_INFINITY);
    this.#beginUpload(exchange, body);
  }

  #beginUpload(exchange: Exchange, body: Exclude<BodySource, null>): void {
    const parts = new PartReader(typeof body === "string" || body instanceof Uint8Array ? slices(body) : body);
    this.#upload = parts;
    void this.#sendParts(exchange, parts);
  }

  async #sendParts(exchange: Exchange, parts: PartReader): Promise<void> {
    let left = Number(exchange.init.headers.get("content-length") ?? Number.NaN);
    try {
      for (let part = await parts.next(); part !== undefined; part = await parts.next()) {
        if (this.#upload !== parts) return;
        this.http.sendTo(this.transport, { type: "data", data: part });
        left -= part.length;
        if (left === 0) break;
        if (this.isWritingPaused) await this.#whenRoom();
        if (this.#upload !== parts) return;
      }
      if (this.#upload !== parts) return;
      this.http.sendTo(this.transport, END);
      // The server may answer before the source has found its end: nothing of it is missing any more.
      if (left === 0) parts.cancel(undefined);
    } catch (error) {
      if (this.#upload !== parts) return;
      exchange.fail(`its body cannot be sent: ${toError(error).message}`, error);
      return;
    }
    this.#upload = undefined;
    if (this.#head === undefined) this.#sent(exchange);
  }

  /** While the server takes nothing, its patience is ours; while there is nothing to send, it is nobody's. */
  #whenRoom(): Promise<void> {
    if (this.#head === undefined) this.#watch.set(this.#silenceMs);
    return new Promise((resolve) => {
      this.#room = () => {
        if (this.#head === undefined) this.#watch.set(Number.POSITIVE_INFINITY);
        resolve();
      };
    });
  }

  #stopUpload(reason?: unknown): void {
    const upload = this.#upload;
    this.#upload = undefined;
    upload?.cancel(reason);
    this.roomReceived();
  }

  #sent(exchange: Exchange): void {
    exchange.phase = "waiting";
    this.#watch.set(exchange.init.patience.answerTimeoutMs);
  }

  #timeIsUp(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) {
      this.close();
    } else if (this.#heldBack !== undefined) {
      // Servers of old know nothing of 100.
      this.#sendHeldBack(exchange);
    } else if (this.#droppedBytes >= 0) {
      this.#stopDropping(exchange);
    } else {
      const { problem, ms } = this.#delay(exchange);
      exchange.expire(problem, ms);
    }
  }

  #delay({ phase, init }: Exchange): { readonly problem: string; readonly ms: number } {
    const { answerTimeoutMs, silenceTimeoutMs: ms } = init.patience;
    if (this.#isHeld) return { problem: `nobody has read its answer for ${UNREAD_MS} ms`, ms: UNREAD_MS };
    if (phase === "sending") return { problem: `the server took nothing of its body for ${ms} ms`, ms };
    if (phase === "reading") return { problem: `the server sent nothing more for ${ms} ms`, ms };
    return { problem: `no answer came within ${answerTimeoutMs} ms`, ms: answerTimeoutMs };
  }

  #stopDropping(exchange: Exchange): void {
    this.#abort();
    exchange.finish();
  }

  /** The connection is of no use any more: what is under way on it is repeated, or fails. */
  #lose(error: Error): void {
    // The head, or all of an answer, may have come in one read with what is wrong.
    this.#settle();
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    const isStale = !this.#hasHeard && this.#served > 0 && exchange.mayRepeat;
    const isDropped = this.#droppedBytes >= 0;
    this.#forget();
    if (isStale) {
      this.#owner.repeat(exchange);
      this.#leave();
    } else if (isDropped) {
      exchange.finish();
    } else {
      exchange.fail(error.message, error);
    }
  }

  #abort(): void {
    this.#forget();
    this.#leave();
    this.transport.abortConnection();
  }

  #forget(): void {
    this.#exchange = undefined;
    this.#head = undefined;
    this.#body = undefined;
    this.#heldBack = undefined;
    this.#isComplete = false;
    this.#hasHeard = false;
    this.#isHeld = false;
    this.#droppedBytes = -1;
    if (this.#upload !== undefined) this.#stopUpload();
  }

  #leave(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#watch.stop();
    this.#owner.connectionGone(this);
  }
}

function isWhole(body: BodySource): body is string | Uint8Array | null {
  return body === null || ((typeof body === "string" || body instanceof Uint8Array) && body.length <= WHOLE_BYTES);
}

async function* slices(body: string | Uint8Array): AsyncGenerator<Uint8Array> {
  const bytes = typeof body === "string" ? TEXT.encodeUtf8(body) : body;
  for (let at = 0; at < bytes.length; at += WHOLE_BYTES) yield bytes.subarray(at, at + WHOLE_BYTES);
}

function sizeOf(parts: readonly Uint8Array[]): number {
  let size = 0;
  for (const part of parts) size += part.length;
  return size;
}

const END = { type: "end" } as const;
/** What waits here is in this module's hands, with what the caller asked for; bodies pass through, and have no limit. */
const HTTP_OPTIONS: Http1Options = {
  limits: { maxBodyBytes: Number.MAX_SAFE_INTEGER },
  timeouts: {
    idleTimeoutMs: Number.POSITIVE_INFINITY,
    answerTimeoutMs: Number.POSITIVE_INFINITY,
    bodyGraceMs: Number.POSITIVE_INFINITY,
  },
};
/** Reading the rest of an answer that nobody wants is cheaper than a new connection up to here. */
const MAX_DROPPED_BYTES = 65_536;
/** For that rest, a second: what a new connection costs on a bad line. */
const DROP_MS = 1_000;
/** Servers give up on who takes nothing for a minute; who forgot an answer must not hold its socket for ever. */
const UNREAD_MS = 300_000;
