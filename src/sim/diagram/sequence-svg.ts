import {
  ACCENT,
  BAD,
  box,
  INK,
  LINE,
  line,
  monoWidth,
  PANEL,
  picture,
  px,
  QUIET,
  TEXT_PX,
  text,
  tip,
} from "../picture/parts.ts";
import { showText } from "../trace/show-bytes.ts";
import type { TraceEvent, TraceView } from "../trace/trace.ts";
import { endText } from "../trace/trace-line.ts";
import type { Label } from "./labels.ts";
import { isControl, noteText, packetText } from "./phrases.ts";
import { type Arrow, type Band, type Lane, type NoteMark, type Plan, planOf, type Sizes } from "./plan.ts";
import type { Break } from "./rows.ts";
import { type DiagramOptions, isPureAck, sceneOf } from "./scene.ts";
import { lineOf, ticksOf } from "./svg.ts";
import { durationText, timeText } from "./text.ts";

/**
 * A few messages of a trace as SVG, to stand in a page: what `sequenceDiagram` draws, without the page around it, without
 * acknowledgments, a style sheet or a script. Colours come from the page: `--picture-ink`, `-quiet`, `-line`, `-bad`,
 * `-accent`, `-panel`, `-paper`. What is drawn is said in its `desc`, each event in turn. The same trace gives the same bytes.
 *
 * At most 50 events unless `limit` says otherwise. Throws RangeError for a limit below 1.
 *
 * @example
 * ```ts
 * import { sequenceSvg, Simulation } from "ropewalk/sim";
 *
 * const sim = new Simulation({ seed: 1 });
 * const trace = sim.trace();
 * sim.host("a").note("starts");
 * await sim.advance(1_000);
 * const svg = sequenceSvg(trace, { title: "A quiet second" });
 * console.log(svg.startsWith("<svg"), svg.includes("starts")); // true true
 * ```
 */
export function sequenceSvg(trace: TraceView, options: DiagramOptions = {}): string {
  const { title = `Simulation, seed ${trace.seed}`, subtitle, limit = 50 } = options;
  const scene = sceneOf(trace, { ...options, limit });
  const plan = planOf(scene, options, SMALL_SIZES);
  const drawn = scene.events.filter((event) => event.type !== "packet" || !isPureAck(event));
  const told = drawn.map((event) => inWords(event, options));
  const leftOut = scene.leftOut === 0 ? [] : [`${scene.leftOut} events before are left out`];
  const description = [...(subtitle === undefined ? [] : [subtitle]), ...leftOut, ...told].join(". ");
  const frame = {
    title,
    description: description || "Nothing happened",
    width: plan.width,
    height: plan.height + NAMES,
  };
  return picture(frame, [
    ...plan.lanes.map(drawName),
    `<g transform="translate(0 ${NAMES})">`,
    ...eventsOf(plan),
    "</g>",
  ]);
}

/** For who does not see it: when, between whom, and what. */
function inWords(event: TraceEvent, options: DiagramOptions): string {
  const time = shortTime(event.timeMs);
  if (event.type === "note") return `${time}, ${event.host}: ${noteText(event)}`;
  if (event.type === "fault") return `${time}, ${showText(event.text)} ${event.change}`;
  const { from, to, fate, reason } = event;
  const words = showText(options.label?.(event) ?? packetText(event));
  const what = `${time}, ${endText(from)} to ${endText(to)}${words === "" ? "" : `: ${words}`}`;
  return fate === "arrived" ? what : `${what} (${fate === "lost" ? `lost: ${showText(reason ?? "")}` : fate})`;
}

function eventsOf(plan: Plan): string[] {
  const { lanes, axis, arrows, notes, bands } = plan;
  const others = arrows.filter(({ isAck }) => !isAck);
  return [
    ...bands.map(drawBand),
    ...lanes.flatMap((lane) => drawLane(lane, axis.breaks)),
    ...axis.breaks.map((each) => drawBreak(each, plan)),
    ...ticksOf(plan).map(({ y, timeMs }) => text(TIME_X, y + 4, shortTime(timeMs), { ink: QUIET, anchor: "end" })),
    ...others.map(drawArrow),
    ...notes.map(drawNote),
    ...bands.map(drawBandWords),
    ...others.map(drawWords),
    ...notes.map(({ label, note, x }) => labelText(label, x, note.kind === "connection" ? QUIET : INK)),
  ];
}

function drawName({ x, name, boxWidth }: Lane): string {
  const frame = box(x - boxWidth / 2, 1, boxWidth, 27, 6, { fill: PANEL, stroke: LINE });
  return frame + text(x, 19, name, { anchor: "middle", isBold: true });
}

/** Nothing is drawn where time is left out. */
function drawLane({ x, states }: Lane, breaks: readonly Break[]): string[] {
  return states.map(({ state, fromY, toY }) => {
    const cuts = breaks.filter(({ y }) => y > fromY && y < toY);
    const ways = [fromY, ...cuts.flatMap(({ y }) => [y - 8, y + 8]), toY];
    const pieces = ways.map((y, at) => (at % 2 === 0 ? `M${px(x)} ${px(y)}` : `V${px(y)}`)).join("");
    return line(pieces, { stroke: LINE, ...LANES[state] });
  });
}

function drawBreak({ y, fromMs, toMs }: Break, { lanes }: Plan): string {
  const waves = lanes.map(({ x }) => [-8, 8].map((shift) => `M${px(x - 10)} ${px(y + shift)}q5 -5 10 0t10 0`).join(""));
  const words = text(TIME_X, y + 4, `+ ${durationText(toMs - fromMs)}`, { ink: QUIET, anchor: "end" });
  return line(waves.join(""), { stroke: LINE }) + words;
}

function drawBand({ x, width, fromY, toY }: Band): string {
  const edges = line(`M${px(x)} ${px(fromY)}h${px(width)}M${px(x)} ${px(toY)}h${px(width)}`, {
    stroke: BAD,
    dash: "2 3",
  });
  return box(x, fromY, width, toY - fromY, 0, { fill: PANEL }) + edges;
}

function drawBandWords({ labelX, label, labelY, endLabel, toY }: Band): string {
  const end = endLabel === undefined ? "" : text(labelX, toY - 5, endLabel, { ink: BAD });
  return text(labelX, labelY, label, { ink: BAD }) + end;
}

function drawArrow(arrow: Arrow): string {
  const { packet, shape, x1, y1, x2, y2 } = arrow;
  const isLost = packet.fate === "lost";
  const ink = inkOf(arrow);
  const way = line(lineOf(arrow), {
    stroke: ink,
    width: isControl(packet) ? 1 : 1.75,
    dash: isLost ? "5 3" : undefined,
  });
  if (isLost) return way + line(`M${px(x2 - 4)} ${px(y2 - 4)}l8 8m0 -8l-8 8`, { stroke: BAD, width: 2 });
  if (packet.fate !== "arrived") return way;
  return way + tip(x2, y2, shape === "loop" ? Math.PI : Math.atan2(y2 - y1, x2 - x1), ink);
}

function drawWords(arrow: Arrow): string {
  const { isFirst, label, reason, x1, x2, shape } = arrow;
  if (!isFirst || label === undefined) return "";
  const words = labelText(label, x1, isControl(arrow.packet) ? QUIET : INK);
  if (reason === undefined) return words;
  return words + labelText(reason, shape === "across" ? x2 + Math.sign(x2 - x1) * 12 : x1, BAD);
}

function drawNote({ note, x, y }: NoteMark): string {
  if (note.kind === "host") return `<path d="M${px(x)} ${px(y - 5)}l5 5l-5 5l-5 -5Z" fill="${BAD}"/>`;
  return `<circle cx="${px(x)}" cy="${px(y)}" r="3.5" fill="${note.kind === "connection" ? LINE : INK}"/>`;
}

function labelText({ text: words, side, indent, y }: Label, x: number, ink: string): string {
  if (words === "") return "";
  const isLeft = side === "left";
  return text(x + (isLeft ? indent : -indent), y, words, {
    ink,
    isMono: true,
    isOver: true,
    anchor: isLeft ? undefined : "end",
  });
}

function inkOf({ packet }: Arrow): string {
  if (packet.fate === "lost") return BAD;
  return isControl(packet) ? QUIET : ACCENT;
}

/** `0 ms`, `12.5 ms`, `1.2 s`: what there is room for, and zeros at the end say nothing. */
function shortTime(timeMs: number): string {
  if (timeMs < 1_000) return `${Number(timeMs.toFixed(1))} ms`;
  return timeText(timeMs).replace(/\.?0+(?= )/, "");
}

const LANES = {
  up: { width: 1.25 },
  down: { width: 2, dash: "1 5" },
  paused: { width: 3, dash: "7 4" },
} as const;

/** The names above the picture. */
const NAMES = 34;
const TIME_X = 62;
const SMALL_SIZES: Sizes = {
  cellWidth: monoWidth("x", TEXT_PX),
  firstLane: 112,
  narrowestGap: 150,
  narrowGap: 170,
  widestGap: 330,
  usualWidth: 400,
  leastMargin: 50,
  mostMargin: 256,
};
