/** What the services of RFC 862 to 868 say. */
import { DAY_MS, dateOf, MONTH_NAMES } from "../../wire/calendar.ts";
import { TEXT } from "../../wire/text.ts";
import { RemoteWireError } from "./errors.ts";

/**
 * Lines of the character generator (RFC 864): 72 of the 95 printable characters, each line one further on, and `\r\n`.
 *
 * @param from The number of the first line.
 * @example
 * ```ts
 * import { chargenLines } from "ropewalk/wire";
 *
 * console.log(new TextDecoder().decode(chargenLines(0, 2)).split("\r\n")[1]?.slice(0, 5)); // !"#$%
 * ```
 */
export function chargenLines(from: number, count: number): Uint8Array {
  const bytes = new Uint8Array(count * (LINE_CHARACTERS + 2));
  let at = 0;
  for (let line = from; line < from + count; line += 1) {
    for (let column = 0; column < LINE_CHARACTERS; column += 1) bytes[at++] = 0x20 + ((line + column) % 95);
    bytes[at++] = 0x0d;
    bytes[at++] = 0x0a;
  }
  return bytes;
}

/**
 * The answer of daytime (RFC 867), in the form that RFC 867 suggests first, in UTC.
 *
 * @example
 * ```ts
 * import { formatDaytime } from "ropewalk/wire";
 *
 * console.log(formatDaytime(0)); // Thursday, January 1, 1970 00:00:00-UTC
 * ```
 */
export function formatDaytime(timeMs: number): string {
  const days = Math.floor(timeMs / DAY_MS);
  const seconds = Math.floor(timeMs / 1_000) - days * 86_400;
  const { year, month, day } = dateOf(days);
  const clock = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const weekday = WEEKDAYS[(((days + 4) % 7) + 7) % 7];
  const name = `${MONTH_NAMES[month - 1]}${MONTH_ENDS[month - 1]}`;
  return `${weekday}, ${name} ${day}, ${year} ${clock.map((part) => String(part).padStart(2, "0")).join(":")}-UTC`;
}

/**
 * The answer of time (RFC 868): seconds since 1900 in 32 bits, which begin again in 2036.
 *
 * @example
 * ```ts
 * import { encodeTime, readTime } from "ropewalk/wire";
 *
 * console.log(readTime(encodeTime(1_700_000_000_999))); // 1700000000000
 * ```
 */
export function encodeTime(timeMs: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, (Math.floor(timeMs / 1_000) + SECONDS_TO_1970) % 2 ** 32);
  return bytes;
}

/**
 * Milliseconds since 1970; numbers from before 1970 are taken for ones from after 2036.
 *
 * @throws RemoteWireError unless it is four bytes.
 * @example
 * ```ts
 * import { readTime } from "ropewalk/wire";
 *
 * console.log(readTime(Uint8Array.of(0x83, 0xaa, 0x7e, 0x80))); // 0
 * ```
 */
export function readTime(bytes: Uint8Array): number {
  if (bytes.length !== 4) throw new RemoteWireError(`a time has 4 bytes, not ${bytes.length}`);
  const seconds = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) - SECONDS_TO_1970;
  return (seconds < 0 ? seconds + 2 ** 32 : seconds) * 1_000;
}

/** A quote as RFC 865 wants it: at most 512 bytes, with no half character at the end. */
export function quoteBytes(quote: string): Uint8Array {
  const bytes = TEXT.encodeUtf8(quote.replace(/\r?\n/g, "\r\n"));
  if (bytes.length <= QUOTE_BYTES) return bytes;
  let end = QUOTE_BYTES;
  while (((bytes[end] as number) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}

/** RFC 865: "should be limited to less than 512 characters"; RFC 864 has the same limit for datagrams. */
export const QUOTE_BYTES = 512;

const LINE_CHARACTERS = 72;
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
/** What follows the three letters of MONTH_NAMES. */
const MONTH_ENDS = ["uary", "ruary", "ch", "il", "", "e", "y", "ust", "tember", "ober", "ember", "ember"];
const SECONDS_TO_1970 = 2_208_988_800;
