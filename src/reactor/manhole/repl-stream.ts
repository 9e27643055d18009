import { Duplex } from "node:stream";
import type { Transport } from "../../core/transport.ts";
import type { WindowSize } from "./control-records.ts";

/**
 * A connection as Node's REPL wants one: what is typed comes out of it, and what is to be shown goes in. It looks like a
 * terminal's stream as far as readline asks.
 */
export class ReplStream extends Duplex {
  columns = 80;
  rows = 24;
  /** Drops what is shown. */
  isMuted = false;
  readonly #transport: Transport;
  readonly #onTooMuch: (bytes: number) => void;

  /** `onTooMuch` is told when a visitor who does not read has more waiting than anybody would. */
  constructor(transport: Transport, onTooMuch: (bytes: number) => void) {
    super({ decodeStrings: false, emitClose: false, autoDestroy: false });
    this.#transport = transport;
    this.#onTooMuch = onTooMuch;
  }

  feed(bytes: Uint8Array): void {
    this.push(bytes);
  }

  endInput(): void {
    this.push(null);
  }

  resize({ columns, rows }: WindowSize): void {
    this.columns = columns;
    this.rows = rows;
    this.emit("resize");
  }

  /** What comes is fed as it comes: readline takes everything. */
  override _read(): void {}

  /** Nor does it wait until what it shows has been taken: the limit is here. */
  override _write(shown: string | Uint8Array, _encoding: BufferEncoding, done: () => void): void {
    if (!this.isMuted) this.#transport.write(shown);
    done();
    const { bufferedBytes } = this.#transport;
    if (bufferedBytes > LARGEST_OUTPUT_BYTES) this.#onTooMuch(bufferedBytes);
  }
}

/** More than any screen shows; past it the window is closed, or its owner has gone home. */
const LARGEST_OUTPUT_BYTES = 64 << 20;
