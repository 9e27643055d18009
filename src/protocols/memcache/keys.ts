/** Keys, which stand between spaces on the wire: whatever could end one there is refused here. */
import { TEXT } from "../../wire/text.ts";
import { LocalMemcacheError } from "./errors.ts";
import { MAX_KEY_BYTES } from "./limits.ts";

/**
 * The key as it is sent: UTF-8, a character for each byte.
 *
 * @throws LocalMemcacheError if it is empty, longer than 250 bytes, or holds a space, a control character or half a surrogate
 *   pair.
 */
export function wireKey(key: string): string {
  if (typeof key !== "string" || key === "") throw new LocalMemcacheError("Cannot use an empty key");
  if (PLAIN_KEY.test(key) && key.length <= MAX_KEY_BYTES) return key;
  if (SEPARATORS.test(key)) {
    throw new LocalMemcacheError(`Cannot use the key ${shown(key)}: it holds a space or a control character`);
  }
  if (LONE_SURROGATE.test(key)) throw new LocalMemcacheError(`Cannot use the key ${shown(key)}: it is no Unicode text`);
  const bytes = TEXT.encodeUtf8(key);
  if (bytes.length > MAX_KEY_BYTES) {
    throw new LocalMemcacheError(
      `Cannot use the key ${shown(key)}: it has ${bytes.length} bytes, ${MAX_KEY_BYTES} are allowed`,
    );
  }
  return TEXT.decodeLatin1(bytes, 0, bytes.length);
}

/** Whether a received word can be a key. */
export function isWireKey(word: string | undefined): word is string {
  return word !== undefined && word.length <= MAX_KEY_BYTES && !SEPARATORS.test(word);
}

function shown(key: string): string {
  return JSON.stringify(key.length > SHOWN_LENGTH ? `${key.slice(0, SHOWN_LENGTH)}…` : key);
}

const PLAIN_KEY = /^[!-~]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const SEPARATORS = /[\u0000-\u0020\u007f]/;
const LONE_SURROGATE = /\p{Surrogate}/u;
const SHOWN_LENGTH = 60;
