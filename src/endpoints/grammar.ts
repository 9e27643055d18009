import { EndpointSyntaxError } from "./errors.ts";

/** A description taken apart: `type[:argument]*`, escapes resolved. */
export interface ParsedEndpoint {
  /** Lower case. */
  readonly type: string;
  readonly positional: readonly string[];
  readonly keywords: Readonly<Record<string, string>>;
}

/**
 * Takes an endpoint description apart. `:` separates, the first `=` of an argument makes it a keyword, `\` takes away
 * the meaning of the character after it, the type's letter case does not matter.
 *
 * @throws EndpointSyntaxError for a missing type, a keyword without a name or given twice, or a `\` at the very end.
 * @example
 * ```ts
 * import { parse } from "ropewalk/endpoints";
 * console.log(parse("tcp6:80:interface=\\:\\:1"));
 * // { type: 'tcp6', positional: [ '80' ], keywords: { interface: '::1' } }
 * ```
 */
export function parse(description: string): ParsedEndpoint {
  const [type, ...args] = splitArguments(description);
  if (type === undefined || type.key !== undefined || type.value === "") {
    throw new EndpointSyntaxError(description, "it does not begin with a type", { form: GENERAL_FORM });
  }
  const keywords = new Map<string, string>();
  for (const { key, value } of args) {
    if (key === undefined) continue;
    if (key === "") {
      throw new EndpointSyntaxError(description, `"=${value}" has no name before the =`, { form: GENERAL_FORM });
    }
    if (keywords.has(key)) {
      throw new EndpointSyntaxError(description, `argument "${key}" is given twice`, { argument: key });
    }
    keywords.set(key, value);
  }
  return {
    type: type.value.toLowerCase(),
    positional: args.filter(({ key }) => key === undefined).map(({ value }) => value),
    keywords: Object.fromEntries(keywords),
  };
}

/**
 * The description that `parse` reads back as `parsed`: its positional arguments first, then its keywords.
 *
 * @example
 * ```ts
 * import { format } from "ropewalk/endpoints";
 * console.log(format({ type: "unix", positional: ["/run/a:b.sock"], keywords: { mode: "660" } }));
 * // unix:/run/a\:b.sock:mode=660
 * ```
 */
export function format(parsed: ParsedEndpoint): string {
  const keywords = Object.entries(parsed.keywords).map(
    ([key, value]) => `${quoteArgument(key)}=${quoteArgument(value)}`,
  );
  return [quoteArgument(parsed.type), ...parsed.positional.map(quoteArgument), ...keywords].join(":");
}

/**
 * Makes any text fit to stand as one argument (or keyword name, or value) in a description: escapes `\`, `:` and `=`.
 *
 * @example
 * ```ts
 * import { quoteArgument } from "ropewalk/endpoints";
 * console.log(`tls:example.org:443:endpoint=${quoteArgument("tcp:10.0.0.1:8443")}`);
 * // tls:example.org:443:endpoint=tcp\:10.0.0.1\:8443
 * ```
 */
export function quoteArgument(text: string): string {
  return text.replace(/[\\:=]/g, "\\$&");
}

/**
 * What a wrapping type such as `haproxy:<server description>` has inside: the arguments, read as a description of their
 * own. Escapes are resolved already, so nothing has to be quoted twice; one that is quoted as a whole (`haproxy:tcp\:80`) is
 * read as well. Undefined if there is no inner type.
 *
 * @example
 * ```ts
 * import { format, innerEndpoint, parse } from "ropewalk/endpoints";
 * const inner = innerEndpoint(parse("haproxy:unix:/run/a\\:b.sock"));
 * console.log(inner && format(inner)); // unix:/run/a\:b.sock
 * ```
 */
export function innerEndpoint(parsed: ParsedEndpoint): ParsedEndpoint | undefined {
  const [type, ...positional] = parsed.positional;
  if (type === undefined || type === "") return undefined;
  if (!type.includes(":")) return { type: type.toLowerCase(), positional, keywords: parsed.keywords };
  const quoted = parse(type);
  const twice = Object.keys(quoted.keywords).find((name) => Object.hasOwn(parsed.keywords, name));
  if (twice !== undefined) {
    throw new EndpointSyntaxError(format(parsed), `argument "${twice}" is given twice`, { argument: twice });
  }
  return {
    type: quoted.type,
    positional: [...quoted.positional, ...positional],
    keywords: { ...quoted.keywords, ...parsed.keywords },
  };
}

interface Argument {
  key: string | undefined;
  value: string;
}

function splitArguments(description: string): Argument[] {
  let current: Argument = { key: undefined, value: "" };
  const args = [current];
  for (let i = 0; i < description.length; i++) {
    const character = description.charAt(i);
    if (character === ":") {
      current = { key: undefined, value: "" };
      args.push(current);
    } else if (character === "=" && current.key === undefined) {
      current.key = current.value;
      current.value = "";
    } else if (character === "\\") {
      i += 1;
      if (i === description.length) {
        throw new EndpointSyntaxError(description, "the \\ at its end escapes nothing", { form: "\\\\ for one \\" });
      }
      current.value += description.charAt(i);
    } else current.value += character;
  }
  return args;
}

const GENERAL_FORM = "type[:argument][:name=value]…";
