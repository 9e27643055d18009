import { ByteQueue } from "../../wire/byte-queue.ts";
import { GrowingBytes } from "../../wire/growing-bytes.ts";
import { takeBytes } from "../../wire/take-bytes.ts";
import { TEXT } from "../../wire/text.ts";
import { type RemoteFrameError, RemoteFrameLengthError, RemoteNetstringError } from "./errors.ts";

/** What a frame may be. Read for each frame. */
export interface FrameSettings {
  /** Bytes in a received frame. */
  readonly maxLength: number;
}

/**
 * Received bytes to netstrings, sans-IO. The events do not depend on how the bytes are cut.
 *
 * @example
 * ```ts
 * import { NetstringDecoder } from "ropewalk/framing";
 *
 * const decoder = new NetstringDecoder({ maxLength: 100 });
 * decoder.push(new TextEncoder().encode("5:hello,3:by"));
 * console.log(decoder.next()?.toString(), decoder.next()); // 104,101,108,108,111 undefined
 * ```
 */
export class NetstringDecoder {
  readonly #settings: FrameSettings;
  readonly #queue: ByteQueue = new ByteQueue();
  readonly #partial: GrowingBytes = new GrowingBytes();
  #state: "length" | "bytes" | "comma" = "length";
  #length = 0;
  #digits = 0;
  #frame: Uint8Array | undefined = undefined;
  #error: RemoteFrameError | undefined = undefined;

  constructor(settings: FrameSettings) {
    this.#settings = settings;
  }

  /** Adds received bytes. They are not copied, and must not change. */
  push(data: Uint8Array): void {
    if (this.#error === undefined) this.#queue.push(data);
  }

  /** The next whole frame, undefined if there is none, or what broke the framing: then it stays that for good. */
  next(): Uint8Array | RemoteFrameError | undefined {
    if (this.#error !== undefined) return this.#error;
    if (this.#state === "length") this.#error = this.#readLength();
    if (this.#state === "bytes") {
      this.#frame = takeBytes(this.#queue, this.#partial, this.#length);
      if (this.#frame !== undefined) this.#state = "comma";
    }
    if (this.#state === "comma" && this.#queue.ready()) {
      const byte = this.#queue.chunk[this.#queue.at++] as number;
      if (byte === COMMA) return this.#finish();
      this.#error = new RemoteNetstringError("comma", byte);
    }
    return this.#error;
  }

  #readLength(): RemoteFrameError | undefined {
    const queue = this.#queue;
    while (queue.ready()) {
      const byte = queue.chunk[queue.at++] as number;
      if (byte === COLON && this.#digits > 0) {
        this.#state = "bytes";
        return undefined;
      }
      if (byte < ZERO || byte > NINE) return new RemoteNetstringError("length", byte);
      if (this.#digits > 0 && this.#length === 0) return new RemoteNetstringError("leading zero", byte);
      this.#length = this.#length * 10 + byte - ZERO;
      this.#digits++;
      const { maxLength } = this.#settings;
      if (this.#length > maxLength) return new RemoteFrameLengthError(this.#length, maxLength);
    }
    return undefined;
  }

  #finish(): Uint8Array {
    const frame = this.#frame as Uint8Array;
    this.#frame = undefined;
    this.#state = "length";
    this.#length = 0;
    this.#digits = 0;
    return frame;
  }
}

/**
 * Bytes, or a text as UTF-8, as a netstring.
 *
 * @example
 * ```ts
 * import { encodeNetstring } from "ropewalk/framing";
 *
 * console.log(new TextDecoder().decode(encodeNetstring("hello"))); // 5:hello,
 * ```
 */
export function encodeNetstring(data: Uint8Array | string): Uint8Array {
  const bytes = typeof data === "string" ? TEXT.encodeUtf8(data) : data;
  const length = TEXT.encodeLatin1(`${bytes.length}:`);
  const frame = new Uint8Array(length.length + bytes.length + 1);
  frame.set(length);
  frame.set(bytes, length.length);
  frame[frame.length - 1] = COMMA;
  return frame;
}

const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const COMMA = 0x2c;
