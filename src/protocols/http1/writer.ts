/** The half of a connection that speaks: events in, bytes out, as far as the machine allows. */
import { TEXT } from "../../wire/text.ts";
import { isExtensions } from "./codec/extensions.ts";
import { type Framing, hasNoBody } from "./codec/framing.ts";
import { REASONS } from "./codec/reasons.ts";
import { SentFields, trailerText } from "./codec/sent-fields.ts";
import { targetProblem } from "./codec/target.ts";
import { TOKEN } from "./codec/token.ts";
import { LocalProtocolError } from "./errors.ts";
import type { DataToSend, EndToSend, Http1Sendable, InformationalHead, RequestHead, ResponseHead } from "./events.ts";
import { Exchange, type Machine, type Said } from "./machine.ts";

/** Where bytes go: a Transport is one. */
export interface Http1Sink {
  write(data: Uint8Array): void;
  /** Text whose characters are all below U+0100, one byte each. */
  writeLatin1(text: string): void;
}

export class Writer {
  readonly #isServer: boolean;
  readonly #machine: Machine;
  readonly #maxUnanswered: number;
  readonly #fields: SentFields = new SentFields();
  #framing: Framing = "none";
  /** Bytes that the announced length leaves. */
  #left = 0;

  constructor(isServer: boolean, machine: Machine, maxUnanswered: number) {
    this.#isServer = isServer;
    this.#machine = machine;
    this.#maxUnanswered = maxUnanswered;
  }

  send(event: Http1Sendable, to: Http1Sink): void {
    this.#check(event.type);
    switch (event.type) {
      case "request":
        to.writeLatin1(this.#request(event, -1));
        break;
      case "response":
        to.writeLatin1(this.#response(event, -1));
        break;
      case "informational":
        to.writeLatin1(this.#informational(event));
        break;
      case "data":
        this.#data(event, to);
        break;
      default:
        this.#end(event, to);
    }
  }

  /** A message whose body is at hand, with its length in the head and as few pieces as possible. */
  sendWhole(head: RequestHead | ResponseHead, body: Uint8Array | string, to: Http1Sink): void {
    this.#check(head.type);
    const length = typeof body === "string" ? TEXT.utf8Length(body) : body.length;
    let text = head.type === "request" ? this.#request(head, length) : this.#response(head, length);
    if (this.#framing === "length") {
      const small = length <= JOINED_BYTES ? asLatin1(body, length) : undefined;
      if (small !== undefined) text += small;
      to.writeLatin1(text);
      if (small === undefined) to.write(typeof body === "string" ? TEXT.encodeUtf8(body) : body);
    } else {
      to.writeLatin1(text);
    }
    if (this.#machine.switchedBy === undefined) this.#said();
  }

  #check(said: Said): void {
    const machine = this.#machine;
    if (this.#isServer ? machine.mayAnswer(said) : machine.mayAsk(said)) return;
    const state = this.#isServer ? `the answer is "${machine.answering}"` : `the request is "${machine.asking}"`;
    throw new LocalProtocolError(`Cannot send "${said}" now: ${state}`);
  }

  /** `wholeLength` is that of the body, or -1 if it comes in parts. */
  #request(head: RequestHead, wholeLength: number): string {
    const { method, target } = head;
    const fields = this.#fields;
    checkRequestLine(method, target);
    fields.read(head.headers);
    if (fields.hosts === 0)
      throw new LocalProtocolError(`Cannot send ${method} "${target}" without a Host header: add one`);
    if (this.#machine.exchanges.length >= this.#maxUnanswered) {
      const count = this.#maxUnanswered;
      throw new LocalProtocolError(`Cannot send a request more: ${count} are unanswered, as many as are allowed`);
    }
    let length = fields.contentLength;
    let added = "";
    if (wholeLength >= 0 && !checkWhole(fields, wholeLength) && (wholeLength > 0 || EXPECTING_BODY.has(method))) {
      added = `Content-Length: ${wholeLength}\r\n`;
      length = wholeLength;
    }
    const hasBody = fields.isChunked || length > 0;
    if (hasBody && (method === "CONNECT" || method === "TRACE")) {
      throw new LocalProtocolError(`Cannot send ${method} with a body: it has none`);
    }
    const offersUpgrade = fields.hasUpgrade && fields.saysUpgrade;
    const switchBy = method === "CONNECT" ? "connect" : offersUpgrade ? "upgrade" : undefined;
    const isHeldBack = fields.expectsContinue && hasBody;
    this.#machine.request(new Exchange(method, 1, fields.saysClose, switchBy, isHeldBack));
    this.#begin(fields.isChunked ? "chunked" : length > 0 ? "length" : "none", length);
    return `${method} ${target} HTTP/1.1\r\n${fields.text}${added}\r\n`;
  }

  #response(head: ResponseHead, wholeLength: number): string {
    const { status } = head;
    const fields = this.#fields;
    const exchange = this.#machine.exchanges[0] as Exchange;
    const line = statusLine(status, head.reason, 200, 599);
    fields.read(head.headers);
    const isBodiless = hasNoBody(status, exchange.method);
    let framing: Framing = "none";
    let length = fields.contentLength;
    let added = "";
    let announces = false;
    if (isBodiless && status !== 304 && exchange.method !== "HEAD") {
      checkBodiless(fields, status, wholeLength);
    } else if (wholeLength >= 0) {
      if (status === 304 && wholeLength > 0) throw new LocalProtocolError("Cannot send 304 with a body: it has none");
      // Who has no body at hand may still say how long it would be (RFC 9110 §8.6).
      const isKnown = isBodiless && wholeLength === 0 && fields.contentLength !== -1 && !fields.isChunked;
      announces = !isKnown && !checkWhole(fields, wholeLength) && status !== 304;
      length = wholeLength;
      if (!isBodiless && wholeLength > 0) framing = "length";
    } else if (!isBodiless) {
      framing = this.#partsFraming(exchange);
      if (framing === "chunked" && !fields.isChunked) added = "Transfer-Encoding: chunked\r\n";
    }
    // Who held a body back may send it or not: what follows would be either it or another request (RFC 9110 §10.1.1).
    const isSaidToBeLast = exchange.isLast || fields.saysClose || this.#machine.isFinishing;
    const isLast = isSaidToBeLast || framing === "until-close" || exchange.isHeldBack;
    const isSwitch = exchange.method === "CONNECT" && status < 300;
    if (isSwitch) {
      added = "";
      announces = false;
    } else if (isLast && !fields.saysClose) added += "Connection: close\r\n";
    else if (!isLast && exchange.minor === 0 && !fields.saysKeepAlive) added += "Connection: keep-alive\r\n";
    this.#machine.response(status, isLast);
    this.#begin(framing, length);
    const begun = this.#begun(line, announces);
    if (head.date !== undefined) added += dateLine(head.date);
    return announces ? `${begun}${wholeLength}\r\n${added}\r\n` : `${begun}${added}\r\n`;
  }

  /**
   * The head up to what differs from one answer to the next. That of headers which are used again and again is made once, in
   * one piece: a text that was joined of ten costs twice as much to send.
   */
  #begun(line: string, announces: boolean): string {
    const { known, text } = this.#fields;
    const begun = known?.begun;
    if (begun?.line === line && begun.announces === announces) return begun.text;
    const made = announces ? `${line}${text}Content-Length: ` : line + text;
    if (known === undefined || begun !== undefined) return made;
    known.begun = { line, announces, text: flat(made) };
    return known.begun.text;
  }

  /** How a body in parts is framed, for those that may have one. */
  #partsFraming(exchange: Exchange): Framing {
    const { isChunked, contentLength } = this.#fields;
    if (isChunked && exchange.minor === 0) {
      throw new LocalProtocolError("Cannot send Transfer-Encoding to a client of HTTP/1.0: leave it out");
    }
    if (isChunked) return "chunked";
    if (contentLength !== -1) return contentLength > 0 ? "length" : "none";
    return exchange.minor === 0 ? "until-close" : "chunked";
  }

  #informational(head: InformationalHead): string {
    const { status } = head;
    const exchange = this.#machine.exchanges[0] as Exchange;
    const line = statusLine(status, head.reason, 100, 199);
    this.#fields.read(head.headers);
    checkBodiless(this.#fields, status, -1);
    if (exchange.minor === 0)
      throw new LocalProtocolError(`Cannot send ${status} to a client of HTTP/1.0: it knows none`);
    if (status === 101) {
      if (exchange.switchBy !== "upgrade")
        throw new LocalProtocolError("Cannot send 101: the client offered no upgrade");
      if (!exchange.isAsked) throw new LocalProtocolError("Cannot send 101 before the request was read to its end");
    }
    this.#machine.informational(status);
    return `${line}${this.#fields.text}\r\n`;
  }

  #data({ data, extensions = "" }: DataToSend, to: Http1Sink): void {
    if (extensions !== "" && (this.#framing !== "chunked" || !isExtensions(extensions))) {
      throw new LocalProtocolError(`Cannot send chunk extensions "${extensions}": only ;name=value, in chunked bodies`);
    }
    if (data.length === 0) return;
    if (this.#framing === "none") {
      throw new LocalProtocolError(`Cannot send ${data.length} bytes: this message has no body`);
    }
    if (this.#framing === "length") {
      if (data.length > this.#left) {
        throw new LocalProtocolError(`Cannot send ${data.length} bytes: Content-Length leaves ${this.#left}`);
      }
      this.#left -= data.length;
    }
    if (this.#framing === "chunked") to.writeLatin1(`${data.length.toString(16)}${extensions}\r\n`);
    to.write(data);
    if (this.#framing === "chunked") to.writeLatin1("\r\n");
  }

  #end({ trailers }: EndToSend, to: Http1Sink): void {
    const text = trailers === undefined ? "" : trailerText(trailers);
    if (text !== "" && this.#framing !== "chunked") {
      throw new LocalProtocolError("Cannot send trailers: only chunked bodies have them");
    }
    if (this.#framing === "length" && this.#left > 0) {
      throw new LocalProtocolError(`Cannot end a message ${this.#left} bytes short of its Content-Length`);
    }
    if (this.#framing === "chunked") to.writeLatin1(`0\r\n${text}\r\n`);
    this.#said();
  }

  #begin(framing: Framing, length: number): void {
    this.#framing = framing;
    this.#left = length;
  }

  #said(): void {
    if (this.#isServer) this.#machine.answered();
    else this.#machine.asked();
  }
}

function dateLine(date: string): string {
  if (date !== lastDate) {
    lastDate = date;
    lastDateLine = flat(`Date: ${date}\r\n`);
  }
  return lastDateLine;
}

/** The same text in one piece. */
function flat(text: string): string {
  return TEXT.decodeLatin1(TEXT.encodeLatin1(text), 0, text.length);
}

let lastDate = "";
let lastDateLine = "";

function statusLine(status: number, reason: string | undefined, least: number, most: number): string {
  if (reason === undefined) {
    const known = STATUS_LINES[status];
    if (known !== undefined && status >= least && status <= most) return known;
  }
  if (!Number.isInteger(status) || status < least || status > most) {
    throw new LocalProtocolError(`Cannot send status ${status}: it must be a whole number from ${least} to ${most}`);
  }
  if (reason !== undefined && UNSAFE.test(reason)) {
    throw new LocalProtocolError(`Cannot send the reason ${JSON.stringify(reason)}: it has characters of no line`);
  }
  return `HTTP/1.1 ${status} ${reason ?? ""}\r\n`;
}

function checkRequestLine(method: string, target: string): void {
  if (!TOKEN.test(method))
    throw new LocalProtocolError(`Cannot send the method ${JSON.stringify(method)}: it is no token`);
  const problem = TARGET.test(target) ? targetProblem(method, target) : "it takes visible ASCII without #";
  if (problem !== undefined) {
    throw new LocalProtocolError(`Cannot send ${method} for the target ${JSON.stringify(target)}: ${problem}`);
  }
}

/** 1xx, 204 and the 2xx of CONNECT end with their head, and must not speak of a body (RFC 9110 §8.6, RFC 9112 §6.1). */
function checkBodiless(fields: SentFields, status: number, wholeLength: number): void {
  if (!fields.isChunked && fields.contentLength === -1 && wholeLength <= 0) return;
  throw new LocalProtocolError(`Cannot send ${status} with a body or its length: it has none`);
}

/** Whether the fields give the length already, which must be the body's own. */
function checkWhole(fields: SentFields, length: number): boolean {
  if (fields.isChunked) throw new LocalProtocolError("Cannot send a whole body chunked: leave Transfer-Encoding out");
  if (fields.contentLength !== -1 && fields.contentLength !== length) {
    throw new LocalProtocolError(`Cannot send ${length} bytes with a Content-Length of ${fields.contentLength}`);
  }
  return fields.contentLength !== -1;
}

/** The body as text of a byte a character, if that is cheap. */
function asLatin1(body: Uint8Array | string, length: number): string | undefined {
  if (typeof body !== "string") return TEXT.decodeLatin1(body, 0, length);
  return body.length === length ? body : undefined;
}

const TARGET = /^[!"$-~]+$/;
const UNSAFE = /[^\t -~\x80-\xff]/;
/** RFC 9110 §8.6: these say so even if their body is empty. */
const EXPECTING_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);
const STATUS_LINES: readonly (string | undefined)[] = Array.from({ length: 600 }, (_, status) =>
  REASONS[status] === undefined ? undefined : `HTTP/1.1 ${status} ${REASONS[status]}\r\n`,
);
/** Copying so much into one text is cheaper than another piece to write. */
const JOINED_BYTES = 2_048;
