/** One thing to send. Text is sent in its encoding, so that small text never becomes an array of bytes of its own. */
export interface Piece {
  readonly data: Uint8Array | string;
  readonly encoding: TextEncoding;
}

/** How a string becomes bytes; of no meaning for a Uint8Array. */
export type TextEncoding = "utf8" | "latin1";

/** Joins what is written in one turn, so that it leaves in one system call. */
export class WriteBuffer {
  /** Bytes, or at least code units of text, that wait. */
  size = 0;
  #earlier: Piece[] | undefined = undefined;
  #last: Uint8Array | string | undefined = undefined;
  #encoding: TextEncoding = "utf8";

  /** @throws TypeError if `data` is no array of bytes: later, nobody would know who wrote it. */
  addBytes(data: Uint8Array): void {
    if (data.BYTES_PER_ELEMENT !== 1)
      throw new TypeError(`Cannot write ${typeof data}: a string or a Uint8Array is needed`);
    if (data.length === 0) return;
    this.#setLastAside();
    this.#last = data;
    this.size += data.length;
  }

  addText(text: string, encoding: TextEncoding): void {
    if (text === "") return;
    if (typeof this.#last === "string" && this.#encoding === encoding) {
      this.#last += text;
    } else {
      this.#setLastAside();
      this.#last = text;
      this.#encoding = encoding;
    }
    this.size += text.length;
  }

  /** Hands everything over, in order, and is empty after it: to `sendOne` if it is one piece, else to `sendAll`. */
  drainTo(sink: PieceSink): void {
    const last = this.#last;
    if (last === undefined) return;
    const earlier = this.#earlier;
    const encoding = this.#encoding;
    this.clear();
    if (earlier === undefined) {
      sink.sendOne(last, encoding);
    } else {
      earlier.push({ data: last, encoding });
      sink.sendAll(earlier);
    }
  }

  clear(): void {
    this.#earlier = undefined;
    this.#last = undefined;
    this.size = 0;
  }

  #setLastAside(): void {
    if (this.#last === undefined) return;
    this.#earlier ??= [];
    this.#earlier.push({ data: this.#last, encoding: this.#encoding });
  }
}

/** Where joined pieces go: the engine under a transport. */
export interface PieceSink {
  sendOne(data: Uint8Array | string, encoding: TextEncoding): void;
  sendAll(pieces: readonly Piece[]): void;
}
