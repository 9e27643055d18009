/*
 * Masking (RFC 6455 §5.3) is XOR with four bytes over and over, so it is done in words of four where that pays. A key is one
 * number: its lowest byte is for the first byte of the payload, the next one for the second.
 */

/** Masks or unmasks `bytes[start…end)` in place. The key's lowest byte is for the byte at `start`. */
export function applyMask(bytes: Uint8Array, start: number, end: number, key: number): void {
  let at = start;
  let turned = key;
  if (end - start >= WORDWISE_BYTES) {
    for (; ((bytes.byteOffset + at) & 3) !== 0; at++) {
      bytes[at] = (bytes[at] as number) ^ turned;
      turned = turnKey(turned, 1);
    }
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, (end - at) >> 2);
    const word = IS_LITTLE_ENDIAN ? turned : swapped(turned);
    for (let index = 0; index < words.length; index++) words[index] = (words[index] as number) ^ word;
    at += 4 * words.length;
  }
  const second = turned >> 8;
  const third = turned >> 16;
  const fourth = turned >> 24;
  // A Uint8Array takes the lowest byte of what it is given.
  for (; at + 3 < end; at += 4) {
    bytes[at] = (bytes[at] as number) ^ turned;
    bytes[at + 1] = (bytes[at + 1] as number) ^ second;
    bytes[at + 2] = (bytes[at + 2] as number) ^ third;
    bytes[at + 3] = (bytes[at + 3] as number) ^ fourth;
  }
  if (at < end) bytes[at] = (bytes[at] as number) ^ turned;
  if (at + 1 < end) bytes[at + 1] = (bytes[at + 1] as number) ^ second;
  if (at + 2 < end) bytes[at + 2] = (bytes[at + 2] as number) ^ third;
}

/** The key for what follows `count` bytes of payload. */
export function turnKey(key: number, count: number): number {
  const bits = 8 * (count & 3);
  return bits === 0 ? key : (key >>> bits) | (key << (32 - bits));
}

/** The key in four bytes of a frame. */
export function readKey(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  return low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
}

function swapped(word: number): number {
  return ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

const IS_LITTLE_ENDIAN: boolean = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
/** Below this, making the view on the words costs more than it saves. */
const WORDWISE_BYTES = 128;
