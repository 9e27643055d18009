// @ts-check
/** Figures as people read them. */

/** @param {number | undefined} bytes */
export function size(bytes) {
  if (bytes === undefined) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  let left = bytes;
  while (left >= 1024 && at < units.length - 1) {
    left /= 1024;
    at += 1;
  }
  return `${at === 0 || left >= 100 ? Math.round(left) : left.toFixed(1)} ${units[at]}`;
}

/**
 * @param {number | undefined} ms
 * @returns {string}
 */
export function span(ms) {
  if (ms === undefined) return "–";
  if (ms < 0) return `${span(-ms)} late`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3_600)} h`;
}

/** @param {number} part of one */
export function percent(part) {
  const hundredths = part * 100;
  return `${hundredths < 10 ? hundredths.toFixed(1) : Math.round(hundredths)} %`;
}

/** @param {number} ms */
export function lag(ms) {
  return ms < 10 ? `${ms.toFixed(1)} ms` : span(ms);
}

/** @param {number} count */
export function amount(count) {
  return count.toLocaleString("en").replaceAll(",", "\u202f");
}

/** @param {number} atMs */
export function clock(atMs) {
  const at = new Date(atMs);
  return `${at.toLocaleTimeString("en-GB")}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

/**
 * A place in a program as its last two names, which is how people know it.
 *
 * @param {string} place
 */
export function shortPlace(place) {
  const path = decodeURI(place.replace(/^file:\/\//, "").replace(/:\d+$/, ""));
  return path.split("/").slice(-2).join("/");
}
