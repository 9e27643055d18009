import { LocalSampleError, RemoteSampleError } from "./errors.ts";
import type { SampleMessage } from "./events.ts";

/**
 * A message as bytes: its length in one byte, then its text.
 *
 * @throws LocalSampleError if the text is empty, or longer than 255 bytes.
 * @example
 * ```ts
 * import { encodeSampleMessage } from "ropewalk/sample";
 * console.log(encodeSampleMessage({ text: "hi" })); // Uint8Array(3) [ 2, 104, 105 ]
 * ```
 */
export function encodeSampleMessage({ text }: SampleMessage): Uint8Array {
  const body = new TextEncoder().encode(text);
  if (body.length === 0 || body.length > MAX_BYTES) {
    throw new LocalSampleError(`want 1 to ${MAX_BYTES} bytes, have ${body.length}`);
  }
  const message = new Uint8Array(body.length + 1);
  message[0] = body.length;
  message.set(body, 1);
  return message;
}

/**
 * Bytes as messages, however they are cut. It keeps no more than one message.
 *
 * @example
 * ```ts
 * import { SampleDecoder } from "ropewalk/sample";
 * const decoder = new SampleDecoder();
 * decoder.push(Uint8Array.of(2, 104));
 * console.log(decoder.next()); // undefined
 * decoder.push(Uint8Array.of(105));
 * console.log(decoder.next()); // { text: 'hi' }
 * ```
 */
export class SampleDecoder {
  #bytes: Uint8Array = new Uint8Array(0);

  /** Takes what came. Ask for all messages before the next push. */
  push(data: Uint8Array): void {
    const joined = new Uint8Array(this.#bytes.length + data.length);
    joined.set(this.#bytes);
    joined.set(data, this.#bytes.length);
    this.#bytes = joined;
  }

  /** The next message; undefined if it is not complete. @throws RemoteSampleError */
  next(): SampleMessage | undefined {
    const [length] = this.#bytes;
    if (length === 0) throw new RemoteSampleError("an empty message");
    if (length === undefined || this.#bytes.length <= length) return undefined;
    const body = this.#bytes.subarray(1, length + 1);
    this.#bytes = this.#bytes.slice(length + 1);
    try {
      return { text: UTF_8.decode(body) };
    } catch {
      throw new RemoteSampleError("a message that is no UTF-8");
    }
  }
}

const MAX_BYTES = 255;
const UTF_8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
