/** Days since 1970 and dates of the Gregorian calendar, for text formats that write times out. */

/** A day of the Gregorian calendar; months and days count from 1. */
export interface CalendarDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Days from 1 January 1970 to this one; below 0 for earlier ones. The date must exist. */
export function daysOf({ year, month, day }: CalendarDate): number {
  // Years are counted from March, so that the leap day comes last.
  const years = month > 2 ? year : year - 1;
  const leapDays = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  return years * 365 + leapDays + Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1 - DAYS_TO_1970;
}

/** The date that is `days` after 1 January 1970. */
export function dateOf(days: number): CalendarDate {
  // A first guess is a year off at most; `daysOf` decides.
  let year = Math.floor((days + DAYS_TO_1970) / 365.2425) + 1;
  while (daysOf({ year, month: 1, day: 1 }) > days) year--;
  let month = 12;
  while (daysOf({ year, month, day: 1 }) > days) month--;
  return { year, month, day: days - daysOf({ year, month, day: 1 }) + 1 };
}

/** How many days the month has. */
export function daysInMonth(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : (MONTH_DAYS[month - 1] as number);
}

/** `Jan` to `Dec`, as most of the older formats write months. */
export const MONTH_NAMES: readonly string[] = [
  "Jan",
  "Feb",
  "Mar",
  "Apr",
  "May",
  "Jun",
  "Jul",
  "Aug",
  "Sep",
  "Oct",
  "Nov",
  "Dec",
];

export const DAY_MS = 86_400_000;

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** From 1 March of the year 0. */
const DAYS_TO_1970 = 719_468;
