/**
 * Cuts what a program says into lines, for a log: UTF-8, however it arrives in pieces. A line longer than 8 192 characters
 * comes in several.
 */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #rest = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(data: Uint8Array): void {
    this.#take(this.#decoder.decode(data, { stream: true }));
  }

  /** What is left without a line end is the last line. */
  end(): void {
    this.#take(this.#decoder.decode());
    if (this.#rest !== "") this.#onLine(this.#rest);
    this.#rest = "";
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    let rest = lines.pop() as string;
    for (const line of lines) this.#onLine(line.endsWith("\r") ? line.slice(0, -1) : line);
    for (; rest.length > LONGEST; rest = rest.slice(LONGEST)) this.#onLine(rest.slice(0, LONGEST));
    this.#rest = rest;
  }
}

/** Enough for a message, little for a program that never ends a line. */
const LONGEST = 8_192;
