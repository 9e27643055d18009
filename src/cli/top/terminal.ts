import type { ReadStream, WriteStream } from "node:tty";
import type { ScreenSize } from "./screen.ts";

/** What a terminal tells. */
export interface TerminalEvents {
  /** One key: a letter, or its name (`up`, `pagedown`, `tab`). */
  readonly key: (key: string) => void;
  readonly resized: () => void;
}

/** The whole terminal, until it is disposed: then it is as it was. */
export class Terminal implements Disposable {
  readonly #input: ReadStream;
  readonly #output: WriteStream;
  readonly #onData: (text: string) => void;
  readonly #onResize: () => void;

  constructor(input: ReadStream, output: WriteStream, events: TerminalEvents) {
    this.#input = input;
    this.#output = output;
    this.#onData = (text) => {
      for (const key of keysOf(text)) events.key(key);
    };
    this.#onResize = events.resized;
    output.write(ENTER);
    output.on("resize", this.#onResize);
    // Under a pipe (`yes | ropewalk top`) there are no keys, and the picture is there all the same.
    if (input.isTTY) input.setRawMode(true);
    input.setEncoding("utf8").on("data", this.#onData).resume();
  }

  get size(): ScreenSize {
    return { columns: this.#output.columns || 80, rows: this.#output.rows || 24 };
  }

  /** Each line replaces what stood there: nothing flickers. Erased first, since at the edge that would take the last letter. */
  draw(lines: readonly string[]): void {
    this.#output.write(`\x1b[H${lines.map((line) => `\x1b[2K${line}`).join("\r\n")}\x1b[J`);
  }

  [Symbol.dispose](): void {
    this.#output.off("resize", this.#onResize);
    this.#input.off("data", this.#onData).pause();
    if (this.#input.isTTY) this.#input.setRawMode(false);
    this.#output.write(LEAVE);
  }
}

/** What was typed, key by key. Escape sequences that nobody needs are dropped. */
export function keysOf(text: string): string[] {
  return [...text.matchAll(KEY)].flatMap(([key]) => {
    if (!key.startsWith("\x1b")) return [NAMES[key] ?? key];
    return NAMES[key] ?? [];
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what keys send
const KEY = /\x1b(?:\[[\d;]*[A-Za-z~]|O[A-Za-z])?|[^\x1b]/gu;
const NAMES: Readonly<Record<string, string>> = {
  "\x1b[A": "up",
  "\x1bOA": "up",
  "\x1b[B": "down",
  "\x1bOB": "down",
  "\x1b[5~": "pageup",
  "\x1b[6~": "pagedown",
  "\x1b[H": "home",
  "\x1b[F": "end",
  "\x1b[1~": "home",
  "\x1b[4~": "end",
  "\x1b[Z": "backtab",
  "\t": "tab",
  " ": "space",
  "\x03": "q",
  "\x04": "q",
};
/** The other screen, no cursor, no wrapping of long lines. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l";
