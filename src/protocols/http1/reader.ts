/** The half of a connection that hears: bytes in, events out, as far as the machine allows. */
import { HeaderMap } from "../../wire/header-map.ts";
import { BodyReader } from "./codec/body-reader.ts";
import { type Framing, requestFraming, responseFraming } from "./codec/framing.ts";
import { HeadReader } from "./codec/head-reader.ts";
import { Inbox } from "./codec/inbox.ts";
import { authorityOfTarget } from "./codec/target.ts";
import { RemoteProtocolError } from "./errors.ts";
import type { Http1Event, Http1Informational, Http1Request, Http1Response } from "./events.ts";
import type { Http1Limits } from "./limits.ts";
import { Exchange, type Machine } from "./machine.ts";

export class Reader {
  readonly inbox: Inbox = new Inbox();
  readonly head: HeadReader;
  readonly #body: BodyReader;
  readonly #isServer: boolean;
  readonly #limits: Http1Limits;
  readonly #machine: Machine;
  /** See `Http1Connection.peerIsDone`. */
  peerIsDone = false;
  #hasEnded = false;
  #isDone = false;
  #failure: RemoteProtocolError | undefined = undefined;

  constructor(isServer: boolean, limits: Http1Limits, machine: Machine) {
    this.#isServer = isServer;
    this.#limits = limits;
    this.#machine = machine;
    this.head = new HeadReader(limits, isServer);
    this.#body = new BodyReader(limits, this.head, isServer);
    this.#beginHead();
  }

  /** Whether the last event was given: closed, switched, or an error. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Whether what comes is read now, and not held until this side has answered. */
  get isReading(): boolean {
    const { asking, exchanges } = this.#machine;
    return !this.#isServer || asking === "body" || (asking === "ready" && exchanges.length === 0);
  }

  /** Behind the last request there is nothing to hear, unless it leads out of HTTP. */
  get #mayMatter(): boolean {
    const { asking, exchanges, isOver } = this.#machine;
    if (!this.#isServer || asking !== "closed") return !isOver;
    return exchanges[exchanges.length - 1]?.switchBy !== undefined;
  }

  receive(data: Uint8Array): void {
    this.peerIsDone = false;
    if (this.#failure !== undefined || !this.#mayMatter) return;
    this.inbox.push(data);
    if (!this.#isServer && this.#machine.answering === "idle") this.#failUnasked();
    if (this.inbox.length <= this.#limits.maxHeldBytes || this.isReading) return;
    const problem = `more than ${this.#limits.maxHeldBytes} bytes behind a request that is not answered`;
    this.fail(new RemoteProtocolError(400, problem));
  }

  receiveEnd(): void {
    this.#hasEnded = true;
  }

  next(): Http1Event | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      const event = this.#isServer ? this.#hearClient() : this.#hearServer();
      if (event === undefined) this.inbox.release();
      return event;
    } catch (error) {
      if (error instanceof RemoteProtocolError) this.fail(error);
      throw error;
    }
  }

  /** From now on there is nothing but this error; a server may still answer with its status. */
  fail(error: RemoteProtocolError): void {
    this.#failure = error;
    this.#isDone = true;
    if (this.#isServer) this.#machine.failAsking();
    else this.#machine.close();
    this.inbox.take(this.inbox.length);
    this.inbox.release();
  }

  #hearClient(): Http1Event | undefined {
    const machine = this.#machine;
    switch (machine.asking) {
      case "ready":
        return machine.exchanges.length === 0 ? this.#readRequest() : undefined;
      case "body":
        return this.#readBody();
      case "waiting":
        return undefined;
      default:
        return this.#readLast();
    }
  }

  #hearServer(): Http1Event | undefined {
    switch (this.#machine.answering) {
      case "idle":
        if (!this.#hasEnded) return undefined;
        this.#machine.close();
        return this.#readLast();
      case "head":
        return this.#readResponse();
      case "body":
        return this.#readBody();
      default:
        return this.#readLast();
    }
  }

  #readRequest(): Http1Event | undefined {
    const { head } = this;
    if (!head.read(this.inbox)) {
      if (!this.#hasEnded) return undefined;
      if (head.isInside) throw this.#truncated();
      this.#machine.close();
      return this.#readLast();
    }
    const { draft, text } = head;
    const { method } = draft;
    const target = text.slice(draft.targetStart, draft.targetEnd);
    const framing = requestFraming(draft, text, target, this.#limits.maxBodyBytes);
    const expectsContinue = draft.expectsContinue && draft.minor === 1 && framing !== "none";
    const offersUpgrade = draft.hasUpgrade && draft.saysUpgrade && draft.minor === 1;
    const switchBy = method === "CONNECT" ? "connect" : offersUpgrade ? "upgrade" : undefined;
    const isLastRequest = isLast(draft);
    this.#machine.request(new Exchange(method, draft.minor, isLastRequest, switchBy, expectsContinue));
    this.peerIsDone = isLastRequest && framing === "none" && this.inbox.length === 0;
    this.#body.begin(framing, draft.contentLength);
    const request: Http1Request = {
      type: "request",
      method,
      target,
      authority: authorityOfTarget(method, target) ?? draft.host,
      version: draft.minor === 0 ? "1.0" : "1.1",
      headers: HeaderMap.ofText(text, draft.places),
      expectsContinue,
      offersUpgrade,
      bodyBytes: bytesOf(framing, draft.contentLength),
    };
    return request;
  }

  #readResponse(): Http1Event | undefined {
    if (!this.head.read(this.inbox)) {
      if (this.#hasEnded) throw this.#truncated();
      return undefined;
    }
    const exchange = this.#machine.exchanges[0] as Exchange;
    const { draft } = this.head;
    if (draft.status < 200) return this.#readInformational(exchange);
    const framing = responseFraming(draft, exchange.method, this.#limits.maxBodyBytes);
    const bodyBytes = bytesOf(framing, draft.contentLength);
    const response: Http1Response = { type: "response", ...this.#status(), bodyBytes };
    this.#machine.response(draft.status, framing === "until-close" || isLast(draft));
    this.#body.begin(framing, draft.contentLength);
    return response;
  }

  #readInformational(exchange: Exchange): Http1Informational {
    const { status } = this.head.draft;
    if (status === 101 && (exchange.switchBy !== "upgrade" || !exchange.isAsked)) {
      throw new RemoteProtocolError(502, "a switch of protocols (101) that was not offered");
    }
    if (exchange.informational === this.#limits.maxInformational) {
      throw new RemoteProtocolError(502, `more than ${this.#limits.maxInformational} informational answers`);
    }
    const event: Http1Informational = { type: "informational", ...this.#status() };
    this.#machine.informational(status);
    this.#beginHead();
    return event;
  }

  #status(): Omit<Http1Informational, "type"> {
    const { draft, text } = this.head;
    return {
      status: draft.status,
      reason: text.slice(draft.reasonStart, draft.reasonEnd),
      version: draft.minor === 0 ? "1.0" : "1.1",
      headers: HeaderMap.ofText(text, draft.places),
    };
  }

  #readBody(): Http1Event | undefined {
    const event = this.#body.read(this.inbox) ?? (this.#hasEnded ? this.#body.readEnd() : undefined);
    if (event === undefined) {
      if (this.#hasEnded) throw this.#truncated();
      return undefined;
    }
    const machine = this.#machine;
    if (event.type === "data") {
      if (this.#isServer) (machine.exchanges[machine.exchanges.length - 1] as Exchange).isHeldBack = false;
      return event;
    }
    this.#beginHead();
    if (this.#isServer) {
      machine.asked();
    } else {
      machine.answered();
      if (machine.answering === "idle" && this.inbox.length > 0) this.#failUnasked();
    }
    return event;
  }

  /** At once, and not when it is read: until then a request might be sent, and be answered by it. */
  #failUnasked(): void {
    this.fail(new RemoteProtocolError(502, "an answer that nobody asked for"));
  }

  #readLast(): Http1Event | undefined {
    const { switchedBy, isOver } = this.#machine;
    if (this.#isDone) return undefined;
    if (switchedBy !== undefined) {
      this.#isDone = true;
      return { type: "switched", by: switchedBy, rest: this.inbox.take(this.inbox.length) };
    }
    if (!isOver) return undefined;
    this.#isDone = true;
    this.inbox.take(this.inbox.length);
    return { type: "closed" };
  }

  #beginHead(): void {
    this.head.begin(this.#isServer ? "request" : "response");
  }

  #truncated(): RemoteProtocolError {
    const isBefore = !this.#isServer && this.#machine.answering === "head" && !this.head.isInside;
    const where = isBefore ? "before its answer" : "inside a message";
    return new RemoteProtocolError(this.#isServer ? 400 : 502, `the connection ended ${where}`);
  }
}

function bytesOf(framing: Framing, contentLength: number): number {
  if (framing === "none") return 0;
  return framing === "length" ? contentLength : -1;
}

/** RFC 9112 §9.3. */
function isLast(draft: {
  readonly minor: number;
  readonly saysClose: boolean;
  readonly saysKeepAlive: boolean;
}): boolean {
  return draft.saysClose || (draft.minor === 0 && !draft.saysKeepAlive);
}
