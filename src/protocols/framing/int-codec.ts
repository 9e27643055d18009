import { ByteQueue } from "../../wire/byte-queue.ts";
import { GrowingBytes } from "../../wire/growing-bytes.ts";
import { takeBytes } from "../../wire/take-bytes.ts";
import { TEXT } from "../../wire/text.ts";
import { LocalFrameLengthError, RemoteFrameLengthError } from "./errors.ts";
import type { FrameSettings } from "./netstring-codec.ts";

/** Bytes of the length before each frame, most significant first. */
export type PrefixBytes = 1 | 2 | 4;

/**
 * Received bytes to frames with a binary length before each, sans-IO. The events do not depend on how the bytes are cut.
 *
 * @example
 * ```ts
 * import { IntDecoder } from "ropewalk/framing";
 *
 * const decoder = new IntDecoder(2, { maxLength: 100 });
 * decoder.push(new Uint8Array([0, 1, 42, 0, 2, 7]));
 * console.log(decoder.next()?.toString(), decoder.next()); // 42 undefined
 * ```
 */
export class IntDecoder {
  readonly #prefixBytes: PrefixBytes;
  readonly #settings: FrameSettings;
  readonly #queue: ByteQueue = new ByteQueue();
  readonly #partial: GrowingBytes = new GrowingBytes();
  #prefixRead = 0;
  #length = 0;
  #error: RemoteFrameLengthError | undefined = undefined;

  constructor(prefixBytes: PrefixBytes, settings: FrameSettings) {
    this.#prefixBytes = prefixBytes;
    this.#settings = settings;
  }

  /** Adds received bytes. They are not copied, and must not change. */
  push(data: Uint8Array): void {
    if (this.#error === undefined) this.#queue.push(data);
  }

  /** The next whole frame, undefined if there is none, or the error if the next is too long: then it stays that for good. */
  next(): Uint8Array | RemoteFrameLengthError | undefined {
    if (this.#error !== undefined) return this.#error;
    if (this.#prefixRead < this.#prefixBytes && !this.#readPrefix()) return this.#error;
    const frame = takeBytes(this.#queue, this.#partial, this.#length);
    if (frame !== undefined) {
      this.#prefixRead = 0;
      this.#length = 0;
    }
    return frame;
  }

  #readPrefix(): boolean {
    const queue = this.#queue;
    while (this.#prefixRead < this.#prefixBytes) {
      if (!queue.ready()) return false;
      this.#length = this.#length * 256 + (queue.chunk[queue.at++] as number);
      this.#prefixRead++;
    }
    const { maxLength } = this.#settings;
    if (this.#length <= maxLength) return true;
    this.#error = new RemoteFrameLengthError(this.#length, maxLength);
    return false;
  }
}

/**
 * Bytes, or a text as UTF-8, with their length before them.
 *
 * @throws LocalFrameLengthError if the prefix cannot say the length.
 *
 * @example
 * ```ts
 * import { encodeInt } from "ropewalk/framing";
 *
 * console.log(encodeInt(2, "hi").toString()); // 0,2,104,105
 * ```
 */
export function encodeInt(prefixBytes: PrefixBytes, data: Uint8Array | string): Uint8Array {
  const bytes = typeof data === "string" ? TEXT.encodeUtf8(data) : data;
  const maxLength = 2 ** (8 * prefixBytes) - 1;
  if (bytes.length > maxLength) throw new LocalFrameLengthError(bytes.length, maxLength);
  const frame = new Uint8Array(prefixBytes + bytes.length);
  let length = bytes.length;
  for (let at = prefixBytes - 1; at >= 0; at--) {
    frame[at] = length % 256;
    length = Math.floor(length / 256);
  }
  frame.set(bytes, prefixBytes);
  return frame;
}
