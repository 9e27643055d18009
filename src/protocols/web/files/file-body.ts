import { TEXT } from "../../../wire/text.ts";
import type { Pieces } from "./byte-ranges.ts";
import type { ByteRange } from "./ranges.ts";

/** What a body reads: an open file is one. */
export interface ReadableFile {
  readonly path: string;
  read(offset: number, maxBytes: number): PromiseLike<Uint8Array>;
  status(): PromiseLike<FileState>;
  close(): unknown;
}

/** What tells one state of a file from another. */
export interface FileState {
  readonly size: number;
  readonly modifiedMs: number;
}

/**
 * A body out of an open file, read as it is sent. It closes the file, however it ends. If the file changed since its head was
 * made, the body fails before its last part: the client has to see that it has not got what it was promised.
 */
export class FileBody implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array, undefined> {
  readonly #file: ReadableFile;
  readonly #state: FileState;
  readonly #pieces: Pieces;
  /** The piece that comes next, and how much of it was read. */
  #at = 0;
  #readBytes = 0;
  #isOver = false;

  constructor(file: ReadableFile, state: FileState, pieces: Pieces) {
    this.#file = file;
    this.#state = state;
    this.#pieces = pieces;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#isOver) return DONE;
    try {
      const value = await this.#part();
      if (this.#at === this.#pieces.length) {
        const state = await this.#file.status();
        if (state.size !== this.#state.size || state.modifiedMs !== this.#state.modifiedMs) throw this.#changed();
        this.close();
      }
      return { done: false, value };
    } catch (error) {
      this.close();
      throw error;
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.close();
    return DONE;
  }

  /** Gives the file back; again is no error. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#file.close();
  }

  async #part(): Promise<Uint8Array> {
    const piece = this.#pieces[this.#at] as string | ByteRange;
    if (typeof piece === "string") {
      this.#at += 1;
      return TEXT.encodeUtf8(piece);
    }
    const { start, end } = piece;
    const offset = start + this.#readBytes;
    const part = await this.#file.read(offset, Math.min(READ_BYTES, end - offset));
    if (part.length === 0) throw this.#changed();
    this.#readBytes += part.length;
    if (start + this.#readBytes === end) {
      this.#at += 1;
      this.#readBytes = 0;
    }
    return part;
  }

  #changed(): Error {
    return new Error(`Cannot send the rest of "${this.#file.path}": it was changed while it was sent`);
  }
}

const DONE = { done: true, value: undefined } as const;
/** Of a file of 1 MiB, 64 KiB at a time cost half as much again in CPU time, and the whole of it at once cost no less. */
const READ_BYTES = 262_144;
