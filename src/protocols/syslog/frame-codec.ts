/** Messages on a stream: RFC 6587 §3.4.1 (octet counting, which RFC 5425 uses too) and §3.4.2 (non-transparent framing). */
import { ByteQueue } from "../../wire/byte-queue.ts";
import { GrowingBytes } from "../../wire/growing-bytes.ts";
import { takeBytes } from "../../wire/take-bytes.ts";
import { TEXT } from "../../wire/text.ts";
import { startOf } from "./codec.ts";
import { LocalSyslogError, RemoteSyslogError } from "./errors.ts";

/** How messages are told apart on a stream. */
export type SyslogFraming = "octet-counting" | "non-transparent";

/** What a frame may be. */
export interface SyslogFrameSettings {
  /** Bytes in one message. */
  readonly maxMessageBytes: number;
  /** The only one that is taken; default: either, told apart by each frame's first byte, a digit or not. */
  readonly framing?: SyslogFraming | undefined;
}

/**
 * Received bytes to messages, sans-IO. The events do not depend on how the bytes are cut. A message over the limit is
 * reported once and dropped as it comes, so it takes no memory, and the next one is read as usual. A broken length breaks
 * the stream: `isBroken` says so, and nothing more comes out. Empty lines are passed over.
 *
 * @example
 * ```ts
 * import { SyslogFrameDecoder } from "ropewalk/syslog";
 *
 * const decoder = new SyslogFrameDecoder({ maxMessageBytes: 100 });
 * decoder.push(new TextEncoder().encode("5 <13>a<13>b\n<1"));
 * for (let frame = decoder.next(); frame instanceof Uint8Array; frame = decoder.next()) {
 *   console.log(new TextDecoder().decode(frame)); // <13>a, then <13>b
 * }
 * ```
 */
export class SyslogFrameDecoder {
  readonly #settings: SyslogFrameSettings;
  readonly #queue: ByteQueue = new ByteQueue();
  readonly #partial: GrowingBytes = new GrowingBytes();
  #state: State = "start";
  /** Of the length while its digits come; then how many bytes of the message are to come, or to be dropped. */
  #count = 0;

  constructor(settings: SyslogFrameSettings) {
    this.#settings = settings;
  }

  /** The peer broke the framing: where the next message begins cannot be known. */
  get isBroken(): boolean {
    return this.#state === "broken";
  }

  /** Adds received bytes. They are not copied, and must not change. */
  push(data: Uint8Array): void {
    if (this.#state !== "broken") this.#queue.push(data);
  }

  /** The next message, undefined if none is complete, or what is wrong. */
  next(): Uint8Array | RemoteSyslogError | undefined {
    while (this.#state !== "broken" && this.#queue.ready()) {
      const event = this.#step();
      if (event !== undefined) return event;
    }
    return undefined;
  }

  /** The stream has ended: what is wrong with that, if it ended within a message. */
  end(): RemoteSyslogError | undefined {
    if (this.#state === "start" || this.#state === "broken" || this.#state.startsWith("dropping")) return undefined;
    this.#state = "broken";
    return new RemoteSyslogError("the stream ended within it", startOf(this.#partial.take()));
  }

  #step(): Uint8Array | RemoteSyslogError | undefined {
    const { chunk, at } = this.#queue;
    switch (this.#state) {
      case "start":
        this.#begin(chunk[at] as number);
        return undefined;
      case "length":
        return this.#length(chunk[at] as number);
      case "counted":
        return this.#counted();
      case "line":
        return this.#line();
      case "dropping count": {
        const dropped = Math.min(this.#count, chunk.length - at);
        this.#queue.at += dropped;
        this.#count -= dropped;
        if (this.#count === 0) this.#state = "start";
        return undefined;
      }
      default: {
        const end = TEXT.indexOfByte(chunk, LF, at);
        this.#queue.at = end < 0 ? chunk.length : end + 1;
        if (end >= 0) this.#state = "start";
        return undefined;
      }
    }
  }

  #begin(byte: number): void {
    const { framing } = this.#settings;
    if (framing === "octet-counting") this.#state = "length";
    else if (byte === LF || byte === CR) this.#queue.at += 1;
    else this.#state = framing === undefined && isDigit(byte) ? "length" : "line";
  }

  #length(byte: number): RemoteSyslogError | undefined {
    const isBlank = byte === BLANK && this.#count > 0;
    if (!isBlank && !isDigit(byte)) {
      return this.#break(`expected a length, digits and a blank, got byte 0x${byte.toString(16).padStart(2, "0")}`);
    }
    if (byte === ZERO && this.#count === 0) return this.#break("its length begins with 0");
    this.#queue.at += 1;
    if (!isBlank) {
      this.#count = this.#count * 10 + byte - ZERO;
      return this.#count > MAX_COUNT ? this.#break("its length has too many digits") : undefined;
    }
    const { maxMessageBytes } = this.#settings;
    this.#state = this.#count > maxMessageBytes ? "dropping count" : "counted";
    if (this.#state === "counted") return undefined;
    return new RemoteSyslogError(`it has ${this.#count} bytes, ${maxMessageBytes} are allowed`);
  }

  #counted(): Uint8Array | undefined {
    const message = takeBytes(this.#queue, this.#partial, this.#count);
    if (message === undefined) return undefined;
    this.#state = "start";
    this.#count = 0;
    return message;
  }

  #line(): Uint8Array | RemoteSyslogError | undefined {
    const queue = this.#queue;
    const { chunk, at } = queue;
    const { maxMessageBytes } = this.#settings;
    // One more, which may be the CR before the LF.
    const room = maxMessageBytes + 1 - this.#partial.length;
    const found = TEXT.indexOfByte(chunk, LF, at);
    const end = found < 0 ? chunk.length : found;
    if (end - at > room) {
      this.#partial.append(chunk, at, at + room);
      return this.#refuseLine(at + room);
    }
    if (found < 0) {
      this.#partial.append(chunk, at, end);
      queue.at = end;
      return undefined;
    }
    const whole = this.#joined(chunk, at, end);
    const line = whole.at(-1) === CR ? whole.subarray(0, -1) : whole;
    if (line.length > maxMessageBytes) {
      this.#partial.append(line, 0, line.length);
      return this.#refuseLine(end);
    }
    queue.at = end + 1;
    this.#state = "start";
    return line;
  }

  #joined(chunk: Uint8Array, at: number, end: number): Uint8Array {
    if (this.#partial.length === 0) return chunk.subarray(at, end);
    this.#partial.append(chunk, at, end);
    return this.#partial.take();
  }

  #refuseLine(at: number): RemoteSyslogError {
    this.#queue.at = at;
    this.#state = "dropping line";
    const start = startOf(this.#partial.take());
    return new RemoteSyslogError(
      `it has more than the ${this.#settings.maxMessageBytes} bytes that are allowed`,
      start,
    );
  }

  #break(problem: string): RemoteSyslogError {
    this.#state = "broken";
    this.#queue.takeAll();
    return new RemoteSyslogError(problem);
  }
}

/**
 * One message as it goes on a stream: its length and a blank before it, or a line feed behind it.
 *
 * @throws LocalSyslogError for a message with a line feed in it where that would end it.
 * @example
 * ```ts
 * import { encodeSyslogFrame } from "ropewalk/syslog";
 *
 * const frame = encodeSyslogFrame(new TextEncoder().encode("<13>hello"), "octet-counting");
 * console.log(new TextDecoder().decode(frame)); // 9 <13>hello
 * ```
 */
export function encodeSyslogFrame(message: Uint8Array, framing: SyslogFraming): Uint8Array {
  if (framing === "non-transparent") {
    if (message.includes(LF)) throw new LocalSyslogError("a line feed in it would end it; octet counting can send it");
    if (message.at(-1) === CR) throw new LocalSyslogError("its last carriage return would get lost");
    const line = new Uint8Array(message.length + 1);
    line.set(message);
    line[message.length] = LF;
    return line;
  }
  const head = TEXT.encodeLatin1(`${message.length} `);
  const frame = new Uint8Array(head.length + message.length);
  frame.set(head);
  frame.set(message, head.length);
  return frame;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}

type State = "start" | "length" | "counted" | "line" | "dropping count" | "dropping line" | "broken";

const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;
const ZERO = 0x30;
/** More is no length that anybody means. */
const MAX_COUNT = 999_999_999;
