/**
 * Reads heads and trailers, a line at a time.
 *
 * A line is judged when its LF is there, or when it is longer than it may be, and not before: so the verdict does not depend
 * on how the bytes were cut. Each line is read in place, in one pass. If it is not complete the pass is given up, and the
 * next one begins when the LF has come: no byte is looked at more than three times, however slowly they arrive.
 */
import { TEXT } from "../../../wire/text.ts";
import { RemoteProtocolError } from "../errors.ts";
import type { Http1Limits } from "../limits.ts";
import { HeadDraft } from "./draft.ts";
import { readFieldLine } from "./field-line.ts";
import type { Inbox } from "./inbox.ts";
import { readRequestLine, readStatusLine } from "./start-line.ts";
import { CR, LF, TOKEN } from "./tables.ts";

export type HeadKind = "request" | "response" | "trailers";

export class HeadReader {
  readonly draft: HeadDraft = new HeadDraft();
  /** The text of the head that was read last; the draft's offsets are its own. */
  text = "";
  readonly #limits: Http1Limits;
  readonly #isServer: boolean;
  #kind: HeadKind = "request";
  /** From the head's first byte: where the line begins that is not read yet, and what was searched for its LF. */
  #line = 0;
  #searched = 0;
  /** From the head's first byte: where the line that is read must have ended. */
  #lineLimit = 0;
  #isStarted = false;
  #isFirstLine = true;
  #mayBeBlank = false;

  constructor(limits: Http1Limits, isServer: boolean) {
    this.#limits = limits;
    this.#isServer = isServer;
  }

  /** Whether bytes of a head were seen whose end was not. */
  get isInside(): boolean {
    return this.#isStarted;
  }

  begin(kind: HeadKind): void {
    this.#kind = kind;
    this.#line = 0;
    this.#searched = 0;
    const { maxStartLineBytes, maxTrailersBytes } = this.#limits;
    this.#lineLimit = (kind === "trailers" ? maxTrailersBytes : maxStartLineBytes) + LINE_END;
    this.#isStarted = false;
    this.#isFirstLine = kind !== "trailers";
    // RFC 9112 §2.2: some old clients send an empty line behind a body.
    this.#mayBeBlank = kind === "request";
    this.draft.begin();
  }

  /**
   * True when the head is complete: the draft and the text tell what it said, and the inbox is behind it.
   *
   * @throws RemoteProtocolError for what is no head, or more than a limit allows.
   */
  read(inbox: Inbox): boolean {
    if (inbox.at === inbox.end) return false;
    if (!this.#isStarted) this.#start(inbox);
    if (this.#searched > 0 && !this.#hasLineEnd(inbox)) return false;
    const { bytes, end } = inbox;
    for (;;) {
      const base = inbox.at;
      const start = base + this.#line;
      if (start < end && bytes[start] === CR) {
        if (start + 1 === end) return this.#waits(inbox);
        if (bytes[start + 1] === LF && !this.#isFirstLine) return this.#complete(inbox, start + 2);
        if (bytes[start + 1] === LF && this.#mayBeBlank) {
          this.#mayBeBlank = false;
          this.#isStarted = false;
          inbox.at += 2;
          return this.read(inbox);
        }
      }
      const next = this.#readLine(bytes, base, start, end);
      if (next === -1) return this.#stopped(inbox, start);
      if (next - base > this.#lineLimit) throw this.#tooLong();
      this.#line = next - base;
      if (this.#isFirstLine) {
        this.#isFirstLine = false;
        this.#lineLimit = this.#line + this.#limits.maxFieldsBytes + LINE_END;
      } else if (this.draft.places.length > 4 * this.#limits.maxFields) {
        throw this.#fault(431, `more than ${this.#limits.maxFields} fields`);
      }
    }
  }

  #readLine(bytes: Uint8Array, base: number, start: number, end: number): number {
    if (!this.#isFirstLine) return readFieldLine(this.draft, bytes, base, start, end, this.#kind);
    if (this.#kind === "request") return readRequestLine(this.draft, bytes, base, start, end);
    return readStatusLine(this.draft, bytes, base, start, end);
  }

  /** What is no text at all, as TLS where it was not expected, is refused at its first byte. */
  #start(inbox: Inbox): void {
    const first = inbox.bytes[inbox.at] as number;
    if (this.#kind === "request" && TOKEN[first] === 0 && first !== CR) {
      throw this.#fault(400, `byte ${first} where a request begins`);
    }
    if (this.#kind === "response" && first !== 0x48) {
      throw this.#fault(502, `byte ${first} where an answer begins`);
    }
    this.#isStarted = true;
  }

  #complete(inbox: Inbox, next: number): true {
    if (next - inbox.at > this.#lineLimit) throw this.#tooLong();
    this.text = inbox.textTo(next - 2);
    inbox.at = next;
    this.#isStarted = false;
    return true;
  }

  /** No whole line could be read: because it is not here yet, because it is too long, or because it is none. */
  #stopped(inbox: Inbox, start: number): boolean {
    const found = TEXT.indexOfByte(inbox.bytes, LF, start);
    if (found === -1 || found >= inbox.end) return this.#waits(inbox);
    if (found + 1 - inbox.at > this.#lineLimit) throw this.#tooLong();
    const { problem, problemStatus } = this.draft;
    if (problem === "") throw this.#fault(400, "a line that ends too early");
    throw this.#fault(problemStatus, problem);
  }

  #waits(inbox: Inbox): false {
    if (inbox.length >= this.#lineLimit) throw this.#tooLong();
    this.#searched = inbox.length;
    this.draft.problem = "";
    return false;
  }

  #hasLineEnd(inbox: Inbox): boolean {
    const found = TEXT.indexOfByte(inbox.bytes, LF, inbox.at + this.#searched);
    if (found === -1 || found >= inbox.end) return this.#waits(inbox);
    this.#searched = 0;
    return true;
  }

  #tooLong(): RemoteProtocolError {
    const { maxStartLineBytes, maxFieldsBytes, maxTrailersBytes } = this.#limits;
    if (this.#isFirstLine) return this.#fault(414, `a start line of more than ${maxStartLineBytes} bytes`);
    const max = this.#kind === "trailers" ? maxTrailersBytes : maxFieldsBytes;
    return this.#fault(431, `fields of more than ${max} bytes`);
  }

  /** Where a server is at fault, only a gateway has somebody to tell. */
  #fault(status: number, problem: string): RemoteProtocolError {
    return new RemoteProtocolError(this.#isServer ? status : 502, problem);
  }
}

/** CRLF: behind the start line, or of the empty line behind the fields. */
const LINE_END = 2;
