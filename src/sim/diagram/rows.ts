/*
 * Theory of operation. Time runs downward, but not evenly. What happens at one instant takes as much height as its labels
 * need; between two instants the height is the time between them, times a scale that makes a usual latency a visible slant,
 * but never nothing. Where it would be more than a hand's breadth, the axis breaks. So what is later always stands lower,
 * and an arrow never goes up.
 */

/** Something that has a place on a lifeline, or across all of them. */
export interface Point {
  readonly timeMs: number;
  /** Among those of one instant: what comes from elsewhere comes first, then in the order of the trace. */
  readonly rank: number;
  /** The place of its lifeline; undefined for what goes across all. */
  readonly lane: number | undefined;
  /** Room that its label takes, in pixels. */
  readonly above: number;
  readonly below: number;
  /** It stands below that one, though it may be of the same instant. */
  readonly after?: Point | undefined;
  y: number;
}

/** A place where time was left out. */
export interface Break {
  readonly y: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** From virtual time to height. */
export interface Axis {
  readonly ticks: readonly { readonly y: number; readonly timeMs: number }[];
  readonly breaks: readonly Break[];
  readonly bottom: number;
  /** Where something stands that took no part in making the rows. Never higher for what is later. */
  readonly yAt: (timeMs: number) => number;
}

/** Gives every point its `y`. `pixelsPerMs`: of time in which nothing happens, as long as there is not too much of it. */
export function layRows(points: readonly Point[], laneCount: number, pixelsPerMs: number, endMs: number): Axis {
  const sorted = points.toSorted((a, b) => a.timeMs - b.timeMs || a.rank - b.rank);
  const rows: Row[] = [];
  const breaks: Break[] = [];
  const floors = new Array<number>(laneCount).fill(0);
  for (let at = 0; at < sorted.length; ) {
    const { timeMs } = sorted[at] as Point;
    const last = rows.at(-1);
    let top = TOP;
    if (last !== undefined) {
      const idle = idleHeight((timeMs - last.timeMs) * pixelsPerMs);
      top = last.bottom + idle.height;
      if (idle.isBroken) breaks.push({ y: last.bottom + BREAK_AT, fromMs: last.timeMs, toMs: timeMs });
    }
    const row = { timeMs, top, bottom: top };
    for (; sorted[at]?.timeMs === timeMs; at += 1) place(sorted[at] as Point, row, floors);
    rows.push(row);
  }
  const bottom = closeAxis(rows, breaks, endMs, pixelsPerMs);
  return {
    ticks: rows.map(({ timeMs, top }) => ({ timeMs, y: top })),
    breaks,
    bottom: Math.max(bottom, ...floors.map((floor) => floor + BOTTOM)),
    yAt: (timeMs) => heightAt(rows, timeMs),
  };
}

function place(point: Point, row: Row, floors: number[]): void {
  const { lane, above, below, after } = point;
  const floor = lane === undefined ? Math.max(0, ...floors) : (floors[lane] as number);
  point.y = Math.max(row.top, floor + above, after === undefined ? 0 : after.y + LEAST_DROP);
  if (lane === undefined) floors.fill(point.y + below);
  else floors[lane] = point.y + below;
  row.bottom = Math.max(row.bottom, lane === undefined ? point.y + below : point.y);
}

function idleHeight(pixels: number): { readonly height: number; readonly isBroken: boolean } {
  if (pixels > LONGEST_IDLE) return { height: BREAK_HEIGHT, isBroken: true };
  return { height: Math.max(LEAST_IDLE, pixels), isBroken: false };
}

/** From the last event to the end of the run. */
function closeAxis(rows: Row[], breaks: Break[], endMs: number, pixelsPerMs: number): number {
  const last = rows.at(-1);
  if (last === undefined) return TOP + BREAK_HEIGHT;
  if (endMs <= last.timeMs) return last.bottom + BOTTOM;
  const idle = idleHeight((endMs - last.timeMs) * pixelsPerMs);
  const y = last.bottom + idle.height;
  if (idle.isBroken) breaks.push({ y: last.bottom + BREAK_AT, fromMs: last.timeMs, toMs: endMs });
  rows.push({ timeMs: endMs, top: y, bottom: y });
  return y + BOTTOM;
}

function heightAt(rows: readonly Row[], timeMs: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle] as Row).timeMs < timeMs) low = middle + 1;
    else high = middle;
  }
  const next = rows[low];
  const before = rows[low - 1];
  if (next?.timeMs === timeMs) return next.top;
  if (before === undefined) return next?.top ?? TOP;
  if (next === undefined) return before.bottom;
  const share = (timeMs - before.timeMs) / (next.timeMs - before.timeMs);
  return before.bottom + share * (next.top - before.bottom);
}

/** All that happens at one instant. */
interface Row {
  readonly timeMs: number;
  readonly top: number;
  bottom: number;
}

/** Below the names of the hosts. */
const TOP = 28;
const BOTTOM = 24;
/** What is later is lower, however little later it is. */
const LEAST_IDLE = 5;
/** Several times what a usual latency is drawn as. */
const LONGEST_IDLE = 112;
/** Room for the last labels before, the strip itself, and the first labels after it. */
const BREAK_HEIGHT = 66;
const BREAK_AT = 32;
/** From the sending of a packet to its arrival at the same instant. */
const LEAST_DROP = 4;
