/** Which bytes may stand where; a table of 256 is the cheapest question about a byte. */

/** RFC 9110 §5.6.2. */
export const TOKEN: Uint8Array = tableOf("!#$%&'*+-.^_`|~", "09", "AZ", "az");
/** RFC 9110 §5.5: visible, blank, tab, and the obsolete upper half, which is Latin-1 here. */
export const FIELD_VALUE: Uint8Array = tableOf("\t", " ~", "\x80\xff");
/**
 * RFC 9112 §3.2: visible ASCII. Wider than RFC 3986, since browsers send `|`, `{` and `"` in queries; but a fragment never
 * belongs to a request.
 */
export const TARGET: Uint8Array = tableOf("", '!"', "$~");
/** RFC 3986 §3.2.2, unreserved and sub-delims; without ",", by which some join two Host lines to one. */
export const HOST: Uint8Array = tableOf("-._~!$&'()*+;=", "09", "AZ", "az");
/** The value of a hexadecimal digit, or 16. */
export const HEX: Uint8Array = hexTable();

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const DEL = 0x7f;

/** Whether `bytes[start…end)` is this lower-case ASCII word, in letters of either case. */
export function isWord(bytes: Uint8Array, start: number, end: number, word: string): boolean {
  if (end - start !== word.length) return false;
  for (let at = 0; at < word.length; at++) {
    // Both ways, or a control would pass for a "-".
    const byte = bytes[start + at] as number;
    const due = word.charCodeAt(at);
    if (byte !== due && (byte | 0x20) !== due) return false;
    if (byte < SP) return false;
  }
  return true;
}

function tableOf(single: string, ...ranges: readonly string[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of single) table[character.charCodeAt(0)] = 1;
  for (const range of ranges) table.fill(1, range.charCodeAt(0), range.charCodeAt(1) + 1);
  return table;
}

function hexTable(): Uint8Array {
  const table = new Uint8Array(256).fill(16);
  for (const [value, digit] of [..."0123456789abcdef"].entries()) {
    table[digit.charCodeAt(0)] = value;
    table[digit.toUpperCase().charCodeAt(0)] = value;
  }
  return table;
}
