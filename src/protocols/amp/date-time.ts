/** Moments as AMP has them: a wall clock to the microsecond, and how far it is from UTC. No clock is read here. */

/** A moment: what the clock on some wall shows (Gregorian), and how many minutes that wall is ahead of UTC. */
export interface DateTimeValue {
  /** 1 to 9999. */
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** From 1. */
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** 0 to 999 999. */
  readonly microsecond: number;
  /** Positive east of Greenwich. */
  readonly offsetMinutes: number;
}

/**
 * The moment at `epochMs` milliseconds since 1970 (a `Date` converts to that), as a clock `offsetMinutes` ahead of UTC
 * shows it. Fractions of a millisecond become microseconds.
 *
 * @throws RangeError outside the years 1 to 9999.
 *
 * @example
 * ```ts
 * import { dateTimeFromMs } from "ropewalk/amp";
 *
 * console.log(dateTimeFromMs(86_400_000, 60).hour); // 1
 * ```
 */
export function dateTimeFromMs(epochMs: number, offsetMinutes: number = 0): DateTimeValue {
  const wallMs = epochMs + offsetMinutes * MINUTE_MS;
  const days = Math.floor(wallMs / DAY_MS);
  const ms = wallMs - days * DAY_MS;
  const moment = {
    ...dateOf(days),
    hour: Math.floor(ms / HOUR_MS),
    minute: Math.floor(ms / MINUTE_MS) % 60,
    second: Math.floor(ms / 1_000) % 60,
    microsecond: Math.floor((ms % 1_000) * 1_000),
    offsetMinutes,
  };
  const fault = faultOf(moment);
  if (fault !== undefined) throw new RangeError(`Cannot make a moment of ${epochMs} ms: ${fault}`);
  return moment;
}

/**
 * Milliseconds since 1970, microseconds as their fraction.
 *
 * @example
 * ```ts
 * import { dateTimeFromMs, dateTimeToMs } from "ropewalk/amp";
 *
 * console.log(dateTimeToMs(dateTimeFromMs(1_327_363_496_054, -83))); // 1327363496054
 * ```
 */
export function dateTimeToMs(moment: DateTimeValue): number {
  const minutes = moment.hour * 60 + moment.minute - moment.offsetMinutes;
  const wholeMs = daysOf(moment) * DAY_MS + minutes * MINUTE_MS + moment.second * 1_000;
  return wholeMs + moment.microsecond / 1_000;
}

/** The 32 characters of the wire. @throws TypeError */
export function formatDateTime(moment: DateTimeValue): string {
  const fault = faultOf(moment);
  if (fault !== undefined) throw new TypeError(fault);
  const { year, month, day, hour, minute, second, microsecond, offsetMinutes } = moment;
  const distance = Math.abs(offsetMinutes);
  // Twisted writes UTC as -00:00.
  const offset = `${offsetMinutes > 0 ? "+" : "-"}${padded(Math.floor(distance / 60), 2)}:${padded(distance % 60, 2)}`;
  const date = `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`;
  const time = `${padded(hour, 2)}:${padded(minute, 2)}:${padded(second, 2)}.${padded(microsecond, 6)}`;
  return `${date}T${time}${offset}`;
}

/** @throws TypeError */
export function parseDateTime(text: string): DateTimeValue {
  const match = WIRE.exec(text);
  if (match === null) throw new TypeError(`expected "YYYY-MM-DDTHH:MM:SS.mmmmmm+HH:MM", got "${text.slice(0, 40)}"`);
  const [year, month, day, hour, minute, second, microsecond] = match.slice(1, 8).map(Number) as SevenNumbers;
  const distance = Number(match[9]) * 60 + Number(match[10]);
  const offsetMinutes = match[8] === "-" ? 0 - distance : distance;
  const moment = { year, month, day, hour, minute, second, microsecond, offsetMinutes };
  const fault = faultOf(moment);
  if (fault !== undefined) throw new TypeError(fault);
  return moment;
}

function faultOf(moment: DateTimeValue): string | undefined {
  for (const [part, least, most] of RANGES) {
    const value = moment[part];
    if (!Number.isInteger(value) || value < least || value > most) {
      return `${part}: expected ${least} to ${most}, got ${value}`;
    }
  }
  const { year, month, day } = moment;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && isLeap ? 29 : (MONTH_DAYS[month - 1] as number);
  return day > days ? `day: expected 1 to ${days} in month ${month} of ${year}, got ${day}` : undefined;
}

/** Years are counted from March, so that the leap day comes last; 400 of them always have as many days. */
function daysOf({ year, month, day }: Pick<DateTimeValue, "year" | "month" | "day">): number {
  const years = month > 2 ? year : year - 1;
  const monthFromMarch = (month + 9) % 12;
  const leapDays = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  return years * 365 + leapDays + Math.floor((153 * monthFromMarch + 2) / 5) + day - 1 - DAYS_TO_1970;
}

function dateOf(days: number): { year: number; month: number; day: number } {
  // A first guess is off by a month at most; `daysOf` decides.
  let year = Math.floor((days + DAYS_TO_1970) / 365.2425) + 1;
  while (daysOf({ year, month: 1, day: 1 }) > days) year--;
  let month = 12;
  while (daysOf({ year, month, day: 1 }) > days) month--;
  return { year, month, day: days - daysOf({ year, month, day: 1 }) + 1 };
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

type SevenNumbers = [number, number, number, number, number, number, number];

const RANGES = [
  ["year", 1, 9_999],
  ["month", 1, 12],
  ["day", 1, 31],
  ["hour", 0, 23],
  ["minute", 0, 59],
  ["second", 0, 59],
  ["microsecond", 0, 999_999],
  ["offsetMinutes", -1_439, 1_439],
] as const;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const WIRE = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)\.(\d{6})([+-])(\d\d):(\d\d)$/;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** From 1 March of the year 0. */
const DAYS_TO_1970 = 719_468;
