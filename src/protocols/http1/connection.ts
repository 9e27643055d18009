/**
 * One end of an HTTP/1.1 connection, without a socket and without a clock.
 *
 * reader.ts hears (head-reader.ts and body-reader.ts parse, framing.ts judges), writer.ts speaks (sent-fields.ts), and
 * machine.ts between them knows what may be said when. A binding does no more than carry: bytes to `receive`, events from
 * `next`, events to `send`, what they are in bytes to its transport, and a timer for `deadlineAt`.
 */
import { joinBytes } from "../../wire/join-bytes.ts";
import { TEXT } from "../../wire/text.ts";
import { Deadlines, type Http1Wait, type SomeHttp1Timeouts } from "./deadlines.ts";
import { LocalProtocolError, RemoteProtocolError } from "./errors.ts";
import type { Http1Event, Http1Sendable, RequestHead, ResponseHead } from "./events.ts";
import { type Http1Limits, limitsWith, type SomeHttp1Limits } from "./limits.ts";
import { Machine } from "./machine.ts";
import { Reader } from "./reader.ts";
import { type Http1Sink, Writer } from "./writer.ts";

/** What a connection puts up with. */
export interface Http1Options {
  readonly limits?: SomeHttp1Limits | undefined;
  readonly timeouts?: SomeHttp1Timeouts | undefined;
}

/**
 * Push what comes with `receive`, and ask `next` for events until there is none. A server that has read a request gets no
 * more of the next one until it has answered; a client may send several requests before the first answer.
 *
 * The first event is a head, then come parts of the body and its end; `closed` and `switched` are the last ones.
 *
 * @example
 * ```ts
 * import { Http1Connection } from "ropewalk/http1";
 *
 * const server = new Http1Connection("server");
 * server.receive(new TextEncoder().encode("GET /rope HTTP/1.1\r\nHost: example.org\r\n\r\n"));
 * const request = server.next();
 * if (request?.type === "request") console.log(request.method, request.target, request.headers.get("host")); // GET /rope example.org
 * console.log(server.next()?.type, server.next()); // end undefined
 * const answer = server.sendWhole({ type: "response", status: 200 }, "knots");
 * console.log(new TextDecoder().decode(answer).split("\r\n")); // [ 'HTTP/1.1 200 OK', 'Content-Length: 5', '', 'knots' ]
 * ```
 */
export class Http1Connection {
  readonly role: "server" | "client";
  readonly #limits: Http1Limits;
  readonly #machine: Machine = new Machine();
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #deadlines: Deadlines;
  #receivedBytes = 0;
  #messages = 0;

  constructor(role: "server" | "client", options: Http1Options = {}) {
    this.role = role;
    this.#limits = limitsWith(options.limits);
    const isServer = role === "server";
    this.#reader = new Reader(isServer, this.#limits, this.#machine);
    this.#writer = new Writer(isServer, this.#machine, this.#limits.maxUnanswered);
    this.#deadlines = new Deadlines(options.timeouts);
  }

  /** Everything was said, on both sides: close the transport once what was sent is written. */
  get isOver(): boolean {
    return this.#machine.isOver;
  }

  /**
   * Whether the client announced its last request, and keeps to that: it had no body, behind which some send an empty line,
   * and nothing has come since. Then the connection may be closed without waiting for more (RFC 9112 §9.6).
   */
  get peerIsDone(): boolean {
    return this.#reader.peerIsDone;
  }

  /** Whether to go on reading the transport. False when enough is held that only an answer can make room for. */
  get wantsInput(): boolean {
    return this.#reader.isReading || this.#reader.inbox.length < this.#limits.maxHeldBytes / 4;
  }

  /** Requests whose answers are not complete: of a client that lost its connection, those to repeat if that does no harm. */
  get unanswered(): number {
    return this.#machine.exchanges.length;
  }

  /** How long the peer has to take some of what waits to be sent: of that only a binding knows. */
  get sendTimeoutMs(): number {
    return this.#deadlines.sendTimeoutMs;
  }

  /** What is waited for; undefined if it is this side's turn, or all is over. */
  get waitsFor(): Http1Wait | undefined {
    const { asking, answering, exchanges } = this.#machine;
    const exchange = exchanges[0];
    if (asking === "switched" || answering === "closed") return undefined;
    if (this.role === "server") {
      if (asking === "body") return exchange?.isHeldBack === true ? undefined : "body";
      if (asking !== "ready" || exchanges.length > 0) return undefined;
      return this.#reader.head.isInside ? "head" : "idle";
    }
    if (answering === "body") return "body";
    if (answering === "head" && this.#reader.head.isInside) return "head";
    if (answering === "head") return exchange?.isAsked === true || exchange?.isHeldBack === true ? "answer" : undefined;
    return asking === "ready" ? "idle" : undefined;
  }

  /**
   * Bytes from the peer. They are kept, not copied: do not write to them.
   *
   * @throws LocalProtocolError after the `switched` event: those bytes belong to the other protocol.
   */
  receive(data: Uint8Array): void {
    if (this.#machine.switchedBy !== undefined && this.#reader.isDone) {
      throw new LocalProtocolError("Cannot receive after the switch to another protocol: hand the bytes to that one");
    }
    if (data.length === 0) return;
    this.#receivedBytes += data.length;
    this.#reader.receive(data);
  }

  /** The peer will send nothing any more: it closed, or half of it. */
  receiveEnd(): void {
    this.#reader.receiveEnd();
  }

  /**
   * The next event; undefined if it is not complete, or if it is this side's turn.
   *
   * @throws RemoteProtocolError for what is no HTTP/1.1, from then on each time. Send what `refusal` gives, and close.
   */
  next(): Http1Event | undefined {
    const event = this.#reader.next();
    if (event !== undefined && event.type !== "data") this.#messages++;
    return event;
  }

  /**
   * What goes on the wire for this event.
   *
   * @throws LocalProtocolError for what is not due, or cannot be said. Then nothing has changed.
   */
  send(event: Http1Sendable): Uint8Array {
    const pieces = new Pieces();
    this.sendTo(pieces, event);
    return pieces.joined();
  }

  /**
   * A message and its body at once, with a Content-Length. That of an answer to HEAD is announced and not sent.
   *
   * @throws LocalProtocolError as `send` does.
   */
  sendWhole(head: RequestHead | ResponseHead, body: Uint8Array | string = ""): Uint8Array {
    const pieces = new Pieces();
    this.sendWholeTo(pieces, head, body);
    return pieces.joined();
  }

  /** `send` right to a transport, without joining the pieces here. */
  sendTo(to: Http1Sink, event: Http1Sendable): void {
    this.#writer.send(event, to);
  }

  /** `sendWhole` right to a transport. */
  sendWholeTo(to: Http1Sink, head: RequestHead | ResponseHead, body: Uint8Array | string = ""): void {
    this.#writer.sendWhole(head, body, to);
  }

  /** What a server answers to what it could not understand; no bytes where an answer has begun already, and for a client. */
  refusal(error: RemoteProtocolError): Uint8Array {
    if (this.role === "client" || !this.#machine.mayAnswer("response")) return new Uint8Array(0);
    const headers = { "Content-Type": "text/plain" };
    return this.sendWhole({ type: "response", status: error.status, headers }, `${error.problem}\n`);
  }

  /**
   * For a server that is about to stop: the answer to the request that is under way, or else to the next one, is the last and
   * says so. What a client has asked for behind it, it asks again on another connection (RFC 9112 §9.6).
   */
  finish(): void {
    this.#machine.isFinishing = true;
  }

  /**
   * When the patience with the peer ends, on the clock of `nowMs`; Infinity if nothing is waited for. Ask after each `receive`
   * and `send`, with `isPaused` if it is this side that does not read.
   */
  deadlineAt(nowMs: number, isPaused = false): number {
    return this.#deadlines.at(isPaused ? undefined : this.waitsFor, this.#messages, this.#receivedBytes, nowMs);
  }

  /** Ends the connection if its deadline is over, and says why. `refusal` knows whether there is something to answer. */
  expire(nowMs: number): RemoteProtocolError | undefined {
    const wait = this.waitsFor;
    if (nowMs < this.deadlineAt(nowMs)) return undefined;
    const error = new RemoteProtocolError(this.role === "server" ? 408 : 504, PROBLEMS[wait as Http1Wait]);
    this.#reader.fail(error);
    // Nobody asked: what would be said now might be taken for the answer to what is under way (RFC 9110 §15.5.9).
    if (wait === "idle") this.#machine.close();
    return error;
  }
}

/** What is sent, in one piece. */
class Pieces implements Http1Sink {
  readonly #pieces: Uint8Array[] = [];

  write(data: Uint8Array): void {
    this.#pieces.push(data);
  }

  writeLatin1(text: string): void {
    this.#pieces.push(TEXT.encodeLatin1(text));
  }

  joined(): Uint8Array {
    const [first] = this.#pieces;
    return first !== undefined && this.#pieces.length === 1 ? first : joinBytes(this.#pieces);
  }
}

const PROBLEMS: Readonly<Record<Http1Wait, string>> = {
  idle: "no message came for too long",
  head: "a head took too long",
  answer: "no answer came for too long",
  body: "a body came too slowly",
};
