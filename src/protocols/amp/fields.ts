/** Declared fields to pairs of a box and back, with the types that follow from the declaration. */
import { encodeKey, joinPairs } from "./codec.ts";
import type { Box } from "./events.ts";
import type { Encoded } from "./short-text.ts";

/** How one kind of value stands in a box. Make your own: two functions are all it takes. */
export interface ArgumentType<T> {
  /**
   * At most 65 535 bytes, or as many characters below 256 in a string, which is faster.
   *
   * @throws TypeError with what is wrong, for a value that cannot be sent.
   */
  encode(value: T): Uint8Array | string;
  /** @throws TypeError with what is wrong. */
  decode(bytes: Uint8Array): T;
}

/** What may be left out of a box. */
export interface OptionalArgument<T> extends ArgumentType<T> {
  readonly isOptional: true;
}

/** What a command takes or gives: names, at most 255 characters of Latin-1, and their types. */
export type Fields = Readonly<Record<string, ArgumentType<unknown>>>;

/** The fields of a command that declares none. */
export type NoFields = Readonly<Record<never, never>>;

/** What `F` is in TypeScript: `{ a: Integer, b: optional(Unicode) }` is `{ a: number; b?: string | undefined }`. */
export type ValuesOf<F extends Fields> = {
  readonly [K in keyof F as F[K] extends OptionalArgument<unknown> ? never : K]: F[K] extends ArgumentType<infer T>
    ? T
    : never;
} & {
  readonly [K in keyof F as F[K] extends OptionalArgument<unknown> ? K : never]?:
    | (F[K] extends ArgumentType<infer T> ? T : never)
    | undefined;
};

/** Writes and reads the boxes of one declaration: its fields and the keys that AMP itself adds. */
export class BoxPlan {
  readonly #fields: readonly Step[];
  /** Fields and headers in the order in which they are sent: sorted, as Twisted does it. */
  readonly #steps: readonly Step[];
  readonly #keys: readonly string[];

  /** @throws LocalAmpError for a name that cannot be a key, TypeError for one that AMP itself uses. */
  constructor(fields: Fields, headers: readonly string[] = []) {
    this.#fields = Object.entries(fields).map(([name, type]) => ({ name, type, header: -1 }));
    for (const { name } of this.#fields) {
      if (RESERVED.has(name)) throw new TypeError(`Cannot declare the field "${name}": AMP itself uses the name`);
    }
    const added = headers.map((name, header) => ({ name, type: undefined, header }));
    this.#steps = [...this.#fields, ...added].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.#keys = this.#steps.map(({ name }) => encodeKey(name));
  }

  /** A box of these values, and of these for the headers. @throws Error with the name of the field. */
  encode(values: Readonly<Record<string, unknown>>, ...headers: readonly string[]): Encoded {
    const encoded: (Encoded | undefined)[] = [];
    for (const { name, type, header } of this.#steps) {
      encoded.push(type === undefined ? headers[header] : encodeField(name, type, values[name]));
    }
    return joinPairs(this.#keys, encoded);
  }

  /** The values of the declared fields; others are passed over. @throws Error with the name of the field. */
  decode(box: Box): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    for (const { name, type } of this.#fields) {
      const bytes = box.get(name);
      if (bytes !== undefined) values[name] = decodeField(name, type as ArgumentType<unknown>, bytes);
      else if (!isOptional(type)) throw new TypeError(`"${name}": missing`);
    }
    return values;
  }
}

/** `error` with the place where it came up. */
export function within(place: string, error: unknown): TypeError {
  return new TypeError(`${place}: ${(error as Error).message}`, { cause: error });
}

interface Step {
  readonly name: string;
  readonly type: ArgumentType<unknown> | undefined;
  readonly header: number;
}

function encodeField(name: string, type: ArgumentType<unknown>, value: unknown): Encoded | undefined {
  if (value === undefined && isOptional(type)) return undefined;
  try {
    return type.encode(value);
  } catch (error) {
    throw within(`"${name}"`, error);
  }
}

function decodeField(name: string, type: ArgumentType<unknown>, bytes: Uint8Array): unknown {
  try {
    return type.decode(bytes);
  } catch (error) {
    throw within(`"${name}"`, error);
  }
}

function isOptional(type: ArgumentType<unknown> | undefined): boolean {
  return (type as Partial<OptionalArgument<unknown>>).isOptional === true;
}

const RESERVED = new Set(["_ask", "_answer", "_command", "_error", "_error_code", "_error_description"]);
