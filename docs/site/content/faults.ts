/** What is wrong with the pages, all of it: who mends one thing at a time builds too often. */
export class Faults {
  readonly #seen = new Set<string>();

  /** What the work gives; undefined where it throws, and then the message is kept. */
  attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.add((error as Error).message);
      return undefined;
    }
  }

  add(message: string): void {
    this.#seen.add(message);
  }

  /** Each message once, in the order in which they came up. */
  get messages(): string[] {
    return [...this.#seen];
  }
}
