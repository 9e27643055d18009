/** The fields of HTTP authentication (RFC 9110 §11): challenges and credentials, from text and to text. */

/** One challenge of `WWW-Authenticate`, or the one content of `Authorization`; the same for their `Proxy-` twins. */
export interface AuthField {
  /** In lower case: "basic", "digest", "bearer". */
  readonly scheme: string;
  /** What stands there instead of parameters; undefined if there are some, or nothing. */
  readonly token68: string | undefined;
  /** By their names in lower case; values without quotes. */
  readonly params: ReadonlyMap<string, string>;
}

/**
 * The challenges in the value of a `WWW-Authenticate` field, of several lines joined by ", ". Undefined if it is malformed.
 *
 * @example
 * ```ts
 * import { parseChallenges } from "ropewalk/web";
 *
 * const challenges = parseChallenges('Basic realm="rope, and yarn", Negotiate, Bearer scope=read');
 * console.log(challenges?.map(({ scheme, params }) => [scheme, params.get("realm")]));
 * // [ [ 'basic', 'rope, and yarn' ], [ 'negotiate', undefined ], [ 'bearer', undefined ] ]
 * ```
 */
export function parseChallenges(value: string): AuthField[] | undefined {
  return new FieldParser(value).challenges();
}

/**
 * What an `Authorization` field says; undefined if it is malformed.
 *
 * @example
 * ```ts
 * import { parseAuthorization } from "ropewalk/web";
 *
 * console.log(parseAuthorization("Bearer mF_9.B5f-4.1JqM")?.token68); // mF_9.B5f-4.1JqM
 * ```
 */
export function parseAuthorization(value: string): AuthField | undefined {
  const fields = parseChallenges(value);
  return fields?.length === 1 ? fields[0] : undefined;
}

/**
 * A challenge or credentials as text. Values are put in quotes, but for those of the names in `bare`.
 *
 * @throws TypeError for a value that no quoted string can hold.
 *
 * @example
 * ```ts
 * import { formatAuth } from "ropewalk/web";
 *
 * console.log(formatAuth("Bearer", [["realm", "ropes"], ["scope", "read write"]])); // Bearer realm="ropes", scope="read write"
 * ```
 */
export function formatAuth(
  scheme: string,
  params: Iterable<readonly [string, string]>,
  bare: ReadonlySet<string> = NONE,
): string {
  const list = [...params].map(([name, value]) => `${name}=${bare.has(name) ? value : quoted(value)}`);
  return list.length === 0 ? scheme : `${scheme} ${list.join(", ")}`;
}

/** @throws TypeError for what no quoted string can hold. */
export function quoted(value: string): string {
  if (!QUOTABLE.test(value)) {
    throw new TypeError(
      `Cannot quote ${JSON.stringify(value)} in a header: controls and characters above U+00FF do not fit`,
    );
  }
  return `"${value.replaceAll(/["\\]/g, "\\$&")}"`;
}

/** Fields are bytes, a character each. Clients send names in UTF-8, as they are asked to, and some in Latin-1. */
export function fromWire(text: string): string {
  const bytes = Buffer.from(text, "latin1");
  const decoded = bytes.toString();
  return bytes.equals(Buffer.from(decoded)) ? decoded : text;
}

class FieldParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  challenges(): AuthField[] | undefined {
    const fields: AuthField[] = [];
    for (;;) {
      // Recipients take empty elements of a list (RFC 9110 §5.6.1).
      this.#match(COMMAS);
      if (this.#at === this.#text.length) return fields;
      const field = this.#field();
      if (field === undefined || fields.length === MAX_FIELDS) return undefined;
      fields.push(field);
    }
  }

  #field(): AuthField | undefined {
    const scheme = this.#match(TOKEN)?.toLowerCase();
    if (scheme === undefined) return undefined;
    const params = new Map<string, string>();
    const isAlone = this.#match(SPACES) === undefined;
    if (isAlone) return this.#isAtEnd() ? { scheme, token68: undefined, params } : undefined;
    const token68 = this.#match(TOKEN68);
    if (token68 !== undefined) return { scheme, token68, params };
    for (;;) {
      const before = this.#at;
      this.#match(COMMAS);
      const name = this.#match(PARAM_NAME);
      if (name === undefined) {
        // No more parameters: the next challenge begins here, or nothing does.
        this.#at = before;
        return this.#isAtEnd() ? { scheme, token68: undefined, params } : undefined;
      }
      const value = this.#match(TOKEN) ?? this.#quoted();
      const key = name.slice(0, name.search(/[\t =]/)).toLowerCase();
      if (value === undefined || params.has(key) || params.size === MAX_PARAMS || !this.#isAtEnd()) return undefined;
      params.set(key, value);
    }
  }

  /** After a value there is a comma, or the end. */
  #isAtEnd(): boolean {
    return this.#peek(/[\t ]*(?:,|$)/y);
  }

  #quoted(): string | undefined {
    return this.#match(QUOTED)?.slice(1, -1).replaceAll(/\\(.)/gs, "$1");
  }

  #peek(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    return pattern.test(this.#text);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text)?.[0];
    if (match !== undefined) this.#at += match.length;
    return match;
  }
}

const TOKEN = /[\w!#$%&'*+.^`|~-]+/y;
const SPACES = /[ \t]+/y;
const COMMAS = /[ \t,]*/y;
const PARAM_NAME = /[\w!#$%&'*+.^`|~-]+[ \t]*=[ \t]*/y;
const QUOTED = /"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"/y;
/** Only if nothing comes after it: `a=b` is a parameter. */
const TOKEN68 = /[\w.~+/-]+=*(?=[ \t]*(?:,|$))/y;
const QUOTABLE = /^[\t -~\x80-\xff]*$/;
/** Servers send up to four challenges, with up to ten parameters; whoever sends more wants to keep somebody busy. */
const MAX_FIELDS = 16;
const MAX_PARAMS = 32;
const NONE: ReadonlySet<string> = new Set();
