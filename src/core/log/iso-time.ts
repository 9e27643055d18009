/**
 * Milliseconds since 1970 as UTC in ISO 8601: `1970-01-01T00:00:00.000Z`. Fractions are cut. For times that nobody can
 * show (not finite, or beyond the years 0 to 9999) the number itself.
 */
export function formatIsoTime(timeMs: number): string {
  const whole = Math.floor(timeMs);
  if (!(whole >= YEAR_0_MS && whole < YEAR_10000_MS)) return String(timeMs);
  const days = Math.floor(whole / DAY_MS);
  const ms = whole - days * DAY_MS;
  const time = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1000) % 60];
  return `${dateOf(days)}T${time.map((part) => padded(part, 2)).join(":")}.${padded(ms % 1000, 3)}Z`;
}

/** The Gregorian date of a day since 1970. Years are counted from March, so that the leap day comes last. */
function dateOf(days: number): string {
  const sinceMarch0 = days + 719_468;
  const era = Math.floor(sinceMarch0 / 146_097);
  const dayOfEra = sinceMarch0 - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`;
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

const DAY_MS = 86_400_000;
const YEAR_0_MS = -62_167_219_200_000;
const YEAR_10000_MS = 253_402_300_800_000;
