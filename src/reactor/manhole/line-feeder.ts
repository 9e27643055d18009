/**
 * Gives a REPL its input line by line, each when the one before has been answered: Node's own would take the next line while
 * the one before still waits for what it awaits.
 */
export class LineFeeder {
  readonly #feed: (line: Uint8Array) => void;
  readonly #end: () => void;
  readonly #lines: Uint8Array[] = [];
  #begun: Uint8Array[] = [];
  #begunBytes = 0;
  #queuedBytes = 0;
  #isReady = false;
  #hasEnded = false;

  constructor(feed: (line: Uint8Array) => void, end: () => void) {
    this.#feed = feed;
    this.#end = end;
  }

  /** Bytes that wait, in whole lines. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Bytes of the line that has not come to its end. */
  get begunBytes(): number {
    return this.#begunBytes;
  }

  receive(data: Uint8Array): void {
    let from = 0;
    for (let end = data.indexOf(LINE_END); end >= 0; end = data.indexOf(LINE_END, from)) {
      this.#begun.push(data.subarray(from, end + 1));
      this.#queue(Buffer.concat(this.#begun));
      from = end + 1;
    }
    if (from < data.length) this.#begun.push(data.subarray(from));
    this.#begunBytes += data.length - from;
    this.#next();
  }

  /** No more will come: a last line without its end is one as well. */
  end(): void {
    this.#hasEnded = true;
    if (this.#begun.length > 0) this.#queue(Buffer.concat([...this.#begun, Uint8Array.of(LINE_END)]));
    this.#next();
  }

  /** The REPL waits for a line. */
  ready(): void {
    this.#isReady = true;
    this.#next();
  }

  #queue(line: Uint8Array): void {
    this.#lines.push(line);
    this.#queuedBytes += line.length;
    this.#begun = [];
    this.#begunBytes = 0;
  }

  #next(): void {
    if (!this.#isReady) return;
    const line = this.#lines.shift();
    if (line !== undefined) {
      this.#isReady = false;
      this.#queuedBytes -= line.length;
      this.#feed(line);
    } else if (this.#hasEnded) {
      this.#hasEnded = false;
      this.#end();
    }
  }
}

const LINE_END = 0x0a;
