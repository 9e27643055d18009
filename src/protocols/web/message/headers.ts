import { HeaderMap } from "../../../wire/header-map.ts";
import { TOKEN } from "../../http1/codec/token.ts";

/** What headers can be made of: any headers, pairs, or an object; a list as a value stands for a line each. */
export type HeadersInit =
  | Headers
  | Iterable<readonly [name: string, value: string]>
  | Iterable<readonly string[]>
  | { readonly [name: string]: string | readonly string[] };

/**
 * Header fields with the interface of the platform's `Headers`, on top of those that were received or will be sent. Names are
 * found without regard to case; iteration gives them in lower case, sorted, as the Fetch standard has it.
 *
 * @example
 * ```ts
 * import { Headers } from "ropewalk/web";
 *
 * const headers = new Headers({ "Content-Type": "text/plain" });
 * headers.append("Vary", "Accept");
 * console.log(headers.get("content-type"), [...headers.keys()]); // text/plain [ 'content-type', 'vary' ]
 * ```
 */
export class Headers implements globalThis.Headers {
  /** The fields as they are on the wire, in their order and spelling. */
  readonly map: HeaderMap;

  constructor(init?: HeadersInit | HeaderMap | globalThis.Headers) {
    if (init instanceof HeaderMap) {
      this.map = init;
      return;
    }
    this.map = init instanceof Headers ? new HeaderMap(init.map) : new HeaderMap();
    if (init === undefined || init instanceof Headers) return;
    if (Symbol.iterator in init) {
      for (const [name, value] of init as Iterable<readonly [string, string]>) this.append(name, value);
      return;
    }
    for (const [name, value] of Object.entries(init)) {
      if (Array.isArray(value)) for (const each of value) this.append(name, String(each));
      else this.append(name, String(value));
    }
  }

  /** @throws TypeError if it is no field of HTTP. */
  append(name: string, value: string): void {
    this.map.append(checkedName(name), checkedValue(name, value));
  }

  /** @throws TypeError if it is no field of HTTP. */
  set(name: string, value: string): void {
    this.map.set(checkedName(name), checkedValue(name, value));
  }

  delete(name: string): void {
    this.map.delete(name);
  }

  /** The value, those of several lines joined by ", ". */
  get(name: string): string | null {
    if (name.length === SET_COOKIE.length && name.toLowerCase() === SET_COOKIE) {
      const lines = this.map.getAll(name);
      return lines.length === 0 ? null : lines.join(", ");
    }
    return this.map.get(name) ?? null;
  }

  getSetCookie(): string[] {
    return this.map.getAll(SET_COOKIE);
  }

  has(name: string): boolean {
    return this.map.has(name);
  }

  forEach(f: (value: string, name: string, headers: Headers) => void, thisArgument?: unknown): void {
    for (const [name, value] of this) f.call(thisArgument, value, name, this);
  }

  *entries(): IterableIterator<[string, string]> {
    const names = new Set<string>();
    for (let line = 0; line < this.map.size; line++) names.add(this.map.nameAt(line).toLowerCase());
    for (const name of [...names].sort()) {
      if (name === SET_COOKIE) for (const value of this.map.getAll(name)) yield [name, value];
      else yield [name, this.map.get(name) as string];
    }
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  get [Symbol.toStringTag](): string {
    return "Headers";
  }
}

function checkedName(name: string): string {
  if (TOKEN.test(name)) return name;
  throw new TypeError(
    `Cannot use ${JSON.stringify(name)} as a header's name: it is letters, digits and some of !#$%&'*+-.^_\`|~`,
  );
}

/** Blanks around a value do not belong to it (Fetch §2.2, RFC 9110 §5.5). */
function checkedValue(name: string, value: string): string {
  const text = String(value);
  const trimmed = trim(text);
  if (!UNSAFE.test(trimmed)) return trimmed;
  throw new TypeError(
    `Cannot set header ${name} to ${JSON.stringify(value)}: it may have neither line ends nor other controls, and no characters above U+00FF`,
  );
}

/** Step by step: a pattern would look at long blanks inside again and again. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && BLANKS.includes(text.charAt(start))) start++;
  while (end > start && BLANKS.includes(text.charAt(end - 1))) end--;
  return end - start === text.length ? text : text.slice(start, end);
}

const BLANKS = "\t\n\r ";
const UNSAFE = /[^\t -~\x80-\xff]/;
const SET_COOKIE = "set-cookie";
