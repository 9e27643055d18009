/*
 * Theory of operation. Bytes are pushed, lines are pulled: `next()` finds one line at a time, so that the reader may
 * change its mind (raw mode, pause, other settings) between any two.
 *
 * Codec and machine are one here, and an event is a bare string, because a line costs little more than its string:
 * 16 lines in one chunk, decoded at once and split as text, take a quarter of the time of 16 searches and 16 decodes.
 * What counts are bytes, though. Where the text has as many characters as there were bytes, offsets in both are the same.
 * Where it has not, lines are looked for in both, side by side: an ASCII delimiter stands in the text where it stands in
 * the bytes, for in UTF-8 no other character holds its bytes, and nothing that is malformed vanishes.
 *
 *   chunk   ····consumed····|at ········ unread ·········|       tail: the start of an unfinished line, from earlier
 *   text              ······|·· decoded ··|                      chunks; it holds no delimiter
 */
import { ByteQueue } from "../../wire/byte-queue.ts";
import { GrowingBytes } from "../../wire/growing-bytes.ts";
import { TEXT } from "../../wire/text.ts";
import { LocalLineError, RemoteLineLengthError } from "./errors.ts";

/** How lines end and what they may be. Settings are read for each line: changing them takes effect at the next one. */
export interface LineSettings {
  /** What ends a line, at least one character; `"\r\n"` or `"\n"` in nearly every protocol. */
  readonly delimiter: string;
  /** A received `\n` ends a line whether or not a `\r` stands before it, whatever `delimiter` says. */
  readonly acceptBareNewline: boolean;
  /** Bytes in a line, without its delimiter. */
  readonly maxLength: number;
  readonly encoding: LineEncoding;
}

/** In UTF-8, what is malformed becomes U+FFFD. Latin-1 is one byte for each character, and loses nothing. */
export type LineEncoding = "utf8" | "latin1";

/**
 * Received bytes to lines, sans-IO. The events do not depend on how the bytes are cut.
 *
 * @example
 * ```ts
 * import { LineDecoder } from "ropewalk/line";
 *
 * const decoder = new LineDecoder({ delimiter: "\r\n", acceptBareNewline: false, maxLength: 80, encoding: "utf8" });
 * decoder.push(new TextEncoder().encode("HELO a\r\nQUI"));
 * console.log(decoder.next(), decoder.next()); // HELO a undefined
 * ```
 */
export class LineDecoder {
  readonly #settings: LineSettings;
  readonly #queue: ByteQueue = new ByteQueue();
  readonly #tail: GrowingBytes = new GrowingBytes();
  /** The chunk, decoded up to `#textEnd`; empty if there is nothing decoded. */
  #text = "";
  #textEnd = 0;
  /** Each byte is one character. */
  #isAligned = true;
  /** The next character in `#text`, and the byte in the chunk at which it begins. */
  #character = 0;
  #characterAt = 0;
  /** A line that begins before this is longer than what is decoded at once. */
  #noTextBefore = 0;
  /** The serial number of the chunk that all this is about. */
  #textSerial = -1;
  /** The rest of an overlong line is being dropped. */
  #skipping = false;
  /** What `#ending` was made of; none yet. */
  #delimiter: string | undefined = undefined;
  #ending: LineEnding = CRLF;

  constructor(settings: LineSettings) {
    this.#settings = settings;
  }

  /** Adds received bytes. They are not copied, and must not change. */
  push(data: Uint8Array): void {
    this.#queue.push(data);
  }

  /**
   * The next line without its delimiter; the error if it is too long (the rest of it is dropped then, and the line after
   * it comes next); undefined if there is no whole line.
   *
   * @throws RangeError if `delimiter` is empty or not in the encoding.
   */
  next(): string | RemoteLineLengthError | undefined {
    this.#readSettings();
    while (this.#queue.ready()) {
      if (this.#tail.length === 0 && !this.#skipping) {
        const line = this.#lineInText();
        if (line !== undefined) return line;
      }
      const found = this.#lineInBytes();
      if (found instanceof RemoteLineLengthError) return found;
      if (found !== undefined) return this.#decode(found, 0, found.length);
    }
    return undefined;
  }

  /** As `next`, but the line comes as it was sent. */
  nextBytes(): Uint8Array | RemoteLineLengthError | undefined {
    this.#readSettings();
    while (this.#queue.ready()) {
      const found = this.#lineInBytes();
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Takes all bytes that are not delivered yet, of an unfinished line too. */
  takeRest(): Uint8Array {
    if (this.#skipping) this.#tail.clear();
    this.#skipping = false;
    return this.#queue.takeAll(this.#tail.take());
  }

  #readSettings(): void {
    const { delimiter, acceptBareNewline, encoding } = this.#settings;
    if (
      delimiter === this.#delimiter &&
      acceptBareNewline === this.#ending.bare &&
      encoding === this.#ending.encoding
    ) {
      return;
    }
    this.#ending = lineEnding(delimiter, acceptBareNewline, encoding);
    this.#delimiter = delimiter;
    // What was searched for the old delimiter is searched again.
    if (!this.#skipping) this.#queue.unshift(this.#tail.take());
    this.#textSerial = -1;
  }

  #lineInText(): string | RemoteLineLengthError | undefined {
    if (!this.#textReady()) return undefined;
    const queue = this.#queue;
    const ending = this.#ending;
    const text = this.#text;
    const from = this.#character;
    const to = ending.indexIn(text, from);
    if (to === -1) {
      this.#text = "";
      // A text from here on might hold the line, unless this one began here.
      if (from > 0 && this.#textEnd < queue.chunk.length) return this.#lineInText();
      this.#noTextBefore = this.#textEnd;
      return undefined;
    }
    const { at } = queue;
    const next = this.#isAligned ? at + to - from + ending.length : this.#endOfDelimiter(queue.chunk, at) + 1;
    const end = ending.bare && to > from && text.charCodeAt(to - 1) === CR ? to - 1 : to;
    if (next - at - ending.length - (to - end) > this.#settings.maxLength) return this.#tooLong();
    queue.at = next;
    this.#character = to + ending.length;
    this.#characterAt = next;
    return text.slice(from, end);
  }

  /** Whether `#text` holds what comes next. */
  #textReady(): boolean {
    const { chunk, at, serial } = this.#queue;
    if (this.#textSerial !== serial) {
      this.#textSerial = serial;
      this.#noTextBefore = 0;
      this.#text = "";
    }
    if (this.#text !== "" && at === this.#characterAt && at < this.#textEnd) return true;
    if (at < this.#noTextBefore || !this.#ending.inText) return false;
    this.#textEnd = Math.min(chunk.length, at + TEXT_BYTES);
    this.#text = this.#decode(chunk, at, this.#textEnd);
    this.#isAligned = this.#text.length === this.#textEnd - at;
    this.#character = 0;
    this.#characterAt = at;
    return true;
  }

  /** Looks for the end of the line that `tail` begins, in the chunk; takes the chunk into `tail` if it is not there. */
  #lineInBytes(): Uint8Array | RemoteLineLengthError | undefined {
    const queue = this.#queue;
    const tail = this.#tail;
    const { maxLength } = this.#settings;
    const ending = this.#ending;
    const { chunk, at } = queue;
    const last = this.#endOfDelimiter(chunk, at);
    if (last === -1) {
      if (!this.#skipping && tail.length + chunk.length - at >= maxLength + ending.limitLength) return this.#tooLong();
      queue.at = chunk.length;
      if (this.#skipping) this.#keepForDelimiter(chunk, at);
      else tail.append(chunk, at, chunk.length, maxLength + ending.limitLength);
      return undefined;
    }
    if (this.#skipping) {
      this.#skipping = false;
      tail.clear();
      queue.at = last + 1;
      return undefined;
    }
    let length = tail.length + last + 1 - at - ending.length;
    if (ending.bare && length > 0 && byteAt(tail, chunk, at, length - 1) === CR) length--;
    if (length > maxLength) return this.#tooLong();
    queue.at = last + 1;
    if (tail.length === 0) return chunk.subarray(at, at + length);
    if (length > tail.length) tail.append(chunk, at, at + length - tail.length, length);
    const line = tail.take();
    return line.length === length ? line : line.subarray(0, length);
  }

  /** The offset in the chunk of the last byte of the first delimiter, which may begin in `tail`; -1 if there is none. */
  #endOfDelimiter(chunk: Uint8Array, at: number): number {
    const { bytes } = this.#ending;
    const lastByte = bytes[bytes.length - 1] as number;
    let from = at;
    for (;;) {
      const last = TEXT.indexOfByte(chunk, lastByte, from);
      if (last === -1) return -1;
      const start = this.#tail.length + last + 1 - at - bytes.length;
      if (start >= 0 && this.#delimiterAt(start, chunk, at)) return last;
      from = last + 1;
    }
  }

  #delimiterAt(start: number, chunk: Uint8Array, at: number): boolean {
    const { bytes } = this.#ending;
    for (let index = bytes.length - 2; index >= 0; index--) {
      if (byteAt(this.#tail, chunk, at, start + index) !== bytes[index]) return false;
    }
    return true;
  }

  /** Takes the first `maxLength` bytes, and drops the others from now on. */
  #tooLong(): RemoteLineLengthError {
    const { maxLength } = this.#settings;
    const queue = this.#queue;
    const tail = this.#tail;
    const missing = maxLength - tail.length;
    if (missing >= 0) {
      tail.append(queue.chunk, queue.at, queue.at + missing, maxLength);
      queue.at += missing;
    } else {
      // The tail may hold a part of what could have been the delimiter.
      queue.unshift(tail.bytes.slice(maxLength, tail.length));
      tail.length = maxLength;
    }
    this.#skipping = true;
    return new RemoteLineLengthError(maxLength, tail.take());
  }

  /** In an overlong line, only what may be the beginning of a delimiter is kept. */
  #keepForDelimiter(chunk: Uint8Array, at: number): void {
    const kept = this.#ending.bytes.length - 1;
    const tail = this.#tail;
    if (chunk.length - at >= kept) {
      tail.clear();
      tail.append(chunk, chunk.length - kept, chunk.length);
      return;
    }
    tail.append(chunk, at, chunk.length);
    const surplus = tail.length - kept;
    if (surplus <= 0) return;
    tail.bytes.copyWithin(0, surplus, tail.length);
    tail.length = kept;
  }

  #decode(bytes: Uint8Array, start: number, end: number): string {
    return this.#ending.encoding === "utf8" ? TEXT.decodeUtf8(bytes, start, end) : TEXT.decodeLatin1(bytes, start, end);
  }
}

/**
 * A line as it is sent, with its delimiter.
 *
 * @throws LocalLineError if it holds a line's end, or a character that Latin-1 does not have.
 *
 * @example
 * ```ts
 * import { encodeLine } from "ropewalk/line";
 *
 * console.log(JSON.stringify(encodeLine("hello", "\r\n", "utf8"))); // "hello\r\n"
 * ```
 */
export function encodeLine(line: string, delimiter: string, encoding: LineEncoding): string {
  // Many peers take a bare newline for the end, so it ends the line here too: else a user's text could hold a command.
  const isSeveral = delimiter.endsWith("\n")
    ? line.indexOf("\n") !== -1
    : (line + delimiter).indexOf(delimiter) !== line.length;
  if (isSeveral) throw new LocalLineError(line, "it holds the end of a line; send each line by itself");
  if (encoding === "latin1" && BEYOND_LATIN1.test(line)) {
    throw new LocalLineError(line, "Latin-1 lacks one of its characters; use the encoding utf8");
  }
  return line + delimiter;
}

/** A delimiter, made ready for searching. */
interface LineEnding {
  readonly bare: boolean;
  readonly encoding: LineEncoding;
  readonly bytes: Uint8Array;
  readonly length: number;
  /** An unfinished line of `maxLength` plus this many bytes is too long, whatever comes. */
  readonly limitLength: number;
  /** Its characters are bytes, so that it can be searched for in text. */
  readonly inText: boolean;
  readonly indexIn: (text: string, from: number) => number;
}

function lineEnding(delimiter: string, bare: boolean, encoding: LineEncoding): LineEnding {
  if (bare) return encoding === "utf8" ? ANY_NEWLINE : { ...ANY_NEWLINE, encoding };
  if (delimiter === "\r\n") return encoding === "utf8" ? CRLF : { ...CRLF, encoding };
  if (delimiter === "" || (encoding === "latin1" && BEYOND_LATIN1.test(delimiter))) {
    throw new RangeError(`Cannot end lines with ${JSON.stringify(delimiter)}: it is no text in ${encoding}`);
  }
  const bytes = encoding === "utf8" ? TEXT.encodeUtf8(delimiter) : TEXT.encodeLatin1(delimiter);
  return {
    bare,
    encoding,
    bytes,
    length: bytes.length,
    limitLength: bytes.length,
    inText: bytes.length === delimiter.length,
    indexIn: (text, from) => text.indexOf(delimiter, from),
  };
}

/** Searching for one character and looking at the one before it is faster than searching for two. */
function indexOfCrlf(text: string, from: number): number {
  let at = text.indexOf("\n", from);
  while (at !== -1 && (at === from || text.charCodeAt(at - 1) !== CR)) at = text.indexOf("\n", at + 1);
  return at === -1 ? -1 : at - 1;
}

/** The byte at `index` of an unfinished line: `tail`, then the chunk from `at` on. */
function byteAt(tail: GrowingBytes, chunk: Uint8Array, at: number, index: number): number | undefined {
  return index < tail.length ? tail.bytes[index] : chunk[at + index - tail.length];
}

const CR = 13;

const CRLF: LineEnding = {
  bare: false,
  encoding: "utf8",
  bytes: new Uint8Array([13, 10]),
  length: 2,
  limitLength: 2,
  inText: true,
  indexIn: indexOfCrlf,
};

const ANY_NEWLINE: LineEnding = {
  bare: true,
  encoding: "utf8",
  bytes: new Uint8Array([10]),
  length: 1,
  limitLength: 2,
  inText: true,
  indexIn: (text, from) => text.indexOf("\n", from),
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is the whole of Latin-1
const BEYOND_LATIN1 = /[^\u0000-\u00ff]/;

/** A decoded line keeps the text that it was cut from alive; this bounds how much a kept line can weigh. */
const TEXT_BYTES = 4_096;
