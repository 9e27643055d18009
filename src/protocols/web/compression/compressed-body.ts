import type { Parts } from "../message/body.ts";
import { PartReader } from "../message/part-reader.ts";
import { type CompressionCoding, Compressor } from "./compressor.ts";

/** Does work that takes a thread; `outsideWork`, so that a simulation waits for it. */
export type Work = <T>(work: () => Promise<T>) => PromiseLike<T>;

/**
 * A body in a coding, part for part: whoever waits for an event gets it at once. It reads no faster than it is read, and what
 * the other body fails with it fails with.
 */
export class CompressedBody implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array, undefined> {
  readonly #parts: PartReader;
  readonly #coding: CompressionCoding;
  readonly #work: Work;
  /** Made with the first part: an answer that nobody reads costs no window. */
  #compressor: Compressor | undefined = undefined;
  #isOver = false;

  constructor(parts: Parts, coding: CompressionCoding, work: Work) {
    this.#parts = new PartReader(parts);
    this.#coding = coding;
    this.#work = work;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    try {
      while (!this.#isOver) {
        const part = await this.#parts.next();
        if (this.#isOver) break;
        this.#compressor ??= new Compressor(this.#coding);
        const compressor = this.#compressor;
        if (part === undefined) {
          const value = await this.#work(() => compressor.end());
          this.#close();
          return { done: false, value };
        }
        if (part.length === 0) continue;
        const value = await this.#work(() => compressor.write(part));
        if (value.length > 0) return { done: false, value };
      }
    } catch (error) {
      this.#close();
      throw error;
    }
    return DONE;
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.#isOver) {
      this.#close();
      this.#parts.cancel(undefined);
    }
    return DONE;
  }

  #close(): void {
    this.#isOver = true;
    this.#compressor?.close();
  }
}

const DONE = { done: true, value: undefined } as const;
