/** The meta commands (protocol.txt of memcached 1.6, "Meta Commands"), with the flags as they are on the wire. */
import { LocalMemcacheError } from "../errors.ts";
import type { Frame, MetaCode, MetaReply } from "../events.ts";
import { type Answer, UNEXPECTED } from "../machine.ts";
import { lineRequest, type Request, valueRequest } from "./request.ts";

export function metaGetRequest(key: string, flags: readonly string[]): Request<MetaReply> {
  return lineRequest(`mg ${key}${checkedFlags(flags)}`, GOT);
}

export function metaSetRequest(key: string, value: Uint8Array | string, flags: readonly string[]): Request<MetaReply> {
  return valueRequest(`ms ${key} `, checkedFlags(flags), value, SET);
}

export function metaDeleteRequest(key: string, flags: readonly string[]): Request<MetaReply> {
  return lineRequest(`md ${key}${checkedFlags(flags)}`, DELETED);
}

export function metaArithmeticRequest(key: string, flags: readonly string[]): Request<MetaReply> {
  return lineRequest(`ma ${key}${checkedFlags(flags)}`, COUNTED);
}

export function metaNoopRequest(): Request<undefined> {
  return lineRequest("mn", NOOP);
}

class Meta implements Answer<MetaReply> {
  readonly #codes: ReadonlySet<string>;

  constructor(...codes: readonly MetaCode[]) {
    this.#codes = new Set(codes);
  }

  take({ words, data }: Frame): MetaReply | typeof UNEXPECTED {
    const [code = ""] = words;
    if (!this.#codes.has(code)) return UNEXPECTED;
    const flags = new Map<string, string>();
    for (const word of words.slice(code === "VA" ? 2 : 1)) flags.set(word.slice(0, 1), word.slice(1));
    return { code: code as MetaCode, value: data, flags };
  }
}

/** @throws LocalMemcacheError */
function checkedFlags(flags: readonly string[]): string {
  for (const flag of flags) {
    if (!FLAG.test(flag)) {
      throw new LocalMemcacheError(
        `Cannot send the meta flag ${JSON.stringify(flag)}: it is a letter, with its token if any`,
      );
    }
    if (flag.startsWith("q")) {
      throw new LocalMemcacheError(
        'Cannot send the meta flag "q": a request without an answer would get that of the next one',
      );
    }
  }
  const text = flags.map((flag) => ` ${flag}`).join("");
  if (text.length <= MAX_FLAGS_BYTES) return text;
  throw new LocalMemcacheError(`Cannot send meta flags of ${text.length} bytes: ${MAX_FLAGS_BYTES} are allowed`);
}

const FLAG = /^[A-Za-z][!-~]*$/;
/** With a key, well below the 2 048 bytes at which memcached gives a line up. */
const MAX_FLAGS_BYTES = 1_000;

const GOT = new Meta("HD", "VA", "EN");
const SET = new Meta("HD", "NS", "EX", "NF");
const DELETED = new Meta("HD", "NF", "EX");
const COUNTED = new Meta("HD", "VA", "NF", "NS", "EX");
const NOOP: Answer<undefined> = {
  take({ words }) {
    return words[0] === "MN" && words.length === 1 ? undefined : UNEXPECTED;
  },
};
