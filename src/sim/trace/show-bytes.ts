/**
 * Bytes from the network as one line that no terminal and no page takes for anything else: text in which whatever cannot be
 * seen, or turns the direction of writing, is an escape (`\n`, `\u{202e}`); as hexadecimal digits if it is not text.
 */
export function showBytes(data: Uint8Array): string {
  const text = textIn(data);
  return text === undefined ? showHex(data) : showText(text);
}

/** `68 65 6c`. */
export function showHex(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** Text with all that cannot be seen as escapes. */
export function showText(text: string): string {
  return text.replace(UNSEEN, (character) => {
    const short = SHORT[character];
    if (short !== undefined) return short;
    const number = character.codePointAt(0) as number;
    return number < 256 ? `\\x${number.toString(16).padStart(2, "0")}` : `\\u{${number.toString(16)}}`;
  });
}

/** UTF-8 that hardly holds anything but what people write; its last character may be cut. */
function textIn(data: Uint8Array): string | undefined {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data, { stream: true });
  } catch {
    // Not UTF-8, so not text: the caller shows the bytes.
    return undefined;
  }
  const strange = text.match(STRANGE)?.length ?? 0;
  return strange * STRANGE_SHARE > text.length ? undefined : text;
}

/** Controls, format characters, lone surrogates, private ones, what is not assigned, and separators but the space. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;
const STRANGE = /(?![\r\n\t])\p{C}/gu;
/** One in eight: a protocol of lines has a NUL or an escape now and then. */
const STRANGE_SHARE = 8;
const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
