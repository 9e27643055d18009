import type { TextCodec } from "./text.ts";

/** Text to bytes and back with nothing but what every JavaScript platform has. */
export const PORTABLE_TEXT: TextCodec = {
  decodeUtf8: (bytes, start, end) => DECODER.decode(bytes.subarray(start, end)),
  decodeLatin1,
  encodeUtf8: (text) => ENCODER.encode(text),
  encodeLatin1: (text) => Uint8Array.from(text, (character) => character.charCodeAt(0)),
  utf8Length: (text) => ENCODER.encode(text).length,
  indexOfByte: (bytes, byte, from) => bytes.indexOf(byte, from),
};

/** Not TextDecoder("latin1"): that one means windows-1252. */
function decodeLatin1(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at += APPLY_BYTES) {
    text += String.fromCharCode(...bytes.subarray(at, Math.min(end, at + APPLY_BYTES)));
  }
  return text;
}

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const ENCODER = new TextEncoder();
/** Arguments of one call; every engine takes many more, and the gain of a longer step is small. */
const APPLY_BYTES = 4_096;
