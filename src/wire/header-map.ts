/** What header fields can be made of. A list as a value stands for a line each. */
export type HeaderInit =
  | HeaderMap
  | Iterable<readonly [name: string, value: string]>
  | { readonly [name: string]: string | readonly string[] };

/**
 * Header fields in their order: names are found without regard to case and keep their spelling, lines of one name stay
 * lines. Nothing is checked here; what puts them on a wire refuses what does not belong there.
 *
 * @example
 * ```ts
 * import { HeaderMap } from "ropewalk/http1";
 *
 * const headers = new HeaderMap({ "Content-Type": "text/plain", "Set-Cookie": ["a=1", "b=2"] });
 * headers.append("Vary", "Accept");
 * headers.append("Vary", "Cookie");
 * console.log(headers.get("content-type"), headers.get("vary")); // text/plain Accept, Cookie
 * console.log(headers.getAll("set-cookie")); // [ 'a=1', 'b=2' ]
 * ```
 */
export class HeaderMap implements Iterable<[name: string, value: string]> {
  /** A received head, whose fields are cut out when somebody asks for them. */
  #text: string;
  /** Of each field the start and the end of its name and of its value in `#text`. */
  #places: readonly number[];
  /** Name, value, name, value, …; undefined until something is changed. */
  #list: string[] | undefined;
  /** The lines as whoever sent them wrote them, so that what is sent again need not be checked again; gone with a change. */
  written: string | undefined;
  /** The beginning of a head that was sent with them, likewise, and what it was made of besides them. */
  begun: { readonly line: string; readonly announces: boolean; readonly text: string } | undefined;

  constructor(init: HeaderInit = NOTHING) {
    this.#text = "";
    this.#places = NO_PLACES;
    this.#list = undefined;
    this.written = undefined;
    this.begun = undefined;
    if (init !== NOTHING) this.#fill(init);
  }

  /** For parsers: a view on the text of a head, with four offsets for each field. Both are kept, and never changed. */
  static ofText(text: string, places: readonly number[]): HeaderMap {
    const map = new HeaderMap();
    map.#text = text;
    map.#places = places;
    return map;
  }

  /** How many lines there are. */
  get size(): number {
    return this.#list === undefined ? this.#places.length >> 2 : this.#list.length >> 1;
  }

  /**
   * The value; values of several lines joined by ", ", as RFC 9110 §5.3 allows for every field but Set-Cookie: of that,
   * the first line.
   */
  get(name: string): string | undefined {
    const first = this.#find(name, 0);
    if (first === -1) return undefined;
    let value = this.valueAt(first);
    if (isSame(name, 0, name.length, SET_COOKIE)) return value;
    for (let at = this.#find(name, first + 1); at !== -1; at = this.#find(name, at + 1)) {
      value += `, ${this.valueAt(at)}`;
    }
    return value;
  }

  /** The values of all lines of this name. */
  getAll(name: string): string[] {
    const values: string[] = [];
    for (let at = this.#find(name, 0); at !== -1; at = this.#find(name, at + 1)) values.push(this.valueAt(at));
    return values;
  }

  has(name: string): boolean {
    return this.#find(name, 0) !== -1;
  }

  /** One line more, at the end. */
  append(name: string, value: string): this {
    this.#listed().push(name, value);
    return this;
  }

  /** The only line of this name: in the place of the first one, or at the end. */
  set(name: string, value: string): this {
    const at = this.#find(name, 0);
    if (at === -1) return this.append(name, value);
    const list = this.#listed();
    list[2 * at] = name;
    list[2 * at + 1] = value;
    this.#removeFrom(name, at + 1);
    return this;
  }

  /** Removes all lines of this name; false if there was none. */
  delete(name: string): boolean {
    return this.#removeFrom(name, 0);
  }

  /** The name of a line, as it was spelled; lines count from 0. */
  nameAt(line: number): string {
    if (this.#list !== undefined) return this.#list[2 * line] as string;
    return this.#text.slice(this.#places[4 * line], this.#places[4 * line + 1]);
  }

  valueAt(line: number): string {
    if (this.#list !== undefined) return this.#list[2 * line + 1] as string;
    return this.#text.slice(this.#places[4 * line + 2], this.#places[4 * line + 3]);
  }

  *[Symbol.iterator](): Generator<[name: string, value: string]> {
    for (let line = 0; line < this.size; line++) yield [this.nameAt(line), this.valueAt(line)];
  }

  #fill(init: HeaderInit): void {
    if (init instanceof HeaderMap) {
      this.#text = init.#text;
      this.#places = init.#places;
      this.#list = init.#list?.slice();
      this.written = init.written;
      return;
    }
    const list: string[] = [];
    this.#list = list;
    if (Symbol.iterator in init) {
      for (const [name, value] of init) list.push(name, value);
      return;
    }
    for (const name of Object.keys(init)) {
      const value = init[name] as string | readonly string[];
      if (typeof value === "string") list.push(name, value);
      else for (const each of value) list.push(name, each);
    }
  }

  #find(name: string, from: number): number {
    const list = this.#list;
    if (list !== undefined) {
      for (let at = from; at < list.length >> 1; at++) {
        const seen = list[2 * at] as string;
        if (isSame(seen, 0, seen.length, name)) return at;
      }
      return -1;
    }
    const places = this.#places;
    for (let at = from; at < places.length >> 2; at++) {
      if (isSame(this.#text, places[4 * at] as number, places[4 * at + 1] as number, name)) return at;
    }
    return -1;
  }

  #removeFrom(name: string, from: number): boolean {
    const first = this.#find(name, from);
    if (first === -1) return false;
    const list = this.#listed();
    let kept = 2 * first;
    for (let at = kept; at < list.length; at += 2) {
      const seen = list[at] as string;
      if (isSame(seen, 0, seen.length, name)) continue;
      list[kept] = seen;
      list[kept + 1] = list[at + 1] as string;
      kept += 2;
    }
    list.length = kept;
    return true;
  }

  #listed(): string[] {
    this.written = undefined;
    this.begun = undefined;
    if (this.#list !== undefined) return this.#list;
    const list: string[] = [];
    for (let line = 0; line < this.size; line++) list.push(this.nameAt(line), this.valueAt(line));
    this.#text = "";
    this.#places = NO_PLACES;
    this.#list = list;
    return list;
  }
}

/** Whether `text[start…end)` is `name`, ASCII letters of either case being the same. */
function isSame(text: string, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let at = 0; at < name.length; at++) {
    const one = text.charCodeAt(start + at);
    const other = name.charCodeAt(at);
    if (one !== other && ((one ^ other) !== 0x20 || (one | 0x20) < 0x61 || (one | 0x20) > 0x7a)) return false;
  }
  return true;
}

const SET_COOKIE = "set-cookie";
const NOTHING: readonly (readonly [string, string])[] = [];
const NO_PLACES: readonly number[] = [];
