/** Something that a test left behind. */
export interface Leftover {
  /** What it is: `delayed call, due in 60000 ms`. */
  readonly summary: string;
  /** `file:line:column` of who made it; undefined if that is not known. */
  readonly madeAt: string | undefined;
}

/** A test ended and left its reactor busy. What was left is ended before the next test begins. */
export class DirtyReactorError extends Error {
  override readonly name: string = "DirtyReactorError";
  readonly #leftovers: readonly Leftover[];

  constructor(leftovers: readonly Leftover[]) {
    const lines = leftovers.map(({ summary, madeAt }) => `\n  ${summary}\n    ${madeText(madeAt)}`);
    super(`Test left ${counted(leftovers.length, "thing")} behind in its reactor:${lines.join("")}`);
    this.#leftovers = leftovers;
    pointAt(
      this,
      leftovers.map(({ madeAt }) => madeAt),
    );
  }

  get leftovers(): readonly Leftover[] {
    return this.#leftovers;
  }
}

/** An error that was logged while a test ran. */
export interface LoggedFault {
  readonly namespace: string;
  /** The event's message, filled in. */
  readonly message: string;
  /** What was thrown, if the event has it. */
  readonly error: unknown;
  /** `file:line:column` of who logged it, of where the error was made, and of where the Deferred was made that ended in it. */
  readonly places: {
    readonly logged?: string | undefined;
    readonly thrown?: string | undefined;
    readonly deferred?: string | undefined;
  };
}

/** Errors were logged, or nobody took them from a Deferred, and the test did not flush them. The first is the cause. */
export class LoggedErrorsError extends Error {
  override readonly name: string = "LoggedErrorsError";
  readonly #faults: readonly LoggedFault[];

  constructor(faults: readonly LoggedFault[]) {
    const cause = faults.find(({ error }) => error !== undefined)?.error;
    super(
      `Test logged ${counted(faults.length, "error")} that it did not flush:${faults.map(textOf).join("")}`,
      cause === undefined ? {} : { cause },
    );
    this.#faults = faults;
    pointAt(
      this,
      faults.map(({ places }) => places.deferred ?? places.thrown ?? places.logged),
    );
  }

  get faults(): readonly LoggedFault[] {
    return this.#faults;
  }
}

/** A test was not done in time. */
export class TestTimeoutError extends Error {
  override readonly name: string = "TestTimeoutError";
  readonly timeoutMs: number;

  /** `waits`: what it waited for, as far as that is known, a line or two each. */
  constructor(timeoutMs: number, waits: readonly string[]) {
    const known = waits.length === 0 ? "; nothing is known that it waits for" : `; it waits for:`;
    super(`Test is not done within ${timeoutMs} ms${known}${waits.map((wait) => `\n  ${wait}`).join("")}`);
    this.timeoutMs = timeoutMs;
    pointAt(this, []);
  }
}

/** Several things are wrong with one test. */
export class TestFailures extends AggregateError {
  override readonly name: string = "TestFailures";

  constructor(errors: readonly unknown[]) {
    super(errors, errors.map(messageOf).join("\nand\n"));
    pointAt(this, []);
  }
}

/** The frames would show how a runner got here; what matters is where it came from. */
function pointAt(error: Error, places: readonly (string | undefined)[]): void {
  const known = places.filter((place) => place !== undefined);
  error.stack = [`${error.name}: ${error.message}`, ...known.map((place) => `    at ${place}`)].join("\n");
}

function madeText(madeAt: string | undefined): string {
  return madeAt === undefined ? "made by the reactor itself" : `made at ${madeAt}`;
}

function textOf({ namespace, message, error, places }: LoggedFault): string {
  const lines = [`\n  [${namespace}] ${message.split("\n").join("\n  ")}`];
  if (error !== undefined) lines.push(`\n    ${messageOf(error).split("\n").join("\n    ")}`);
  if (places.thrown !== undefined) lines.push(`\n      made at ${places.thrown}`);
  if (places.deferred !== undefined) lines.push(`\n      in a Deferred that was made at ${places.deferred}`);
  if (places.logged !== undefined && error === undefined) lines.push(`\n      logged at ${places.logged}`);
  return lines.join("");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
