/** Instants as HTTP writes them (RFC 9110 §5.6.7). */
import { DAY_MS, dateOf, daysInMonth, daysOf, MONTH_NAMES } from "../../../wire/calendar.ts";

/**
 * `Sun, 06 Nov 1994 08:49:37 GMT`, for milliseconds since 1970; what is less than a second is left out.
 *
 * @example
 * ```ts
 * import { formatHttpDate } from "ropewalk/web";
 *
 * console.log(formatHttpDate(784_111_777_000)); // Sun, 06 Nov 1994 08:49:37 GMT
 * ```
 */
export function formatHttpDate(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  const second = Math.floor((ms - days * DAY_MS) / 1_000);
  const { year, month, day } = dateOf(days);
  const weekday = DAY_NAMES[(((days + 4) % 7) + 7) % 7];
  const time = [Math.floor(second / 3_600), Math.floor(second / 60) % 60, second % 60].map(two).join(":");
  return `${weekday}, ${two(day)} ${MONTH_NAMES[month - 1]} ${String(year).padStart(4, "0")} ${time} GMT`;
}

/**
 * Milliseconds since 1970 of any of the three forms that RFC 9110 wants understood; undefined for what is none of them. A year
 * of two digits is the one that is no more than 50 years after `nowMs`.
 *
 * @example
 * ```ts
 * import { parseHttpDate } from "ropewalk/web";
 *
 * const nowMs = Date.UTC(2030, 0, 1);
 * console.log(parseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT", nowMs)); // 784111777000
 * console.log(parseHttpDate("Sunday, 06-Nov-94 08:49:37 GMT", nowMs), parseHttpDate("yesterday", nowMs)); // 784111777000 undefined
 * ```
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  const match = FIXDATE.exec(text) ?? RFC_850.exec(text) ?? ASCTIME.exec(text);
  if (match?.groups === undefined) return undefined;
  const { day, month, year, hour, minute, second } = match.groups as Record<string, string>;
  const date = { year: Number(year), month: MONTH_NAMES.indexOf(month as string) + 1, day: Number(day) };
  if (year?.length === 2) date.year = century(date.year, dateOf(Math.floor(nowMs / DAY_MS)).year);
  const [hours, minutes, seconds] = [Number(hour), Number(minute), Number(second)];
  if (date.month === 0 || date.day < 1 || date.day > daysInMonth(date.year, date.month)) return undefined;
  if (hours > 23 || minutes > 59 || seconds > 60) return undefined;
  return daysOf(date) * DAY_MS + ((hours * 60 + minutes) * 60 + seconds) * 1_000;
}

function century(year: number, now: number): number {
  const guess = now - (now % 100) + year;
  return guess > now + 50 ? guess - 100 : guess <= now - 50 ? guess + 100 : guess;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

const DAY_NAMES = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const TIME = "(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)";
const FIXDATE = new RegExp(`^[A-Z][a-z]{2}, (?<day>\\d\\d) (?<month>[A-Z][a-z]{2}) (?<year>\\d{4}) ${TIME} GMT$`);
const RFC_850 = new RegExp(`^[A-Z][a-z]{5,8}, (?<day>\\d\\d)-(?<month>[A-Z][a-z]{2})-(?<year>\\d\\d) ${TIME} GMT$`);
const ASCTIME = new RegExp(`^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[\\d ]\\d) ${TIME} (?<year>\\d{4})$`);
