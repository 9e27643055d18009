/** What Node's test runner tells of a run. */
export interface RunEvent {
  readonly type: string;
  readonly data?: {
    readonly name?: string;
    readonly nesting?: number;
    readonly skip?: string | boolean;
    readonly todo?: string | boolean;
    readonly details?: { readonly type?: string };
  };
}

/**
 * Leaves out the tests whose names were not asked for: Node 20 tells of each that it was skipped, later versions are silent.
 * That a test starts is held back until it is known that it counts.
 */
export class LeftOut {
  readonly #held: RunEvent[] = [];
  #hasLeftOut = false;

  /** What is to be told now. */
  next(event: RunEvent): readonly RunEvent[] {
    const { type, data } = event;
    if (type === "test:start") {
      this.#held.push(event);
      return [];
    }
    if (data?.skip === "test name does not match pattern") {
      this.#hasLeftOut = true;
      if (this.#isStarting(event)) this.#held.pop();
      return [];
    }
    if (this.#hasLeftOut && type === "test:pass" && data?.details?.type === "suite" && this.#isStarting(event)) {
      // Of this suite nothing was asked for.
      this.#held.pop();
      return [];
    }
    return OUTCOMES.has(type) ? [...this.#held.splice(0), event] : [event];
  }

  /** Whether nothing was told since it started. */
  #isStarting({ data }: RunEvent): boolean {
    const last = this.#held.at(-1)?.data;
    return last !== undefined && last.name === data?.name && last.nesting === data?.nesting;
  }
}

const OUTCOMES: ReadonlySet<string> = new Set(["test:pass", "test:fail"]);
