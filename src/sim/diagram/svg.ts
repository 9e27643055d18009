import { showText } from "../trace/show-bytes.ts";
import type { TraceEvent } from "../trace/trace.ts";
import { traceLine } from "../trace/trace-line.ts";
import type { Label } from "./labels.ts";
import { isControl } from "./phrases.ts";
import type { Arrow, Band, Lane, NoteMark, Plan } from "./plan.ts";
import type { Break } from "./rows.ts";
import { durationText, escapeHtml, timeText } from "./text.ts";

/** The names of the hosts: a picture of its own, because it stays when the other one is scrolled. */
export function drawNames({ lanes, width }: Plan): string {
  const boxes = lanes.map(({ name, host, x, boxWidth }) => {
    const title = name === host ? "" : `<title>${escapeHtml(showText(host))}</title>`;
    const box = `<rect x="${px(x - boxWidth / 2)}" y="6" width="${px(boxWidth)}" height="26" rx="5"/>`;
    return `<g class="name">${title}${box}<text x="${px(x)}" y="23.5">${escapeHtml(name)}</text></g>`;
  });
  return `<svg aria-hidden="true" viewBox="0 0 ${width} 38" width="${width}" height="38">${boxes.join("")}</svg>`;
}

/** Everything below the names. */
export function drawEvents(plan: Plan, events: readonly TraceEvent[], description: string): string {
  const { width, height, lanes, axis, arrows, notes, bands } = plan;
  const [acks, others] = [arrows.filter(({ isAck }) => isAck), arrows.filter(({ isAck }) => !isAck)];
  const parts = [
    drawGrid(plan),
    ...bands.map(drawBand),
    ...lanes.map(drawLane),
    ...axis.breaks.map((each) => drawBreak(each, plan)),
    ...ticksOf(plan).map(({ y, timeMs }) => text("time", TIME_X, y + 3.5, timeText(timeMs))),
    ...bands.map(drawBandText),
    `<g class="acks">${acks.map((arrow) => drawArrow(arrow, events)).join("\n")}</g>`,
    ...inTime(others, notes, events),
    `<g aria-hidden="true">${[...others.map(drawWords), ...notes.map(drawNoteWords)].join("\n")}</g>`,
  ];
  return [
    `<svg role="group" aria-labelledby="title" aria-describedby="about" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<desc id="about">${escapeHtml(description)}</desc>`,
    ...parts.filter((part) => part !== ""),
    "</svg>",
  ].join("\n");
}

/** In the order of the trace, so that the key Tab goes down the page. */
function inTime(arrows: readonly Arrow[], notes: readonly NoteMark[], events: readonly TraceEvent[]): string[] {
  const drawn: { readonly index: number; readonly text: string }[] = [
    ...arrows.map((arrow) => ({ index: arrow.index, text: drawArrow(arrow, events) })),
    ...notes.map((note) => ({ index: note.index, text: drawNote(note, events) })),
  ];
  return drawn.toSorted((a, b) => a.index - b.index).map(({ text }) => text);
}

function drawLane({ x, states }: Lane): string {
  return states
    .map(({ state, fromY, toY }) => `<path class="lane ${state}" d="M${px(x)} ${px(fromY)}V${px(toY)}"/>`)
    .join("");
}

function drawBand({ x, width, fromY, toY, touched }: Band): string {
  const frame = rect(x, fromY, width, toY - fromY);
  const cores = touched.map((lane) => rect(lane - 5, fromY, 10, toY - fromY)).join("");
  return `<g class="band"><g class="area">${frame}</g><g class="core">${cores}</g>${edges(x, width, fromY, toY)}</g>`;
}

function edges(x: number, width: number, fromY: number, toY: number): string {
  return `<path d="M${px(x)} ${px(fromY)}h${px(width)}M${px(x)} ${px(toY)}h${px(width)}"/>`;
}

function drawBandText({ index, endIndex, labelX, label, labelY, endLabel, toY }: Band): string {
  const link = (to: number | undefined, words: string) => (to === undefined ? words : `<a href="#e${to}">${words}</a>`);
  const end = endLabel === undefined ? "" : link(endIndex, text("fault", labelX, toY - 5, endLabel));
  return link(index, text("fault", labelX, labelY, label)) + end;
}

function drawBreak({ y, fromMs, toMs }: Break, { width, lanes }: Plan): string {
  const left = (lanes[0]?.x ?? 0) - WAVE_REACH;
  const steps = Math.max(1, Math.floor((width - left) / WAVE));
  const there = "q4 -4 8 0t8 0".repeat(steps);
  const back = "q-4 4 -8 0t-8 0".repeat(steps);
  const [top, bottom] = [px(y - 8), px(y + 8)];
  const paper = `M${px(left)} ${top}${there}V${bottom}${back}Z`;
  const waves = `M${px(left)} ${top}${there}M${px(left)} ${bottom}${there}`;
  const words = text("gone", TIME_X, y - 1.5, durationText(toMs - fromMs)) + text("gone", TIME_X, y + 10.5, "left out");
  return `<g class="break"><path class="paper" d="${paper}"/><path d="${waves}"/>${words}</g>`;
}

function drawGrid(plan: Plan): string {
  const right = plan.width - 8;
  return `<path class="grid" d="${ticksOf(plan)
    .map(({ y }) => `M${TIME_X + 8} ${px(y)}H${right}`)
    .join("")}"/>`;
}

/** Those whose times have room. */
export function ticksOf({ axis }: Plan): Plan["axis"]["ticks"] {
  let lastY = Number.NEGATIVE_INFINITY;
  return axis.ticks.filter(({ y }) => {
    if (y - lastY < TICK_SPACE) return false;
    lastY = y;
    return true;
  });
}

function drawArrow(arrow: Arrow, events: readonly TraceEvent[]): string {
  const { index, packet, x2, y2 } = arrow;
  const line = lineOf(arrow);
  const tip = packet.fate === "lost" ? crossAt(x2, y2) : headOf(arrow);
  const name = escapeHtml(traceLine(events[index] as TraceEvent));
  const body = `<path class="hit" d="${line}"/><path class="line" d="${line}"/>${tip}`;
  return `<a href="#e${index}" class="${classOf(arrow)}" aria-label="${name}">${body}</a>`;
}

/** Words lie on top of all lines, so that none strikes them through. */
function drawWords(arrow: Arrow): string {
  const { index, x1, isFirst, label, reason } = arrow;
  if (!isFirst || label === undefined) return "";
  const words = labelText(label, x1, "what") + (reason === undefined ? "" : reasonText(reason, arrow));
  return `<a href="#e${index}" tabindex="-1" class="${classOf(arrow)}">${words}</a>`;
}

function classOf({ packet, isAck }: Arrow): string {
  const kind = isAck ? "ack" : isControl(packet) ? "tcp control" : packet.protocol;
  return kind + (packet.fate === "lost" ? " lost" : packet.fate === "on its way" ? " flying" : "");
}

function drawNote({ index, note, x, y }: NoteMark, events: readonly TraceEvent[]): string {
  const mark = note.kind === "host" ? `<path d="M${px(x)} ${px(y - 5)}l5 5l-5 5l-5 -5Z"/>` : circle(x, y);
  const name = escapeHtml(traceLine(events[index] as TraceEvent));
  return `<a href="#e${index}" class="note ${note.kind}" aria-label="${name}">${mark}</a>`;
}

function drawNoteWords({ index, note, x, label }: NoteMark): string {
  return `<a href="#e${index}" tabindex="-1" class="note ${note.kind}">${labelText(label, x, "what")}</a>`;
}

/** The way of an arrow. */
export function lineOf({ shape, x1, y1, x2, y2 }: Arrow): string {
  if (shape !== "loop") return `M${px(x1)} ${px(y1)}L${px(x2)} ${px(y2)}`;
  const turn = px(Math.min(8, (y2 - y1) / 2));
  return `M${px(x1)} ${px(y1)}h14q8 0 8 ${turn}V${px(y2 - Number(turn))}q0 ${turn} -8 ${turn}H${px(x1 + 3)}`;
}

/** Its tip at the end, along the last of its way. */
function headOf({ shape, packet, x1, y1, x2, y2 }: Arrow): string {
  if (packet.fate !== "arrived") return "";
  const angle = shape === "loop" ? Math.PI : Math.atan2(y2 - y1, x2 - x1);
  const corner = (turn: number) =>
    `${px(x2 - HEAD * Math.cos(angle + turn))} ${px(y2 - HEAD * Math.sin(angle + turn))}`;
  return `<path class="head" d="M${px(x2)} ${px(y2)}L${corner(0.36)}L${corner(-0.36)}Z"/>`;
}

function crossAt(x: number, y: number): string {
  return `<path class="cross" d="M${px(x - 4)} ${px(y - 4)}l8 8m0 -8l-8 8"/>`;
}

function labelText(label: Label, x: number, kind: string): string {
  if (label.text === "") return "";
  const isLeft = label.side === "left";
  return text(isLeft ? kind : `${kind} end`, x + (isLeft ? label.indent : -label.indent), label.y, label.text);
}

/** It stands at the lifeline that the arrow came near. */
function reasonText(reason: Label, { shape, x1, x2 }: Arrow): string {
  if (shape !== "across") return labelText(reason, x1, "why");
  return labelText(reason, x2 + Math.sign(x2 - x1) * 12, "why");
}

function text(kind: string, x: number, y: number, words: string): string {
  return `<text class="${kind}" x="${px(x)}" y="${px(y)}">${escapeHtml(words)}</text>`;
}

function rect(x: number, y: number, width: number, height: number): string {
  return `<rect x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}"/>`;
}

function circle(x: number, y: number): string {
  return `<circle cx="${px(x)}" cy="${px(y)}" r="3.5"/>`;
}

/** A tenth of a pixel is finer than any screen. */
function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

const TIME_X = 84;
const WAVE = 16;
const WAVE_REACH = 34;
const TICK_SPACE = 16;
const HEAD = 9;
