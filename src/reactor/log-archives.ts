/** Where a log file goes when a new one begins: `app.log.1` is the newest, or `app.log.2030-01-31` is that day's. */
import { readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Moves the file to `path.1`, what was there to `path.2`, and so on; `keep` of them stay. Nothing is ever overwritten. */
export function archiveByNumber(path: string, keep: number): void {
  // From the highest on: each finds its next number free, and a failure halfway has lost nothing.
  for (const number of numbersBeside(path)) {
    if (number >= keep) rmSync(`${path}.${number}`);
    else renameSync(`${path}.${number}`, `${path}.${number + 1}`);
  }
  if (keep === 0) rmSync(path);
  else renameSync(path, `${path}.1`);
}

/** Moves the file to `path.DAY`, or `path.DAY.2` and on if there was one of that day; the last `keep` stay. */
export function archiveByDay(path: string, day: string, keep: number): void {
  const before = datedBeside(path);
  const number = Math.max(0, ...before.filter((one) => one.day === day).map((one) => one.number)) + 1;
  const name = `${basename(path)}.${day}${number === 1 ? "" : `.${number}`}`;
  renameSync(path, join(dirname(path), name));
  const all = [...before, { name, day, number }].sort(byAge);
  for (const old of all.slice(0, Math.max(0, all.length - keep))) rmSync(join(dirname(path), old.name));
}

/** The calendar day in UTC, `2030-01-31`: the day that the lines' own stamps say. */
export function dayOf(wallTimeMs: number): string {
  return new Date(wallTimeMs).toISOString().slice(0, DAY_LENGTH);
}

/** Highest first. */
function numbersBeside(path: string): number[] {
  const start = `${basename(path)}.`;
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(start) && /^[1-9]\d{0,8}$/.test(name.slice(start.length)))
    .map((name) => Number(name.slice(start.length)))
    .sort((a, b) => b - a);
}

interface Dated {
  readonly name: string;
  readonly day: string;
  readonly number: number;
}

function datedBeside(path: string): Dated[] {
  const start = `${basename(path)}.`;
  return readdirSync(dirname(path)).flatMap((name) => {
    const [, day, number] = (name.startsWith(start) && DATED.exec(name.slice(start.length))) || [];
    return day === undefined ? [] : [{ name, day, number: Number(number ?? 1) }];
  });
}

/** Oldest first. */
function byAge(a: Dated, b: Dated): number {
  if (a.day === b.day) return a.number - b.number;
  return a.day < b.day ? -1 : 1;
}

const DAY_LENGTH = 10;
const DATED = /^(\d{4}-\d\d-\d\d)(?:\.([1-9]\d{0,8}))?$/;
