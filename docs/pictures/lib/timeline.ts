/** Draws what was recorded on an axis of time, left to right: panels of rows, rows of spans and instants. */
import { ACCENT, BAD, box, GOOD, INK, LINE, line, monoWidth, PANEL, picture, px, QUIET, text } from "./kit.ts";

/** What kind of time a span is. */
export type Kind = "work" | "blocking" | "waiting" | "outside" | "worker" | "failed";

/** Something that took time. */
export interface Span {
  readonly kind: Kind;
  readonly fromMs: number;
  readonly toMs: number;
  /** Written behind it. */
  readonly label?: string | undefined;
}

/** Something that took none. */
export interface Instant {
  readonly kind: "due" | "done" | "failed";
  readonly atMs: number;
  readonly label?: string | undefined;
}

/** One line of the picture. */
export interface Row {
  readonly label?: string | undefined;
  readonly spans?: readonly Span[] | undefined;
  readonly instants?: readonly Instant[] | undefined;
}

/** Rows that belong together. */
export interface Panel {
  readonly title?: string | undefined;
  /** At the right of the title. */
  readonly sum?: string | undefined;
  readonly rows: readonly Row[];
}

/** The whole picture. */
export interface Timeline {
  readonly title: string;
  readonly description: string;
  readonly panels: readonly Panel[];
  readonly endMs: number;
  readonly tickMs: number;
  /** What the colours stand for, in the picture's own words. */
  readonly key: readonly (readonly [Kind | Instant["kind"], string])[];
  /** How it was recorded. */
  readonly note?: string | undefined;
  readonly rowHeight?: number | undefined;
  readonly tick?: ((ms: number) => string) | undefined;
  /** Room for the labels behind the last spans. */
  readonly tail?: number | undefined;
  /** Makes a replay in real time: an id of its own, in letters alone: in `begin` a hyphen would be a minus. */
  readonly replay?: { readonly id: string; readonly words: string } | undefined;
  readonly width?: number | undefined;
}

/** The timeline as SVG. */
export function drawTimeline(timeline: Timeline): string {
  const { title, description, panels, endMs, tickMs, key, note, replay, rowHeight = 22, tail = 0 } = timeline;
  const width = timeline.width ?? 640;
  const labels = panels.flatMap(({ rows }) =>
    rows.map(({ label }) => (label === undefined ? 0 : monoWidth(label) + 16)),
  );
  const left = Math.ceil(EDGE + Math.max(0, ...labels));
  const plot: Plot = { left, right: width - EDGE - 14 - tail, endMs, width };
  const parts: string[] = [];
  let y = replay === undefined ? 4 : 40;
  const rows: string[] = [];
  const tops: (readonly [number, number])[] = [];
  for (const panel of panels) {
    if (panel.title !== undefined) {
      parts.push(text(EDGE, y + 16, panel.title, { isBold: true, size: 13 }));
      if (panel.sum !== undefined) rows.push(text(width - EDGE, y + 16, panel.sum, { anchor: "end", ink: QUIET }));
      y += 26;
    }
    const top = y;
    for (const row of panel.rows) {
      rows.push(drawRow(row, y, rowHeight, plot));
      y += rowHeight;
    }
    tops.push([top, y]);
    y += panel === panels.at(-1) ? 6 : 16;
  }
  for (let ms = 0; ms <= endMs + 0.001; ms += tickMs) {
    for (const [top, bottom] of tops)
      parts.push(line(`M${xOf(ms, plot)} ${top}V${bottom}`, { stroke: LINE, opacity: 0.35 }));
    const shown = timeline.tick?.(ms) ?? `${ms} ms`;
    parts.push(
      text(Number(xOf(ms, plot)), y + 12, shown, {
        ink: QUIET,
        anchor: ms === 0 && left === EDGE ? undefined : "middle",
      }),
    );
  }
  y += 36;
  const hasFailedSpans = panels.some(({ rows }) =>
    rows.some(({ spans }) => spans?.some(({ kind }) => kind === "failed")),
  );
  const keyed = drawKey(key, y, width, hasFailedSpans);
  parts.push(...keyed.parts);
  y = keyed.y;
  if (note !== undefined) {
    for (const words of wrapped(note, width - 2 * EDGE)) {
      parts.push(text(EDGE, y, words, { ink: QUIET }));
      y += 17;
    }
  }
  const height = y - 8;
  if (replay === undefined) return picture({ title, description, width, height }, [...parts, ...rows]);
  const replayed = [...parts, ...replayable(rows, replay, plot, tops)];
  // It holds something to press, so it cannot be one image.
  return picture({ title, description, width, height }, replayed).replace('role="img"', 'role="group"');
}

interface Plot {
  readonly left: number;
  readonly right: number;
  readonly endMs: number;
  readonly width: number;
}

function xOf(ms: number, { left, right, endMs }: Plot): string {
  return px(left + (ms / endMs) * (right - left));
}

function drawRow({ label, spans = [], instants = [] }: Row, y: number, height: number, plot: Plot): string {
  const bar = Math.min(14, height - 2);
  const top = y + (height - bar) / 2;
  const baseline = y + height / 2 + 4;
  const parts = [label === undefined ? "" : text(EDGE, baseline, label, { isMono: true })];
  for (const { kind, fromMs, toMs, label: words } of spans) {
    const [from, to] = [Number(xOf(fromMs, plot)), Number(xOf(Math.min(toMs, plot.endMs), plot))];
    if (kind === "waiting") parts.push(line(`M${px(from)} ${px(y + height / 2)}H${px(to)}`, WAITING));
    else parts.push(box(from, top, Math.max(1.5, to - from), bar, Math.min(3, (to - from) / 2), SHAPES[kind]));
    if (words !== undefined)
      parts.push(text(to + 7, baseline, words, { isOver: true, ink: kind === "failed" ? BAD : INK }));
  }
  for (const { kind, atMs, label: words } of instants) {
    const [x, middle] = [Number(xOf(atMs, plot)), y + height / 2];
    parts.push(mark(kind, x, middle));
    if (words !== undefined)
      parts.push(text(x + 9, baseline, words, { isOver: true, ink: kind === "failed" ? BAD : INK }));
  }
  return parts.join("");
}

function mark(kind: Instant["kind"], x: number, y: number): string {
  if (kind === "failed") return line(`M${px(x - 4)} ${px(y - 4)}l8 8m0 -8l-8 8`, { stroke: BAD, width: 2 });
  if (kind === "due") return `<circle cx="${px(x)}" cy="${px(y)}" r="4" stroke="${INK}" stroke-width="1.5"/>`;
  return `<circle cx="${px(x)}" cy="${px(y)}" r="4" fill="${INK}"/>`;
}

function drawKey(
  key: Timeline["key"],
  y: number,
  width: number,
  hasFailedSpans: boolean,
): { readonly parts: string[]; readonly y: number } {
  const parts: string[] = [];
  let [x, row] = [EDGE, y];
  for (const [kind, words] of key) {
    const wide = 30 + words.length * SANS_CELL + 18;
    if (x > EDGE && x + wide > width) [x, row] = [EDGE, row + 19];
    if (kind === "due" || kind === "done" || (kind === "failed" && !hasFailedSpans))
      parts.push(mark(kind, x + 9, row - 4));
    else if (kind === "waiting") parts.push(line(`M${px(x)} ${px(row - 4)}h20`, WAITING));
    else parts.push(box(x + 0.5, row - 10, 20, 11, 3, SHAPES[kind]));
    parts.push(text(x + 27, row, words, { ink: QUIET }));
    x += wide;
  }
  return { parts, y: row + 20 };
}

/** Each panel is uncovered from left to right at the speed of the clock; until it is pressed, all is seen. */
function replayable(
  rows: readonly string[],
  replay: { readonly id: string; readonly words: string },
  plot: Plot,
  tops: readonly (readonly [number, number])[],
): string[] {
  const { id, words } = replay;
  const seconds = `${plot.endMs / 1_000}s`;
  const [from, to] = [plot.left, plot.right];
  const begin = `begin="${id}.click" dur="${seconds}"`;
  const bottom = Math.max(...tops.map(([, end]) => end));
  const wide = words.length * SANS_CELL + 44;
  return [
    `<g class="picture-play"><a id="${id}" href="#${id}" aria-label="${words}">`,
    box(EDGE + 0.5, 3.5, wide, 27, 13.5, { fill: PANEL, stroke: ACCENT, width: 1.5 }),
    `<path d="M${EDGE + 16} 11v12l10 -6Z" fill="${ACCENT}"/>`,
    text(EDGE + 33, 21, words),
    "</a></g>",
    // What is left of the axis is always there; the rest is behind a curtain that moves.
    `<clipPath id="${id}-seen"><rect x="0" y="0" width="${plot.width}" height="${px(bottom + 8)}"><animate attributeName="width" from="${from}" to="${to}" ${begin}/></rect></clipPath>`,
    `<g clip-path="url(#${id}-seen)">`,
    ...rows,
    "</g>",
    `<path class="picture-motion" d="M${from} ${tops[0]?.[0] ?? 0}V${px(bottom)}" stroke="${INK}" opacity="0"><set attributeName="opacity" to="1" ${begin}/><animateTransform attributeName="transform" type="translate" from="0 0" to="${to - from} 0" ${begin}/></path>`,
  ];
}

function wrapped(words: string, width: number): string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of words.split(" ")) {
    if (current !== "" && (current.length + word.length + 1) * SANS_CELL > width) {
      lines.push(current);
      current = word;
    } else {
      current = current === "" ? word : `${current} ${word}`;
    }
  }
  return [...lines, current];
}

const WAITING: Parameters<typeof line>[1] = { stroke: QUIET, dash: "3 3", width: 1.5 };
const SHAPES: Readonly<Record<Exclude<Kind, "waiting"> | "due" | "done", Parameters<typeof box>[5]>> = {
  work: { fill: ACCENT },
  blocking: { fill: BAD },
  worker: { fill: GOOD },
  outside: { fill: PANEL, stroke: LINE },
  failed: { stroke: BAD, width: 1.5 },
  due: {},
  done: {},
};

const EDGE = 8;
/** Pixels that a letter takes in a typeface of changing width; this is wider than most. */
const SANS_CELL = 6.4;
