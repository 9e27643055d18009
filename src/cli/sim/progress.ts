/** Shows how far an exploration is, on standard error: a bar on a terminal, a line now and then elsewhere. */
export class Progress {
  runs = 0;
  failures = 0;
  readonly #total: number;
  readonly #beganMs = performance.now();
  readonly #stream: NodeJS.WriteStream;
  #shownMs: number = this.#beganMs - LINE_MS + FIRST_LINE_MS;

  constructor(total: number, stream: NodeJS.WriteStream = process.stderr) {
    this.#total = total;
    this.#stream = stream;
  }

  get seedsPerSecond(): number {
    return this.runs / Math.max(0.001, (performance.now() - this.#beganMs) / 1_000);
  }

  ran(hasFailed: boolean): void {
    this.runs += 1;
    if (hasFailed) this.failures += 1;
    const now = performance.now();
    const pauseMs = this.#stream.isTTY ? BAR_MS : LINE_MS;
    if (now - this.#shownMs < pauseMs && this.runs < this.#total) return;
    this.#shownMs = now;
    const words = `${this.runs}/${this.#total} seeds, ${this.seedsPerSecond.toFixed(1)}/s, ${this.failures} failed`;
    this.#stream.write(this.#stream.isTTY ? `\r${this.#bar()} ${words}\u001b[K` : `${words}\n`);
  }

  /** Leaves the terminal to others. */
  end(): void {
    if (this.#stream.isTTY) this.#stream.write("\r\u001b[K");
  }

  #bar(): string {
    const full = Math.round((this.runs / this.#total) * BAR_WIDTH);
    return `[${"#".repeat(full)}${"-".repeat(BAR_WIDTH - full)}]`;
  }
}

const BAR_WIDTH = 24;
const BAR_MS = 100;
const LINE_MS = 5_000;
/** Soon enough to see that it works. */
const FIRST_LINE_MS = 1_000;
