/** Turns the text of one argument into its value, or throws an Error that says what was expected. */
export type Coercion<T> = (text: string) => T;

/** The kinds of value that an argument can have. */
export interface Coercions {
  /** Any text but the empty one. */
  readonly text: Coercion<string>;
  /** Comma-separated texts. */
  readonly list: Coercion<readonly string[]>;
  /** 0 to 65535, where 0 takes a free port. */
  readonly port: Coercion<number>;
  /** 1 to 65535. */
  readonly remotePort: Coercion<number>;
  /** A whole number, at least `least`. */
  count(least: number): Coercion<number>;
  /** A duration in ms, at least 1. */
  readonly milliseconds: Coercion<number>;
  /** Permission bits in octal: `660`, `0o660` or `0660`. */
  readonly octalMode: Coercion<number>;
  /** `1`, `true`, `yes`, `on`, or `0`, `false`, `no`, `off`. */
  readonly boolean: Coercion<boolean>;
  /** One of a few words; letter case does not matter. */
  oneOf<const Word extends string>(...words: readonly Word[]): Coercion<Word>;
}

/**
 * The kinds of value that an argument can have, for the tables of `readArguments`.
 *
 * @example
 * ```ts
 * import { coerce } from "ropewalk/endpoints";
 * console.log(coerce.octalMode("660") === 0o660, coerce.list("h2,http/1.1")); // true [ 'h2', 'http/1.1' ]
 * ```
 */
export const coerce: Coercions = {
  text,
  list: (value) => value.split(",").map(text),
  port: (value) => decimal(value, 0, 65_535, "a port number (0 to 65535)"),
  remotePort: (value) => decimal(value, 1, 65_535, "a port number (1 to 65535)"),
  count: (least) => (value) => decimal(value, least, LARGEST, `a whole number of at least ${least}`),
  milliseconds: (value) => decimal(value, 1, LARGEST, "a number of milliseconds, at least 1"),
  octalMode(value) {
    const digits = /^(?:0o?)?([0-7]{1,4})$/i.exec(value)?.[1];
    if (digits === undefined) throw new Error(`"${value}" is not a file mode in octal (such as 660)`);
    return Number.parseInt(digits, 8);
  },
  boolean(value) {
    if (/^(?:1|true|yes|on)$/i.test(value)) return true;
    if (/^(?:0|false|no|off)$/i.test(value)) return false;
    throw new Error(`"${value}" is neither 1 nor 0`);
  },
  oneOf:
    (...words) =>
    (value) => {
      const found = words.find((word) => word.toLowerCase() === value.toLowerCase());
      if (found === undefined) throw new Error(`"${value}" is not one of ${words.join(", ")}`);
      return found;
    },
};

function text(value: string): string {
  if (value === "") throw new Error("it is empty");
  return value;
}

function decimal(value: string, least: number, most: number, expected: string): number {
  const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= least && number <= most)) throw new Error(`"${value}" is not ${expected}`);
  return number;
}

/** What fits a timer and a 32-bit integer of the system. */
const LARGEST = 2 ** 31 - 1;
