import type { Piece, TextEncoding } from "../core/write-buffer.ts";
import { joinBytes } from "../wire/join-bytes.ts";
import { PORTABLE_TEXT } from "../wire/text-portable.ts";

/** Data as a plain Uint8Array of its own: never a Buffer, so that code that leans on Buffer fails in tests. */
export function plainBytes(data: Uint8Array | string): Uint8Array {
  return typeof data === "string" ? PORTABLE_TEXT.encodeUtf8(data) : new Uint8Array(data);
}

export function encode(data: Uint8Array | string, encoding: TextEncoding): Uint8Array {
  if (typeof data !== "string") return data;
  return encoding === "latin1" ? PORTABLE_TEXT.encodeLatin1(data) : PORTABLE_TEXT.encodeUtf8(data);
}

export function encodeAll(pieces: readonly Piece[]): Uint8Array {
  return joinBytes(pieces.map(({ data, encoding }) => encode(data, encoding)));
}
