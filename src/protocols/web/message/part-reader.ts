import { asBytes, type Parts } from "./body.ts";
import { IncomingBody } from "./incoming-body.ts";

/** Reads a body part by part, and can be told in the middle of a wait that nobody wants more. */
export class PartReader {
  /** Read by itself: an iterator of it would hear of a cancellation only when its wait is over, or never if it has not begun. */
  readonly #incoming: IncomingBody | undefined;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #iterator: AsyncIterator<Uint8Array | string> | undefined;

  constructor(parts: Parts) {
    this.#incoming = parts instanceof IncomingBody ? parts : undefined;
    this.#reader = parts instanceof ReadableStream ? (parts as ReadableStream<Uint8Array>).getReader() : undefined;
    const isOther = this.#incoming === undefined && this.#reader === undefined;
    this.#iterator = isOther ? parts[Symbol.asyncIterator]() : undefined;
  }

  /** The next one; undefined at the end. @throws what the body fails with. */
  async next(): Promise<Uint8Array | undefined> {
    if (this.#incoming !== undefined) return await this.#incoming.read();
    const reading = this.#reader?.read() ?? (this.#iterator as AsyncIterator<Uint8Array | string>).next();
    const { done, value } = await reading;
    return done === true ? undefined : asBytes(value);
  }

  /** What goes wrong in the clean-up is nobody's to hear: the body was given up. */
  cancel(reason: unknown): void {
    this.#incoming?.cancel();
    const cleanUp = async (): Promise<unknown> => await (this.#reader?.cancel(reason) ?? this.#iterator?.return?.());
    cleanUp().then(undefined, () => undefined);
  }
}
