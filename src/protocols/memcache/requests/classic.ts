/** The text commands, and the replies to them (protocol.txt of memcached 1.6). */
import { LocalMemcacheError } from "../errors.ts";
import type { CasResult, Frame, Item } from "../events.ts";
import { type Answer, MORE, UNEXPECTED } from "../machine.ts";
import { lineRequest, type Request, valueRequest } from "./request.ts";

/** `get`, `gets`, or with an expiry `gat`, `gats`. */
export function getRequest(verb: string, key: string): Request<Item | undefined> {
  return lineRequest(`${verb} ${key}`, new OneItem(key, isWithCas(verb)));
}

/** `get` or `gets` of several keys; the map is from the key on the wire to the key of the result. */
export function getManyRequest(verb: string, keys: ReadonlyMap<string, string>): Request<Map<string, Item>> {
  return lineRequest(`${verb} ${[...keys.keys()].join(" ")}`, new ManyItems(keys, isWithCas(verb)));
}

/** `set`, `add`, `replace`, `append` or `prepend`: whether it was stored. */
export function storeRequest(
  verb: string,
  key: string,
  value: Uint8Array | string,
  flags: number,
  expiry: number,
): Request<boolean> {
  return valueRequest(`${verb} ${key} ${checkedFlags(flags)} ${expiry} `, "", value, STORED);
}

export function casRequest(
  key: string,
  value: Uint8Array | string,
  flags: number,
  expiry: number,
  cas: bigint,
): Request<CasResult> {
  const line = `cas ${key} ${checkedFlags(flags)} ${expiry} `;
  return valueRequest(line, ` ${checkedUint64(cas, "cas")}`, value, CAS_STORED);
}

/** `incr` or `decr`: the new number. */
export function countRequest(verb: string, key: string, delta: bigint | number): Request<bigint | undefined> {
  return lineRequest(`${verb} ${key} ${checkedUint64(delta, "delta")}`, COUNTED);
}

export function deleteRequest(key: string): Request<boolean> {
  return lineRequest(`delete ${key}`, DELETED);
}

export function touchRequest(key: string, expiry: number): Request<boolean> {
  return lineRequest(`touch ${key} ${expiry}`, TOUCHED);
}

export function flushRequest(delaySeconds: number): Request<undefined> {
  return lineRequest(delaySeconds === 0 ? "flush_all" : `flush_all ${delaySeconds}`, OK);
}

/** @throws LocalMemcacheError if the section is no word. */
export function statsRequest(section: string | undefined): Request<Map<string, string>> {
  if (section !== undefined && !/^[!-~]{1,100}$/.test(section)) {
    throw new LocalMemcacheError(`Cannot ask for the stats ${JSON.stringify(section)}: it is no single word`);
  }
  return lineRequest(section === undefined ? "stats" : `stats ${section}`, new Statistics());
}

export function versionRequest(): Request<string> {
  return lineRequest("version", VERSION);
}

class OneItem implements Answer<Item | undefined> {
  readonly #key: string;
  readonly #hasCas: boolean;
  #item: Item | undefined = undefined;

  constructor(key: string, hasCas: boolean) {
    this.#key = key;
    this.#hasCas = hasCas;
  }

  take(frame: Frame): Item | undefined | typeof MORE | typeof UNEXPECTED {
    const { words } = frame;
    if (words[0] === "END" && words.length === 1) return this.#item;
    if (words[0] !== "VALUE" || words[1] !== this.#key || this.#item !== undefined) return UNEXPECTED;
    this.#item = itemOf(frame, this.#hasCas);
    return this.#item === undefined ? UNEXPECTED : MORE;
  }
}

class ManyItems implements Answer<Map<string, Item>> {
  readonly #keys: ReadonlyMap<string, string>;
  readonly #hasCas: boolean;
  readonly #items: Map<string, Item> = new Map();

  constructor(keys: ReadonlyMap<string, string>, hasCas: boolean) {
    this.#keys = keys;
    this.#hasCas = hasCas;
  }

  take(frame: Frame): Map<string, Item> | typeof MORE | typeof UNEXPECTED {
    const [word, wire = ""] = frame.words;
    if (word === "END" && frame.words.length === 1) return this.#items;
    const key = this.#keys.get(wire);
    if (word !== "VALUE" || key === undefined || this.#items.has(key)) return UNEXPECTED;
    const item = itemOf(frame, this.#hasCas);
    if (item === undefined) return UNEXPECTED;
    this.#items.set(key, item);
    return MORE;
  }
}

class Statistics implements Answer<Map<string, string>> {
  readonly #values: Map<string, string> = new Map();

  take({ words }: Frame): Map<string, string> | typeof MORE | typeof UNEXPECTED {
    const [word, name] = words;
    if ((word === "END" || word === "RESET") && words.length === 1) return this.#values;
    if (word !== "STAT" || name === undefined || this.#values.size >= MAX_STATS) return UNEXPECTED;
    this.#values.set(name, words.slice(2).join(" "));
    return MORE;
  }
}

/** An answer of one line without an argument, each with its result. */
class OneWord<T> implements Answer<T> {
  readonly #results: ReadonlyMap<string | undefined, T>;

  constructor(results: readonly (readonly [string, T])[]) {
    this.#results = new Map(results);
  }

  take({ words }: Frame): T | typeof UNEXPECTED {
    const [word] = words;
    if (words.length !== 1 || !this.#results.has(word)) return UNEXPECTED;
    return this.#results.get(word) as T;
  }
}

function itemOf({ words, data }: Frame, hasCas: boolean): Item | undefined {
  const [, , flags = "", , cas] = words;
  if (data === undefined || !UINT32.test(flags) || words.length !== (hasCas ? 5 : 4)) return undefined;
  if (cas === undefined) return { value: data, flags: Number(flags), cas: undefined };
  return UINT64.test(cas) ? { value: data, flags: Number(flags), cas: BigInt(cas) } : undefined;
}

function isWithCas(verb: string): boolean {
  return verb.startsWith("gets") || verb.startsWith("gats");
}

function checkedFlags(flags: number): number {
  if (Number.isInteger(flags) && flags >= 0 && flags <= MAX_UINT32) return flags;
  throw new LocalMemcacheError(`Cannot store the flags ${flags}: they are a whole number below 2 ** 32`);
}

function checkedUint64(number: bigint | number, what: string): bigint | number {
  const isExact = typeof number === "bigint" || Number.isSafeInteger(number);
  if (isExact && number >= 0 && number <= MAX_UINT64) return number;
  throw new LocalMemcacheError(`Cannot send the ${what} ${number}: it is a whole number below 2 ** 64`);
}

const UINT32 = /^\d{1,10}$/;
const UINT64 = /^\d{1,20}$/;
const MAX_UINT32 = 2 ** 32 - 1;
const MAX_UINT64 = 2n ** 64n - 1n;
/** Some times what memcached has, slabs and all: a server that never ends its list is stopped. */
const MAX_STATS = 10_000;

const OK = new OneWord<undefined>([["OK", undefined]]);
const STORED = new OneWord([
  ["STORED", true],
  ["NOT_STORED", false],
]);
const CAS_STORED = new OneWord<CasResult>([
  ["STORED", "stored"],
  ["EXISTS", "exists"],
  ["NOT_FOUND", "not found"],
]);
const DELETED = new OneWord([
  ["DELETED", true],
  ["NOT_FOUND", false],
]);
const TOUCHED = new OneWord([
  ["TOUCHED", true],
  ["NOT_FOUND", false],
]);
const COUNTED: Answer<bigint | undefined> = {
  take({ words: [word = "", ...others] }) {
    if (others.length > 0) return UNEXPECTED;
    if (word === "NOT_FOUND") return undefined;
    return UINT64.test(word) ? BigInt(word) : UNEXPECTED;
  },
};
const VERSION: Answer<string> = {
  take({ words: [word, ...version] }) {
    return word === "VERSION" ? version.join(" ") : UNEXPECTED;
  },
};
