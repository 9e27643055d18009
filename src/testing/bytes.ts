import type { Piece, TextEncoding } from "../core/write-buffer.ts";

/** Data as a plain Uint8Array of its own: never a Buffer, so that code that leans on Buffer fails in tests. */
export function plainBytes(data: Uint8Array | string): Uint8Array {
  return typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data);
}

export function encode(data: Uint8Array | string, encoding: TextEncoding): Uint8Array {
  if (typeof data !== "string") return data;
  return encoding === "latin1" ? Uint8Array.from(data, (character) => character.charCodeAt(0)) : plainBytes(data);
}

export function encodeAll(pieces: readonly Piece[]): Uint8Array {
  return join(pieces.map(({ data, encoding }) => encode(data, encoding)));
}

export function join(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
