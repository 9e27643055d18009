/** Text that can stand anywhere in HTML: between tags and in an attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** How many cells of a typeface of one width the text takes: two for an ideogram or an emoji, none for a mark on top. */
export function cellsOf(text: string): number {
  let cells = 0;
  for (const character of text) cells += cellsOfOne(character);
  return cells;
}

/** The text, or as much of it as fits, with `…` at its end. Empty if there is room for less than three cells. */
export function shorten(text: string, cells: number): string {
  if (cellsOf(text) <= cells) return text;
  if (cells < 3) return "";
  let taken = 0;
  let kept = "";
  for (const character of text) {
    taken += cellsOfOne(character);
    if (taken > cells - 1) break;
    kept += character;
  }
  return `${kept.trimEnd()}…`;
}

/** `12.345 ms`, `12.345 s`, `1:02:03.456`: the digits that an axis has room for. */
export function timeText(ms: number): string {
  if (ms < 1_000) return `${ms.toFixed(3)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(3)} s`;
  const wholeMs = Math.round(ms);
  const pad = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(wholeMs / 3_600_000), Math.floor(wholeMs / 60_000) % 60];
  const seconds = `${pad(Math.floor(wholeMs / 1_000) % 60)}.${String(wholeMs % 1_000).padStart(3, "0")}`;
  return hours > 0 ? `${hours}:${pad(minutes)}:${seconds}` : `${minutes}:${seconds}`;
}

/** How long something took, in two or three digits: `1.25 ms`, `59.9 s`, `23 h 59 min`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Number(ms.toPrecision(3))} ms`;
  if (ms < 60_000) return `${Number((ms / 1_000).toPrecision(3))} s`;
  const minutes = Math.floor(ms / 60_000);
  const hours = Math.floor(minutes / 60);
  if (hours === 0) return twoParts(minutes, "min", Math.floor(ms / 1_000) % 60, "s");
  if (hours < 48) return twoParts(hours, "h", minutes % 60, "min");
  return twoParts(Math.floor(hours / 24), "d", hours % 24, "h");
}

function twoParts(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return `${large} ${largeUnit}${small === 0 ? "" : ` ${small} ${smallUnit}`}`;
}

/** To the microsecond, in milliseconds: `3\u2009603\u2009543.485 ms`. */
export function exactTime(ms: number): string {
  const [whole = "", rest = ""] = ms.toFixed(3).split(".");
  return `${inThousands(whole)}.${rest} ms`;
}

/** `1 packet`, `2 packets`, `12 000 packets`. */
export function countText(count: number, one: string, many: string = `${one}s`): string {
  return `${inThousands(String(count))}\u00a0${count === 1 ? one : many}`;
}

function inThousands(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, "\u2009");
}

function cellsOfOne(character: string): number {
  if (character < "\u0300") return 1;
  if (/\p{M}/u.test(character)) return 0;
  return (character.codePointAt(0) as number) < FIRST_WIDE ? 1 : 2;
}

/** Hangul; nearly all that is wide comes after it. What is narrow there is counted too wide, which does no harm. */
const FIRST_WIDE = 0x1100;
