import { toError } from "../../../../core/errors.ts";

/** The part of a stream of zlib's that is used here. */
export interface ZlibStream {
  write(part: Uint8Array, written: () => void): void;
  end(): void;
  read(): Uint8Array | null;
  destroy(): void;
  on(event: "readable" | "end", f: () => void): this;
  on(event: "error", f: (error: unknown) => void): this;
}

/**
 * One decompression, step by step: each step ends by itself, without more input. So it can be waited for as one piece of work
 * on another thread, and no more is made than is asked for.
 */
export class Inflater {
  readonly #stream: ZlibStream;
  /** All that was fed is decompressed, or the end is reached. */
  #isIdle = true;
  #isClosed = false;
  #error: Error | undefined = undefined;
  #wake: () => void = nothing;

  constructor(stream: ZlibStream) {
    this.#stream = stream;
    stream.on("readable", () => this.#wake());
    stream.on("end", () => this.#becomeIdle());
    stream.on("error", (error) => {
      this.#error = new Error(`Cannot decode the body: ${toError(error).message}`, { cause: error });
      this.#wake();
    });
  }

  /** Undefined: that was all. Then call `next` until it gives nothing. */
  feed(part: Uint8Array | undefined): void {
    this.#isIdle = false;
    if (part === undefined) this.#stream.end();
    else this.#stream.write(part, () => this.#becomeIdle());
  }

  /** Some of what has become of it; undefined when there is no more. @throws Error for what is no such coding. */
  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#isClosed) return undefined;
      const made = this.#error === undefined ? this.#stream.read() : null;
      if (made !== null) return made;
      if (this.#error !== undefined) throw this.#error;
      if (this.#isIdle) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Gives the memory back; who waits for the next step gets nothing. */
  close(): void {
    this.#isClosed = true;
    this.#stream.destroy();
    this.#wake();
  }

  #becomeIdle(): void {
    this.#isIdle = true;
    this.#wake();
  }
}

function nothing(): void {}
