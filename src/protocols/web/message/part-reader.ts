import { asBytes, type Parts } from "./body.ts";

/** Reads a body part by part, and can be told in the middle of a wait that nobody wants more. */
export class PartReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #iterator: AsyncIterator<Uint8Array | string> | undefined;

  constructor(parts: Parts) {
    this.#reader = parts instanceof ReadableStream ? (parts as ReadableStream<Uint8Array>).getReader() : undefined;
    this.#iterator = this.#reader === undefined ? parts[Symbol.asyncIterator]() : undefined;
  }

  /** The next one; undefined at the end. @throws what the body fails with. */
  async next(): Promise<Uint8Array | undefined> {
    const reading = this.#reader?.read() ?? (this.#iterator as AsyncIterator<Uint8Array | string>).next();
    const { done, value } = await reading;
    return done === true ? undefined : asBytes(value);
  }

  /** What goes wrong in the clean-up is nobody's to hear: the body was given up. */
  cancel(reason: unknown): void {
    const done = this.#reader?.cancel(reason) ?? this.#iterator?.return?.();
    done?.then(undefined, () => undefined);
  }
}
