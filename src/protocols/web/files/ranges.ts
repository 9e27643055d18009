/** Which bytes a client asks for (RFC 9110 §14.1.2, §14.2). */

/** Bytes from `start` on, up to and without `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The ranges of a `Range` field that a representation of `size` bytes has, as they are to be sent: those that overlap, or
 * nearly touch, are one. None if it has nothing of what was asked for (416). Undefined if the field counts as not sent: it is
 * malformed, in another unit, or asks for more ranges than anybody needs.
 */
export function readRanges(field: string, size: number): readonly ByteRange[] | undefined {
  const set = UNIT.exec(field)?.[1];
  if (set === undefined) return undefined;
  const ranges: ByteRange[] = [];
  let count = 0;
  let isEmptyAsked = false;
  for (const element of set.split(",")) {
    const spec = element.replace(OUTER_BLANKS, "");
    // A list may have empty elements (§5.6.1.2).
    if (spec === "") continue;
    count += 1;
    const match = SPEC.exec(spec);
    if (match === null || count > MAX_RANGES) return undefined;
    const [, first = "", last = ""] = match;
    if (first === "" && last === "") return undefined;
    if (first !== "" && last !== "" && isLess(last, first)) return undefined;
    const range = rangeOf(first, last, size);
    if (range === undefined) continue;
    // All of nothing is something that there is, but no Content-Range can say so.
    if (size === 0) isEmptyAsked = true;
    else join(ranges, range);
  }
  return count === 0 || isEmptyAsked ? undefined : ranges;
}

function rangeOf(first: string, last: string, size: number): ByteRange | undefined {
  if (first === "") {
    const suffix = Number(last);
    return suffix === 0 ? undefined : { start: Math.max(0, size - suffix), end: size };
  }
  const start = Number(first);
  if (start >= size) return undefined;
  return { start, end: last === "" ? size : Math.min(size, Number(last) + 1) };
}

/** Puts a range in its place, and what it touches into it: a client sees the order in which it asked. */
function join(ranges: ByteRange[], range: ByteRange): void {
  let { start, end } = range;
  let place = ranges.length;
  // What grew may touch another one now.
  for (let at = 0; at < ranges.length; at += 1) {
    const other = ranges[at] as ByteRange;
    if (start > other.end + PART_BYTES || other.start > end + PART_BYTES) continue;
    start = Math.min(start, other.start);
    end = Math.max(end, other.end);
    place = Math.min(place, at);
    ranges.splice(at, 1);
    at = -1;
  }
  ranges.splice(place, 0, { start, end });
}

/** Of digits, however many. */
function isLess(one: string, other: string): boolean {
  return BigInt(one) < BigInt(other);
}

const UNIT = /^bytes=(.*)$/i;
const SPEC = /^(\d*)-(\d*)$/;
const OUTER_BLANKS = /^[\t ]+|[\t ]+$/g;
/** Readers of large documents ask for dozens at once; hundreds are an attack on whoever answers (§17.15). */
const MAX_RANGES = 64;
/** What stands before a part of several costs about as much as this many bytes: a gap that is smaller is sent (§15.3.7.2). */
const PART_BYTES = 80;
