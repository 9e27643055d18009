import { TOKEN } from "../../http1/codec/token.ts";

/** The fields of an answer as Node's `ServerResponse` keeps them: values as they were given, names in any case. */
export class NodeHeaders {
  readonly #fields = new Map<string, { readonly name: string; readonly value: HeaderValue }>();

  /** @throws TypeError, with Node's codes, for what is no field. */
  set(name: string, value: unknown): void {
    this.#fields.set(keyOf(name), { name, value: checked(name, value) });
  }

  append(name: string, value: unknown): void {
    const before = this.#fields.get(keyOf(name));
    const more = [checked(name, value)].flat() as string[];
    if (before === undefined) this.set(name, value);
    else
      this.#fields.set(keyOf(name), {
        name: before.name,
        value: [...([before.value].flat() as string[]).map(String), ...more],
      });
  }

  get(name: string): HeaderValue | undefined {
    return this.#fields.get(String(name).toLowerCase())?.value;
  }

  has(name: string): boolean {
    return this.#fields.has(String(name).toLowerCase());
  }

  delete(name: string): void {
    this.#fields.delete(String(name).toLowerCase());
  }

  keys(): string[] {
    return [...this.#fields.keys()];
  }

  all(): { [name: string]: HeaderValue } {
    const all: { [name: string]: HeaderValue } = Object.create(null);
    for (const [key, { value }] of this.#fields) all[key] = value;
    return all;
  }

  /** Without those that are the connection's and not the answer's. */
  *lines(): Generator<readonly [name: string, value: string]> {
    for (const [key, { name, value }] of this.#fields) {
      if (CONNECTION_FIELDS.has(key)) continue;
      for (const each of Array.isArray(value) ? value : [value]) yield [name, String(each)];
    }
  }
}

/** What a field can be set to. */
export type HeaderValue = string | number | readonly string[];

/** What `writeHead` takes: an object, names and values in turn, or pairs. */
export function* givenHeaders(headers: unknown): Generator<readonly [name: string, value: unknown]> {
  if (!Array.isArray(headers)) {
    yield* Object.entries((headers ?? {}) as object).filter(([, value]) => value !== undefined);
    return;
  }
  if (Array.isArray(headers[0])) yield* headers as [string, unknown][];
  else for (let at = 0; at < headers.length; at += 2) yield [headers[at] as string, headers[at + 1]];
}

/** An error that frameworks know by its code. */
export function nodeError<E extends Error>(error: E, code: string): E {
  return Object.assign(error, { code });
}

function keyOf(name: string): string {
  if (typeof name === "string" && TOKEN.test(name)) return name.toLowerCase();
  throw nodeError(new TypeError(`Cannot use ${JSON.stringify(name)} as a header's name`), "ERR_INVALID_HTTP_TOKEN");
}

function checked(name: string, value: unknown): HeaderValue {
  if (value === undefined || value === null) {
    throw nodeError(new TypeError(`Cannot set the header ${name} to ${value}`), "ERR_HTTP_INVALID_HEADER_VALUE");
  }
  const texts = Array.isArray(value) ? value.map(String) : [String(value)];
  if (texts.some((text) => UNSAFE.test(text))) {
    throw nodeError(
      new TypeError(`Cannot set the header ${name}: it has a character that is none of a header's`),
      "ERR_INVALID_CHAR",
    );
  }
  if (Array.isArray(value)) return texts;
  return typeof value === "number" ? value : (texts[0] as string);
}

const UNSAFE = /[^\t -~\x80-\xff]/;
const CONNECTION_FIELDS: ReadonlySet<string> = new Set(["connection", "keep-alive", "trailer", "transfer-encoding"]);
