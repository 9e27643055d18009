import { closeSync, openSync, writeSync } from "node:fs";

/**
 * A file of the real disk, written from its beginning. Holds back up to 64 KiB, and writes synchronously: a simulation
 * that goes through a million packets without a pause must not keep them all.
 */
export class FileSink {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #filled = 0;
  #failure: unknown = undefined;

  /** @throws Error if the file cannot be written. */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#descriptor = openSync(path, "w");
    } catch (error) {
      throw new Error(`Cannot write "${path}": ${(error as Error).message}`, { cause: error });
    }
  }

  /** Keeps a failure for `close`: whoever writes here is in the middle of something that has no part in it. */
  write(bytes: Uint8Array): void {
    if (this.#filled + bytes.length > BUFFER_BYTES) this.#flush();
    if (bytes.length > BUFFER_BYTES) {
      this.#writeOut(bytes);
    } else {
      this.#buffer.set(bytes, this.#filled);
      this.#filled += bytes.length;
    }
  }

  /** Writes what was held back. @throws Error if anything could not be written. */
  close(): void {
    this.#flush();
    closeSync(this.#descriptor);
    const failure = this.#failure;
    if (failure === undefined) return;
    throw new Error(`Cannot write all of "${this.#path}": ${(failure as Error).message}`, { cause: failure });
  }

  #flush(): void {
    this.#writeOut(this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }

  #writeOut(bytes: Uint8Array): void {
    try {
      let at = 0;
      while (at < bytes.length && this.#failure === undefined) at += writeSync(this.#descriptor, bytes, at);
    } catch (error) {
      this.#failure = error;
    }
  }
}

const BUFFER_BYTES = 65_536;
