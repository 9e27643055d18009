/*
 * Theory of operation. Both directions are lines of words, and a line whose first word says so is followed by a value of the
 * length that the line names, and `\r\n`. So one decoder serves both: `blockSize` reads the length out of a line's words.
 * Whoever misses the end of a value takes data for commands: every doubt about a length or an end is an error here, after
 * which there is nothing more to decode.
 */
import { ByteQueue, EMPTY } from "../../wire/byte-queue.ts";
import { GrowingBytes } from "../../wire/growing-bytes.ts";
import { takeBytes } from "../../wire/take-bytes.ts";
import { TEXT } from "../../wire/text.ts";
import { RemoteMemcacheError } from "./errors.ts";
import type { Frame } from "./events.ts";
import type { FrameLimits } from "./limits.ts";

/**
 * Received bytes to frames, sans-IO. The events do not depend on how the bytes are cut.
 *
 * @example
 * ```ts
 * import { FrameDecoder } from "ropewalk/memcache";
 *
 * const decoder = new FrameDecoder("replies", { maxLineBytes: 100, maxValueBytes: 100 });
 * decoder.push(new TextEncoder().encode("VALUE greeting 0 5\r\nhello\r\nEND\r\n"));
 * const frame = decoder.next();
 * if (frame !== undefined && !(frame instanceof Error)) console.log(frame.words[1], frame.data?.length); // greeting 5
 * ```
 */
export class FrameDecoder {
  readonly #limits: FrameLimits;
  readonly #isServer: boolean;
  readonly #blockSize: (words: readonly string[]) => number;
  readonly #queue: ByteQueue = new ByteQueue();
  /** The start of an unfinished line or value. */
  readonly #tail: GrowingBytes = new GrowingBytes();
  /** The words of a line whose value is due, and how many bytes that has. */
  #words: readonly string[] | undefined = undefined;
  #size = 0;
  /** Bytes of a value that is too large, and of its end, which are to be dropped. */
  #dropping = 0;
  #error: RemoteMemcacheError | undefined = undefined;

  /** `"requests"` is what a server reads: lines may end with `\n` alone, and values that are too large are dropped. */
  constructor(what: "requests" | "replies", limits: FrameLimits) {
    this.#limits = limits;
    this.#isServer = what === "requests";
    this.#blockSize = this.#isServer ? requestBlockSize : replyBlockSize;
  }

  /** Adds received bytes. They are not copied, and must not change. */
  push(data: Uint8Array): void {
    this.#queue.push(data);
  }

  /** The next frame; undefined if there is no whole one; an error, from then on always the same, if the peer broke the rules. */
  next(): Frame | RemoteMemcacheError | undefined {
    if (this.#error !== undefined) return this.#error;
    if (this.#words !== undefined) return this.#value(this.#words);
    if (this.#dropping > 0 && !this.#drop()) return undefined;
    const line = this.#line();
    if (line === undefined || line instanceof Error) return line;
    const words = wordsOf(line);
    const size = this.#blockSize(words);
    if (size === NO_BLOCK) return { words, data: undefined, isDropped: false };
    if (!(size >= 0))
      return this.#fail("value header", `Peer sent a line without the length of its value: ${quoted(line)}`);
    if (size > this.#limits.maxValueBytes) return this.#tooLarge(words, size);
    this.#size = size;
    return this.#value(words);
  }

  /** Forgets what is not delivered. */
  discard(): void {
    this.#queue.takeAll();
    this.#tail.clear();
    this.#words = undefined;
    this.#dropping = 0;
  }

  #line(): string | RemoteMemcacheError | undefined {
    const queue = this.#queue;
    const tail = this.#tail;
    const { maxLineBytes } = this.#limits;
    while (queue.ready()) {
      const { chunk, at } = queue;
      const end = TEXT.indexOfByte(chunk, LF, at);
      const length = tail.length + (end === -1 ? chunk.length : end) - at;
      // One byte more may be the \r of the line's end.
      if (length > maxLineBytes + 1) return this.#lineTooLong();
      if (end === -1) {
        tail.append(chunk, at, chunk.length, maxLineBytes + 1);
        queue.at = chunk.length;
        continue;
      }
      queue.at = end + 1;
      if (tail.length === 0) return this.#lineOf(chunk, at, end);
      tail.append(chunk, at, end, maxLineBytes + 1);
      const bytes = tail.take();
      return this.#lineOf(bytes, 0, bytes.length);
    }
    return undefined;
  }

  #lineOf(bytes: Uint8Array, start: number, end: number): string | RemoteMemcacheError {
    const hasCr = end > start && bytes[end - 1] === CR;
    const textEnd = hasCr ? end - 1 : end;
    if (textEnd - start > this.#limits.maxLineBytes) return this.#lineTooLong();
    const line = TEXT.decodeLatin1(bytes, start, textEnd);
    if (!hasCr && !this.#isServer) return this.#fail("line end", `Peer ended a line without \\r: ${quoted(line)}`);
    return line;
  }

  #value(words: readonly string[]): Frame | RemoteMemcacheError | undefined {
    const bytes = takeBytes(this.#queue, this.#tail, this.#size + 2);
    if (bytes === undefined) {
      this.#words = words;
      return undefined;
    }
    this.#words = undefined;
    const size = this.#size;
    if (bytes[size] !== CR || bytes[size + 1] !== LF) {
      return this.#fail(
        "value end",
        `Peer sent no \\r\\n after the ${size} bytes of a value: ${quoted(words.join(" "))}`,
      );
    }
    return { words, data: size === 0 ? EMPTY : bytes.subarray(0, size), isDropped: false };
  }

  #tooLarge(words: readonly string[], size: number): Frame | RemoteMemcacheError {
    if (!this.#isServer) {
      return this.#fail("value size", `Peer sent a value of ${size} bytes, ${this.#limits.maxValueBytes} are allowed`);
    }
    this.#dropping = size + 2;
    return { words, data: undefined, isDropped: true };
  }

  /** Whether all that was to be dropped is. */
  #drop(): boolean {
    const queue = this.#queue;
    while (this.#dropping > 0) {
      if (!queue.ready()) return false;
      const count = Math.min(this.#dropping, queue.chunk.length - queue.at);
      queue.at += count;
      this.#dropping -= count;
    }
    return true;
  }

  #lineTooLong(): RemoteMemcacheError {
    return this.#fail("line length", `Peer sent a line of more than ${this.#limits.maxLineBytes} bytes`);
  }

  #fail(problem: RemoteMemcacheError["problem"], message: string): RemoteMemcacheError {
    this.discard();
    this.#error = new RemoteMemcacheError(problem, message);
    return this.#error;
  }
}

/** `VALUE key flags size [cas]` and `VA size flag…`. */
function replyBlockSize(words: readonly string[]): number {
  const word = words[0];
  if (word === "VALUE") return sizeOf(words[3]);
  return word === "VA" ? sizeOf(words[1]) : NO_BLOCK;
}

/** `set key flags exptime size …` and its like, and `ms key size flag…`. */
function requestBlockSize(words: readonly string[]): number {
  switch (words[0]) {
    case "set":
    case "add":
    case "replace":
    case "append":
    case "prepend":
    case "cas":
      return sizeOf(words[4]);
    case "ms":
      return sizeOf(words[2]);
    default:
      return NO_BLOCK;
  }
}

function sizeOf(word: string | undefined): number {
  if (word === undefined || !/^\d{1,10}$/.test(word)) return Number.NaN;
  const size = Number(word);
  return size > MAX_SIZE ? Number.NaN : size;
}

function wordsOf(line: string): readonly string[] {
  const words = line.split(" ");
  // libmemcached ends some commands with a space.
  return words.includes("") ? words.filter((word) => word !== "") : words;
}

function quoted(line: string): string {
  return JSON.stringify(line.length > SHOWN_LENGTH ? `${line.slice(0, SHOWN_LENGTH)}…` : line);
}

const NO_BLOCK = -1;
const CR = 13;
const LF = 10;
/** As in memcached, whose lengths are signed 32 bit numbers with room for \r\n. */
const MAX_SIZE = 2 ** 31 - 3;
/** Enough to find the place in the code, short enough for a log. */
const SHOWN_LENGTH = 60;
