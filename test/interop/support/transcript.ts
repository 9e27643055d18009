/** What somebody said so far, and a way to wait for words instead of for time. */
export class Transcript {
  readonly #speaker: string;
  #text = "";
  #ended: string | undefined = undefined;
  readonly #checks: Set<() => void> = new Set();

  /** `speaker` is for errors. */
  constructor(speaker: string) {
    this.#speaker = speaker;
  }

  get text(): string {
    return this.#text;
  }

  add(text: string): void {
    this.#text += text;
    this.#wake();
  }

  /** Nothing more will come: `why` tells those who wait in vain. */
  end(why: string): void {
    this.#ended ??= why;
    this.#wake();
  }

  /** Settles as soon as all that was said matches; fails when nothing more will come, or after `LIMIT_MS`. */
  until(pattern: string | RegExp): Promise<RegExpMatchArray> {
    const looksFor = typeof pattern === "string" ? new RegExp(escaped(pattern)) : pattern;
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        this.#checks.delete(check);
        act();
      };
      const giveUp = (why: string): void =>
        settle(() =>
          reject(new Error(`${this.#speaker} never said ${looksFor}: ${why}; it said:\n${excerpt(this.#text)}`)),
        );
      const check = (): void => {
        const match = looksFor.exec(this.#text);
        if (match !== null) settle(() => resolve(match));
        else if (this.#ended !== undefined) giveUp(this.#ended);
      };
      const timer = setTimeout(() => giveUp(`${LIMIT_MS} ms went by`), LIMIT_MS);
      this.#checks.add(check);
      check();
    });
  }

  #wake(): void {
    for (const check of [...this.#checks]) check();
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** The end of what was said, fit for an error message. */
export function excerpt(text: string): string {
  const end = text.length > EXCERPT ? `… ${text.slice(-EXCERPT)}` : text;
  return end.replace(/[^\n\x20-\x7e…]/g, "?");
}

/** Characters. */
const EXCERPT = 2_000;

/** Against a peer that hangs, not against a slow one. */
export const LIMIT_MS = 30_000;
