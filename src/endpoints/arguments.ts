import { messageOf } from "../core/log/value.ts";
import type { Coercion } from "./coerce.ts";
import { EndpointSyntaxError } from "./errors.ts";
import type { ParsedEndpoint } from "./grammar.ts";

/** What an endpoint type is made from: the description as written and taken apart, and the type's own form for errors. */
export interface EndpointSource {
  readonly description: string;
  readonly form: string;
  readonly parsed: ParsedEndpoint;
}

/** The arguments that a type takes. Those named in `positional` may be given by place or by name. */
export type ArgumentTable = Readonly<Record<string, ArgumentRule<unknown>>>;

/** What one argument is: `required` and `optional` make these. */
export interface ArgumentRule<T> {
  readonly coerce: Coercion<T>;
  readonly required: boolean;
}

/** The values that a table's arguments have. */
export type ArgumentValues<Table extends ArgumentTable> = {
  readonly [Name in keyof Table]: Table[Name] extends ArgumentRule<infer T> ? T : never;
};

/**
 * An argument that must be given, and not empty.
 *
 * @example
 * ```ts
 * import { coerce, required } from "ropewalk/endpoints";
 * console.log(required(coerce.port).coerce("80")); // 80
 * ```
 */
export function required<T>(coerce: Coercion<T>): { readonly coerce: Coercion<T>; readonly required: true } {
  return { coerce, required: true };
}

/**
 * An argument that is undefined when it is not given.
 *
 * @example
 * ```ts
 * import { coerce, optional } from "ropewalk/endpoints";
 * console.log(optional(coerce.boolean).coerce("yes")); // true
 * ```
 */
export function optional<T>(coerce: Coercion<T>): {
  readonly coerce: Coercion<T | undefined>;
  readonly required: false;
} {
  return { coerce, required: false };
}

/**
 * Reads all arguments of a description by a table.
 *
 * @throws EndpointSyntaxError that names the argument which is unknown, missing, given twice, or malformed.
 * @example
 * ```ts
 * import { coerce, optional, parse, readArguments, required } from "ropewalk/endpoints";
 * const description = "beacon:7000:colour=red";
 * const form = "beacon:PORT[:colour=red|green]";
 * const source = { description, form, parsed: parse(description) };
 * const { port, colour } = readArguments(source, ["port"], {
 *   port: required(coerce.port),
 *   colour: optional(coerce.oneOf("red", "green")),
 * });
 * console.log(port, colour); // 7000 red
 * ```
 */
export function readArguments<Table extends ArgumentTable>(
  source: EndpointSource,
  positional: readonly (keyof Table & string)[],
  table: Table,
): ArgumentValues<Table> {
  const given = nameArguments(source, positional, table);
  const values: Record<string, unknown> = {};
  for (const [name, rule] of Object.entries(table)) {
    const text = given.get(name);
    if (rule.required && (text === undefined || text === "")) {
      throw argumentError(source, name, `argument "${name}" is missing`);
    }
    values[name] = text === undefined ? undefined : coerceArgument(source, name, rule, text);
  }
  return values as ArgumentValues<Table>;
}

/**
 * An EndpointSyntaxError about one argument of `source`, with the accepted form: for what a table cannot say.
 *
 * @example
 * ```ts
 * import { argumentError, parse } from "ropewalk/endpoints";
 * const source = { description: "beacon:7", form: "beacon:PORT", parsed: parse("beacon:7") };
 * console.log(argumentError(source, "port", "port 7 is taken").message);
 * // Cannot parse endpoint "beacon:7": port 7 is taken; the form is beacon:PORT
 * ```
 */
export function argumentError(source: EndpointSource, argument: string, problem: string): EndpointSyntaxError {
  return new EndpointSyntaxError(source.description, problem, { argument, form: source.form });
}

function nameArguments(
  source: EndpointSource,
  positional: readonly string[],
  table: ArgumentTable,
): Map<string, string> {
  const given = new Map(Object.entries(source.parsed.keywords));
  for (const name of given.keys()) {
    if (!Object.hasOwn(table, name)) throw argumentError(source, name, `unknown argument "${name}"`);
  }
  const texts = source.parsed.positional;
  // `stdio:` is written with its colon, and means no argument at all.
  if (texts.length === 1 && texts[0] === "") return given;
  for (const [i, value] of texts.entries()) {
    const name = positional[i];
    if (name === undefined) {
      const hint = "a colon inside an argument is written \\:";
      throw argumentError(source, value, `there is no place for argument "${value}" (${hint})`);
    }
    if (given.has(name)) throw argumentError(source, name, `argument "${name}" is given twice`);
    given.set(name, value);
  }
  return given;
}

function coerceArgument(source: EndpointSource, name: string, rule: ArgumentRule<unknown>, value: string): unknown {
  try {
    return rule.coerce(value);
  } catch (error) {
    if (error instanceof EndpointSyntaxError) throw error;
    const problem = `argument "${name}": ${messageOf(error)}`;
    throw new EndpointSyntaxError(source.description, problem, { argument: name, form: source.form, cause: error });
  }
}
