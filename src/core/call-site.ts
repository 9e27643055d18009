/** Where in a program something was done: a stack that is put into words only when somebody asks. */
export class CallSite {
  readonly #captured: { readonly stack?: string };
  #places: readonly string[] | undefined = undefined;

  private constructor(captured: { readonly stack?: string }) {
    this.#captured = captured;
  }

  /** The stack above the call of `below`. */
  static above(below: (...args: never[]) => unknown): CallSite {
    const captured: { readonly stack?: string } = {};
    const before = Error.stackTraceLimit;
    // Between a user's line and the reactor lie endpoints, policies and links: ten frames are soon used up.
    Error.stackTraceLimit = FRAMES;
    Error.captureStackTrace(captured, below);
    Error.stackTraceLimit = before;
    return new CallSite(captured);
  }

  /** Where an error was made. */
  static of(error: Error): CallSite {
    return new CallSite(error);
  }

  /** The lines of the stack, innermost first, without their indentation. */
  get stack(): readonly string[] {
    const lines = String(this.#captured.stack).split("\n").slice(1);
    const end = lines.findIndex((line) => line.includes("tracedDelayedCall"));
    return (end === -1 ? lines : lines.slice(0, end)).map((line) => line.trim());
  }

  /**
   * `file:line:column` of the innermost call by code that is neither Node's nor Ropewalk's; of the innermost at all that is
   * not Node's if there is none.
   */
  get place(): string | undefined {
    return this.userPlace ?? this.#all[0];
  }

  /** As `place`; undefined if there is no code of a user's. */
  get userPlace(): string | undefined {
    return this.#all.find((place) => !isRopewalk(place));
  }

  get #all(): readonly string[] {
    this.#places ??= this.stack.flatMap((line) => placeOf(line) ?? []);
    return this.#places;
  }
}

/** `file:line:column` of one line of a stack; undefined for Node's own and for what has no place. */
export function placeOf(line: string): string | undefined {
  const place = /^\s*at (?:.*\()?((?:file:\/\/|\/|[A-Za-z]:\\).*:\d+:\d+)\)?$/.exec(line)?.[1];
  return place?.includes("/node:internal/") ? undefined : place;
}

// The tests of Ropewalk itself lie beside what they test.
function isRopewalk(place: string): boolean {
  return (place.startsWith(HOME) || place.startsWith(HOME_PATH)) && !/\.(test|fixture)\.[cm]?[jt]s:/.test(place);
}

const FRAMES = 40;

/** The folder that all of Ropewalk is in, as a URL and as a path. */
const HOME: string = new URL("../", import.meta.url).href;
const HOME_PATH: string = decodeURIComponent(new URL(HOME).pathname);
