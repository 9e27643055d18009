import { showText } from "../trace/show-bytes.ts";
import type { TracedNote, TracedPacket } from "../trace/trace.ts";
import { BAND_END_ROOM, BAND_ROOM, type Draft, type DraftNote, draftOf, type Send } from "./draft.ts";
import { CELL_WIDTH, fitLabels, type Label, widthOf } from "./labels.ts";
import { noteText } from "./phrases.ts";
import { type Axis, layRows } from "./rows.ts";
import { type DiagramOptions, type FaultSpan, isPureAck, type Scene } from "./scene.ts";
import { cellsOf, shorten, timeText } from "./text.ts";

/** Where everything stands, in pixels. */
export interface Plan {
  readonly width: number;
  readonly height: number;
  readonly lanes: readonly Lane[];
  readonly axis: Axis;
  readonly arrows: readonly Arrow[];
  readonly notes: readonly NoteMark[];
  readonly bands: readonly Band[];
}

/** A host's lifeline. */
export interface Lane {
  readonly host: string;
  /** As much of the name as there is room for. */
  readonly name: string;
  readonly x: number;
  readonly boxWidth: number;
  /** From top to bottom. */
  readonly states: readonly {
    readonly state: "up" | "down" | "paused";
    readonly fromY: number;
    readonly toY: number;
  }[];
}

/** A packet. Twice the same one if it arrived twice. */
export interface Arrow {
  /** The event's place in the scene. */
  readonly index: number;
  readonly packet: TracedPacket;
  readonly shape: "across" | "loop" | "stub";
  readonly isAck: boolean;
  readonly isFirst: boolean;
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  readonly label: Label | undefined;
  /** Why it ends in a cross. */
  readonly reason: Label | undefined;
}

export interface NoteMark {
  readonly index: number;
  readonly note: TracedNote;
  readonly x: number;
  readonly y: number;
  readonly label: Label;
}

export interface Band {
  /** Of the event that begins it, or ends it. */
  readonly index: number | undefined;
  readonly endIndex: number | undefined;
  readonly x: number;
  readonly width: number;
  readonly fromY: number;
  readonly toY: number;
  /** Of the lifelines that it touches; those between them it only crosses. */
  readonly touched: readonly number[];
  readonly label: string;
  readonly labelX: number;
  readonly labelY: number;
  readonly endLabel: string | undefined;
}

/** What depends on where it is to be seen, in pixels. */
export interface Sizes {
  /** Of one cell of the labels' typeface. */
  readonly cellWidth: number;
  /** Where the first lifeline is; the times stand left of it. */
  readonly firstLane: number;
  readonly narrowestGap: number;
  readonly narrowGap: number;
  readonly widestGap: number;
  /** Shared by the gaps. */
  readonly usualWidth: number;
  readonly leastMargin: number;
  readonly mostMargin: number;
}

/** Puts everything in its place. */
export function planOf(scene: Scene, options: DiagramOptions, sizes: Sizes = PAGE_SIZES): Plan {
  const draft = draftOf(scene, options);
  const points = [
    ...draft.sends.flatMap((send) => [send.point, ...send.ends]),
    ...draft.notes.map(({ point }) => point),
  ];
  for (const { begin, end } of draft.spans) points.push(begin, ...(end === undefined ? [] : [end]));
  const axis = layRows(points, scene.hosts.length, scaleOf(scene), scene.endMs);
  const labels = [...draft.sends.flatMap(labelsOf), ...draft.notes.map(labelOfNote)];
  const grid = gridOf(scene, labels, sizes);
  fitLabels(labels, (gap) => (gap === scene.hosts.length - 1 ? grid.margin : grid.gap), sizes.cellWidth);
  return {
    width: grid.width,
    height: Math.ceil(axis.bottom),
    lanes: scene.hosts.map((host, at) => laneOf(scene, host, at, grid, axis, draft)),
    axis,
    arrows: [...arrowsOf(draft, grid), ...acksOf(scene, grid, axis)],
    notes: draft.notes.map((draftNote) => noteMarkOf(draftNote, grid)),
    bands: bandsOf(draft, scene.hosts, grid, axis),
  };
}

/** So that a usual latency is a visible slant. */
function scaleOf(scene: Scene): number {
  const latencies: number[] = [];
  for (const event of scene.events) {
    if (event.type !== "packet" || event.from.host === event.to.host) continue;
    for (const timeMs of event.arrivals) if (timeMs > event.timeMs) latencies.push(timeMs - event.timeMs);
  }
  const usual = latencies.toSorted((a, b) => a - b)[latencies.length >> 1];
  return usual === undefined ? 1 : USUAL_DROP / usual;
}

// With their heights known, the labels.

function labelsOf(send: Send): Label[] {
  const { point, ends, packet, from, to, isRightward } = send;
  const [gap, side] = isRightward ? ([from, "left"] as const) : ([from - 1, "right"] as const);
  const isLoop = ends.length > 0 && to === from;
  send.label = { gap, side, indent: isLoop ? LOOP_WIDTH + 8 : 8, y: point.y - 4, full: send.text, text: "" };
  if (packet.fate === "arrived") return [send.label];
  const why = packet.fate === "lost" ? showText(packet.reason ?? "lost") : packet.fate;
  const [end] = ends;
  if (end === undefined || isLoop) {
    // A stub ends in the first space, wherever it was to go.
    const whither = to === undefined || Math.abs(to - from) <= 1 ? "" : ` → ${showText(packet.to.host ?? "")}`;
    const y = end === undefined ? point.y + 14 : end.y + 13;
    send.reason = { gap, side, indent: STUB_WIDTH + 10, y, full: `${why}${whither}`, text: "" };
  } else {
    const there = isRightward
      ? ({ gap: (to ?? 0) - 1, side: "right" } as const)
      : ({ gap: to ?? 0, side: "left" } as const);
    send.reason = { ...there, indent: CROSS_INDENT + 8, y: end.y + 13, full: why, text: "" };
  }
  return [send.label, send.reason];
}

function labelOfNote(draft: DraftNote): Label {
  const { point, note } = draft;
  draft.label = { gap: point.lane ?? 0, side: "left", indent: 11, y: point.y + 4, full: noteText(note), text: "" };
  return draft.label;
}

interface Grid {
  /** From lifeline to lifeline. */
  readonly gap: number;
  /** Right of the last one. */
  readonly margin: number;
  readonly width: number;
  readonly cellWidth: number;
  readonly xOf: (lane: number) => number;
}

function gridOf({ hosts }: Scene, labels: readonly Label[], sizes: Sizes): Grid {
  const { cellWidth, firstLane, narrowestGap, narrowGap, widestGap, usualWidth, leastMargin, mostMargin } = sizes;
  const spaces = Math.max(1, hosts.length - 1);
  const needed = (label: Label): number => label.indent + widthOf(label.full, cellWidth) + 16;
  const inner = labels.filter((label) => label.gap < hosts.length - 1).map(needed);
  const outer = labels.filter((label) => label.gap >= hosts.length - 1).map(needed);
  const most = Math.min(widestGap, Math.max(narrowestGap, usualWidth / spaces));
  const gap = Math.round(clamp(largest(inner), Math.min(most, narrowGap), most));
  const margin = Math.round(clamp(largest(outer), leastMargin, mostMargin));
  const width = firstLane + gap * Math.max(0, hosts.length - 1) + margin;
  return { gap, margin, width, cellWidth, xOf: (lane) => firstLane + gap * lane };
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

// Last the marks.

function laneOf({ before, endMs }: Scene, host: string, at: number, grid: Grid, axis: Axis, draft: Draft): Lane {
  const room = grid.gap - 12;
  const name = shorten(showText(host), Math.floor((room - BOX_PADDING) / NAME_CELL_WIDTH));
  const states: Lane["states"][number][] = [];
  let state: Lane["states"][number]["state"] = "up";
  let fromY = 0;
  const turn = (next: typeof state, y: number) => {
    if (y > fromY) states.push({ state, fromY, toY: y });
    [state, fromY] = [next, Math.max(y, fromY)];
  };
  let goesOnAtMs = Number.POSITIVE_INFINITY;
  const apply = ({ state: next, untilMs }: TracedNote, timeMs: number, y: number) => {
    if (goesOnAtMs < timeMs) turn("up", axis.yAt(goesOnAtMs));
    if (next === undefined) return;
    goesOnAtMs = next === "paused" ? (untilMs ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
    turn(next, y);
  };
  const earlier = before.get(host);
  if (earlier !== undefined) apply(earlier, earlier.timeMs, 0);
  for (const { note, point } of draft.notes) if (note.host === host) apply(note, note.timeMs, point.y);
  if (goesOnAtMs <= endMs) turn("up", axis.yAt(goesOnAtMs));
  turn("up", Math.ceil(axis.bottom));
  return { host, name, x: grid.xOf(at), boxWidth: Math.max(56, cellsOf(name) * NAME_CELL_WIDTH + BOX_PADDING), states };
}

function arrowsOf({ sends }: Draft, grid: Grid): Arrow[] {
  return sends.flatMap((send) => {
    const { index, packet, from, to, point, ends, isRightward, label, reason } = send;
    const x1 = grid.xOf(from);
    const way = isRightward ? 1 : -1;
    const common = { index, packet, isAck: false, x1, y1: point.y, label, reason };
    if (ends.length === 0) {
      const [x2, y2] = [x1 + way * STUB_WIDTH, point.y + STUB_DROP];
      return [{ ...common, shape: "stub" as const, isFirst: true, x2, y2 }];
    }
    return ends.map((end, at): Arrow => {
      const isFirst = at === 0;
      if (to === from) return { ...common, shape: "loop", isFirst, x2: x1, y2: end.y };
      const indent = packet.fate === "lost" ? CROSS_INDENT : 0;
      return { ...common, shape: "across", isFirst, x2: grid.xOf(to ?? from) - way * indent, y2: end.y };
    });
  });
}

/** Acknowledgments take no room: they are shown only to who wants to see them. */
function acksOf({ hosts, events }: Scene, grid: Grid, axis: Axis): Arrow[] {
  return events.flatMap((event, index): Arrow[] => {
    if (event.type !== "packet" || !isPureAck(event)) return [];
    const { from, to, timeMs, arrivals } = event;
    const [x1, x2] = [from, to].map(({ host }) => grid.xOf(Math.max(0, hosts.indexOf(host ?? "")))) as [number, number];
    const y1 = axis.yAt(timeMs);
    const shape = x1 === x2 ? "loop" : arrivals.length === 0 ? "stub" : "across";
    const y2 = arrivals.length === 0 ? y1 + STUB_DROP : axis.yAt(arrivals[0] as number);
    const end = shape === "stub" ? x1 + Math.sign(x2 - x1) * STUB_WIDTH : x2;
    return [
      {
        index,
        packet: event,
        shape,
        isAck: true,
        isFirst: true,
        x1,
        y1,
        x2: end,
        y2,
        label: undefined,
        reason: undefined,
      },
    ];
  });
}

function noteMarkOf({ index, note, point, label }: DraftNote, grid: Grid): NoteMark {
  return { index, note, x: grid.xOf(point.lane ?? 0), y: point.y, label: label as Label };
}

function bandsOf({ spans }: Draft, hosts: readonly string[], grid: Grid, axis: Axis): Band[] {
  const depths: number[] = [];
  return spans.map(({ span, index, endIndex, isInstant, begin, end }) => {
    const fromY = span.begins === undefined ? 0 : begin.y;
    const openEnd = isInstant ? begin.y + BAND_ROOM.below - 2 : Math.ceil(axis.bottom);
    const toY = end === undefined ? openEnd : end.y + BAND_END_ROOM.below - 2;
    let depth = depths.findIndex((busyUntil) => busyUntil <= fromY);
    if (depth < 0) depth = depths.length;
    depths[depth] = toY;
    const touched = lanesTouched(span, hosts).map((lane) => grid.xOf(lane));
    const reach = Math.max(14, BAND_REACH - depth * 5);
    const x = Math.min(...touched) - reach;
    const since = span.sinceMs === undefined ? "" : `since ${timeText(span.sinceMs)}: `;
    const label = since + showText(span.text);
    const labelX = Math.min(...touched) + 11;
    const cells = Math.floor((grid.width - labelX - 8) / grid.cellWidth);
    return {
      index,
      endIndex,
      x,
      width: Math.max(...touched) + reach - x,
      fromY,
      toY,
      touched,
      label: shorten(label, cells),
      labelX,
      labelY: begin.y + 15,
      endLabel: end === undefined ? undefined : shorten(`${showText(span.kind)} ends`, cells),
    };
  });
}

function lanesTouched(span: FaultSpan, hosts: readonly string[]): number[] {
  const lanes = span.hosts.map((host) => hosts.indexOf(host)).filter((lane) => lane >= 0);
  return lanes.length === 0 ? hosts.map((_, lane) => lane) : lanes;
}

const USUAL_DROP = 36;
const LOOP_WIDTH = 22;
const STUB_WIDTH = 38;
const STUB_DROP = 9;
const CROSS_INDENT = 12;
const BAND_REACH = 30;
/** A page of its own, with all the room of a window. */
const PAGE_SIZES: Sizes = {
  cellWidth: CELL_WIDTH,
  firstLane: 124,
  narrowestGap: 176,
  narrowGap: 300,
  widestGap: 420,
  usualWidth: 1_000,
  leastMargin: 60,
  mostMargin: 300,
};
/** Names are set in a bold face of changing width; this is wider than most. */
const NAME_CELL_WIDTH = 8.6;
const BOX_PADDING = 24;
