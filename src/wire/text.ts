/**
 * Text to bytes and back, for parsers. Node's Buffer does it several times faster than what the platform offers
 * elsewhere, and takes any Uint8Array; where there is no Buffer, the portable way stands in.
 */
import { PORTABLE_TEXT } from "./text-portable.ts";

export interface TextCodec {
  /** What is not UTF-8 becomes U+FFFD, as the WHATWG's decoder does it. A byte order mark is kept as text. */
  decodeUtf8(bytes: Uint8Array, start: number, end: number): string;
  decodeLatin1(bytes: Uint8Array, start: number, end: number): string;
  encodeUtf8(text: string): Uint8Array;
  /** Code points above 255 lose their upper bits: check before. */
  encodeLatin1(text: string): Uint8Array;
  /** How many bytes `encodeUtf8` makes. */
  utf8Length(text: string): number;
  indexOfByte(bytes: Uint8Array, byte: number, from: number): number;
}

function nodeText(): TextCodec | undefined {
  const NodeBuffer = (globalThis as { Buffer?: typeof Buffer }).Buffer;
  const prototype = NodeBuffer?.prototype as unknown as Partial<BufferSlices> | undefined;
  if (NodeBuffer === undefined || prototype?.utf8Slice === undefined || prototype.latin1Slice === undefined) {
    return undefined;
  }
  const { utf8Slice, latin1Slice, indexOf } = prototype as BufferSlices;
  return {
    decodeUtf8: (bytes, start, end) => utf8Slice.call(bytes, start, end),
    decodeLatin1: (bytes, start, end) => latin1Slice.call(bytes, start, end),
    encodeUtf8: (text) => NodeBuffer.from(text, "utf8"),
    encodeLatin1: (text) => NodeBuffer.from(text, "latin1"),
    // UTF-8 is what it counts in; to be told so costs it more than the counting.
    utf8Length: (text) => NodeBuffer.byteLength(text),
    indexOfByte: (bytes, byte, from) => indexOf.call(bytes, byte, from),
  };
}

/** Methods of Buffer that take any Uint8Array as `this`; the types do not know the first two. */
interface BufferSlices {
  utf8Slice(this: Uint8Array, start: number, end: number): string;
  latin1Slice(this: Uint8Array, start: number, end: number): string;
  indexOf(this: Uint8Array, byte: number, from: number): number;
}

export const TEXT: TextCodec = nodeText() ?? PORTABLE_TEXT;
