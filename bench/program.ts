/** A child process that speaks in lines: it says one, waits for one, and ends when its stdin does. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

export class Program {
  readonly pid: number;
  readonly #name: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;

  /** What the program says on stderr goes to ours. Throws when it cannot be started. */
  constructor(command: readonly string[]) {
    const [file = "", ...words] = command;
    this.#name = command.join(" ");
    this.#child = spawn(file, words, { stdio: ["pipe", "pipe", "inherit"] });
    this.#ended = new Promise((resolve) => this.#child.once("exit", resolve).once("error", resolve));
    // A program that died is found out by the next line it fails to say.
    this.#child.stdin.on("error", () => {});
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    if (this.#child.pid === undefined) throw new Error(`Cannot start "${this.#name}": is "${file}" installed`);
    this.pid = this.#child.pid;
  }

  /** The next line of its stdout. Throws when it ends instead, or is silent for `timeoutMs`. */
  async nextLine(timeoutMs: number): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`"${this.#name}" said nothing for ${timeoutMs} ms`)), timeoutMs);
    });
    try {
      const next = await Promise.race([this.#lines.next(), silence]);
      if (next.done) throw new Error(`"${this.#name}" ended where a line was due`);
      return next.value;
    } finally {
      clearTimeout(timer);
    }
  }

  say(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Ends its stdin, which is its sign to go; kills it when it does not. Safe to call twice. */
  async end(): Promise<void> {
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), patienceMs);
    await this.#ended;
    clearTimeout(timer);
  }
}

const patienceMs = 2_000;
