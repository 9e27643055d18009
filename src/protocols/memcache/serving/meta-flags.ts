/** The flags of one meta request: what they ask for, and what is told in return. */
import type { StoredItem } from "../store/entry.ts";
import { uint64 } from "./service.ts";

export class MetaFlags {
  /** The key of the store: decoded, if it came in base64. */
  readonly key: string;
  /** The item must have this (`C`). */
  readonly wantedCas: bigint | undefined;
  /** The item gets this (`E`). */
  readonly newCas: bigint | undefined;
  /** `C` or `E` came without a number. */
  readonly isCasWrong: boolean;
  readonly #word: string;
  readonly #flags: readonly string[];

  private constructor(word: string, key: string, flags: readonly string[]) {
    this.#word = word;
    this.key = key;
    this.#flags = flags;
    this.wantedCas = uint64(this.token("C"));
    this.newCas = uint64(this.token("E"));
    this.isCasWrong = (this.has("C") && this.wantedCas === undefined) || (this.has("E") && this.newCas === undefined);
  }

  /** Undefined if a flag comes twice or is not among the known letters, or the key is no base64 where it should be. */
  static read(word: string, flags: readonly string[], known: string): MetaFlags | undefined {
    const letters = new Set(flags.map((flag) => flag[0]));
    if (letters.size !== flags.length || flags.some((flag) => !known.includes(flag.charAt(0)))) return undefined;
    const key = letters.has("b") ? fromBase64(word) : word;
    return key === undefined || key === "" ? undefined : new MetaFlags(word, key, flags);
  }

  has(letter: string): boolean {
    return this.#flags.some((flag) => flag.startsWith(letter));
  }

  /** What follows the letter; undefined without that flag. */
  token(letter: string): string | undefined {
    return this.#flags.find((flag) => flag.startsWith(letter))?.slice(1);
  }

  /** What a reply says in return, in the order of the flags. Without an item, only what repeats the request. */
  told(item: StoredItem | undefined, nowMs: number): string {
    let text = "";
    for (const flag of this.#flags) {
      const letter = flag.charAt(0);
      if (letter === "O") text += ` ${flag}`;
      else if (letter === "k") text += ` k${this.#word}`;
      else if (letter === "b" && this.has("k")) text += " b";
      else if (item !== undefined) text += itemFlag(letter, item, nowMs);
    }
    return text;
  }
}

function itemFlag(letter: string, item: StoredItem, nowMs: number): string {
  switch (letter) {
    case "c":
      return ` c${item.cas}`;
    case "f":
      return ` f${item.flags}`;
    case "h":
      return ` h${item.wasFetched ? 1 : 0}`;
    case "l":
      return ` l${Math.floor((nowMs - item.usedAtMs) / 1_000)}`;
    case "s":
      return ` s${item.value.length}`;
    case "t":
      return ` t${item.expiresAtMs === Number.POSITIVE_INFINITY ? -1 : Math.max(0, Math.ceil((item.expiresAtMs - nowMs) / 1_000))}`;
    default:
      return "";
  }
}

/** What the text stands for, a character for each byte; undefined if it is no base64. */
function fromBase64(text: string): string | undefined {
  return BASE64.test(text) && text.length % 4 === 0 ? atob(text) : undefined;
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
