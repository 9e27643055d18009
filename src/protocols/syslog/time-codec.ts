/** The two timestamps: RFC 5424 §6.2.3 (a profile of RFC 3339) and RFC 3164 §4.1.2. */
import { DAY_MS, dateOf, daysInMonth, daysOf, MONTH_NAMES } from "../../wire/calendar.ts";
import { LocalSyslogError } from "./errors.ts";
import type { SyslogFullTime, SyslogLocalTime, SyslogTime } from "./events.ts";

/**
 * Milliseconds since 1970. A local time has neither year nor zone: it is read as `offsetMinutes` east of UTC, in the year
 * that brings it nearest to `nearMs`, which is the time of receipt.
 *
 * @example
 * ```ts
 * import { syslogTimeMs } from "ropewalk/syslog";
 *
 * const time = { kind: "local", month: 12, day: 31, hour: 23, minute: 59, second: 59 } as const;
 * console.log(syslogTimeMs(time, 1_704_067_200_000)); // 1704067199000
 * ```
 */
export function syslogTimeMs(time: SyslogTime, nearMs: number, offsetMinutes: number = 0): number {
  if (time.kind === "full") return time.timeMs;
  const { month, day, hour, minute, second } = time;
  const { year } = dateOf(Math.floor(nearMs / DAY_MS));
  let nearest = Number.POSITIVE_INFINITY;
  for (const candidate of [year - 1, year, year + 1]) {
    // 29 February of a year without one is 1 March: still nearest to what was meant.
    const days = daysOf({ year: candidate, month, day });
    const timeMs = days * DAY_MS + ((hour * 60 + minute - offsetMinutes) * 60 + second) * 1_000;
    if (Math.abs(timeMs - nearMs) < Math.abs(nearest - nearMs)) nearest = timeMs;
  }
  return nearest;
}

/** Undefined if the text is no timestamp of RFC 5424. */
export function parseFullTime(text: string): SyslogFullTime | undefined {
  const match = FULL.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as Six;
  const offset = Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0);
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  const micros = Number((match[7] ?? "").padEnd(6, "0"));
  // "-00:00" is UTC as well, and 0 like the others.
  const offsetMinutes = match[8] === "-" ? 0 - offset : offset;
  const seconds = daysOf({ year, month, day }) * 86_400 + (hour * 60 + minute - offsetMinutes) * 60 + second;
  return { kind: "full", timeMs: seconds * 1_000 + micros / 1_000, offsetMinutes };
}

/** Undefined if the text does not begin with `Mmm dd hh:mm:ss`, 15 characters. */
export function parseLocalTime(text: string): SyslogLocalTime | undefined {
  const match = LOCAL.exec(text);
  if (match === null) return undefined;
  const month = MONTH_NAMES.indexOf(match[1] as string) + 1;
  const [day, hour, minute, second] = match.slice(2).map(Number) as Six;
  // 2000 was a leap year: 29 February may be right.
  if (month === 0 || day < 1 || day > daysInMonth(2000, month)) return undefined;
  return { kind: "local", month, day, hour, minute, second };
}

/** @throws LocalSyslogError for a time that cannot be written so. */
export function formatFullTime(time: SyslogTime): string {
  if (time.kind === "local") throw new LocalSyslogError("RFC 5424 wants a full time, and this one has no year");
  const { timeMs, offsetMinutes } = time;
  if (!Number.isInteger(offsetMinutes) || Math.abs(offsetMinutes) >= 1_440) {
    throw new LocalSyslogError(`the offset must be -1439 to 1439 whole minutes, was ${offsetMinutes}`);
  }
  const localMs = timeMs + offsetMinutes * 60_000;
  let seconds = Math.floor(localMs / 1_000);
  let micros = Math.round((localMs - seconds * 1_000) * 1_000);
  if (micros === 1_000_000) [seconds, micros] = [seconds + 1, 0];
  if (!(seconds >= YEAR_0_SECONDS && seconds < YEAR_10000_SECONDS)) {
    throw new LocalSyslogError(`the time ${timeMs} is not within the years 0 to 9999`);
  }
  const { year, month, day } = dateOf(Math.floor(seconds / 86_400));
  const date = `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`;
  return `${date}T${clock(seconds)}.${padded(micros, 6)}${zone(offsetMinutes)}`;
}

/** A full time as its own wall clock shows it. @throws LocalSyslogError for numbers that are no time. */
export function formatLocalTime(time: SyslogTime): string {
  if (time.kind === "full") {
    const seconds = Math.floor(time.timeMs / 1_000) + time.offsetMinutes * 60;
    if (!Number.isSafeInteger(seconds)) throw new LocalSyslogError(`the time ${time.timeMs} cannot be written`);
    const { month, day } = dateOf(Math.floor(seconds / 86_400));
    return `${MONTH_NAMES[month - 1]} ${String(day).padStart(2)} ${clock(seconds)}`;
  }
  const { month, day, hour, minute, second } = time;
  const parts = [hour, minute, second].map((part) => padded(part, 2)).join(":");
  const text = `${MONTH_NAMES[month - 1]} ${String(day).padStart(2)} ${parts}`;
  if (parseLocalTime(text) === undefined) throw new LocalSyslogError(`"${text}" is no time`);
  return text;
}

function clock(seconds: number): string {
  const ofDay = seconds - Math.floor(seconds / 86_400) * 86_400;
  const parts = [Math.floor(ofDay / 3_600), Math.floor(ofDay / 60) % 60, ofDay % 60];
  return parts.map((part) => padded(part, 2)).join(":");
}

function zone(offsetMinutes: number): string {
  if (offsetMinutes === 0) return "Z";
  const distance = Math.abs(offsetMinutes);
  return `${offsetMinutes > 0 ? "+" : "-"}${padded(Math.floor(distance / 60), 2)}:${padded(distance % 60, 2)}`;
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

type Six = [number, number, number, number, number, number];

/** Capitals only, no leap seconds, one to six digits of fraction: RFC 5424 §6.2.3. */
const FULL =
  /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,6}))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/;
/** The day may be padded with a zero, too: several senders do that. */
const LOCAL = /^([A-Z][a-z]{2}) ([ \d]\d) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d)/;
const YEAR_0_SECONDS = -62_167_219_200;
const YEAR_10000_SECONDS = 253_402_300_800;
