/** Figures as people read them, in few characters. */

export function size(bytes: number | undefined): string {
  if (bytes === undefined) return "-";
  let left = bytes;
  let at = 0;
  for (; left >= 1024 && at < UNITS.length - 1; at += 1) left /= 1024;
  return `${at === 0 || left >= 100 ? Math.round(left) : left.toFixed(1)}${UNITS[at]}`;
}

export function span(ms: number | undefined): string {
  if (ms === undefined) return "-";
  if (ms < 0) return `${span(-ms)} late`;
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, "0")}s`;
  if (seconds < 86_400)
    return `${Math.floor(seconds / 3_600)}h${String(Math.floor((seconds % 3_600) / 60)).padStart(2, "0")}m`;
  return `${Math.floor(seconds / 86_400)}d${String(Math.floor((seconds % 86_400) / 3_600)).padStart(2, "0")}h`;
}

export function percent(part: number): string {
  const hundredths = part * 100;
  return `${hundredths < 10 ? hundredths.toFixed(1) : Math.round(hundredths)}%`;
}

export function lag(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)}ms` : span(ms);
}

/** The last `width` values as blocks of eight heights; the highest stands for `least` at least. */
export function sparkline(values: readonly number[], width: number, least: number): string {
  const shown = values.slice(-width);
  const most = Math.max(least, ...shown);
  const blocks = shown.map((value) => BLOCKS[Math.min(7, Math.max(0, Math.round((value / most) * 7)))] as string);
  return blocks.join("").padStart(width);
}

/** A place in a program as its last two names, which is how people know it. */
export function shortPlace(place: string): string {
  const path = place.replace(/^file:\/\//, "").replace(/:\d+$/, "");
  return path.split("/").slice(-2).join("/");
}

const UNITS = ["B", "K", "M", "G", "T"] as const;
const BLOCKS = "▁▂▃▄▅▆▇█";
