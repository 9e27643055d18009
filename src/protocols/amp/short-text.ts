/**
 * Bytes to strings for the short texts of a box: keys, names, tags. A call into the engine for each of them costs more than
 * all else that is done to a box (bench "amp"), so that they are put together here, and those that come again are kept.
 */
import { TEXT } from "../../wire/text.ts";

/** What is encoded: bytes, or a text with one byte for each character, which costs less to send. */
export type Encoded = Uint8Array | string;

/** Latin-1. */
export function shortText(bytes: Uint8Array): string {
  const { length } = bytes;
  if (length > SHORT) return TEXT.decodeLatin1(bytes, 0, length);
  let text = "";
  for (let at = 0; at < length; at++) text += String.fromCharCode(bytes[at] as number);
  return text;
}

/** Latin-1, and the very same string for the same bytes if they came a short while ago. */
export function knownText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > SHORT) return TEXT.decodeLatin1(bytes, start, end);
  let hash = end - start;
  for (let at = start; at < end; at++) hash = (hash * 31 + (bytes[at] as number)) | 0;
  const slot = hash & (KNOWN - 1);
  const known = knownTexts[slot] as string;
  if (isText(bytes, start, end, known)) return known;
  const text = TEXT.decodeLatin1(bytes, start, end);
  knownTexts[slot] = text;
  return text;
}

/** Bytes of either form. */
export function toBytes(encoded: Encoded): Uint8Array {
  return typeof encoded === "string" ? TEXT.encodeLatin1(encoded) : encoded;
}

/** Two characters that say a length of up to 65 535. */
export function lengthText(length: number): string {
  return length < 256 ? (SHORT_LENGTHS[length] as string) : String.fromCharCode(length >> 8, length & 255);
}

function isText(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (text.length !== end - start) return false;
  for (let at = start; at < end; at++) if (text.charCodeAt(at - start) !== bytes[at]) return false;
  return true;
}

/** Longer ones are faster in one call. */
const SHORT = 24;
/** Each slot keeps the last text that fell into it: a stranger's keys cannot make this grow. */
const KNOWN = 256;
const knownTexts: string[] = Array.from({ length: KNOWN }, () => "");
const SHORT_LENGTHS: readonly string[] = Array.from({ length: 256 }, (_, length) => String.fromCharCode(0, length));
