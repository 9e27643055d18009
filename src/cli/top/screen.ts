/** One picture of a program for a terminal: pure text in, lines out. */
import type { ConnectionOrder } from "../../app/inspect/connections.ts";
import type { Overview } from "../../app/inspect/site/site.ts";
import { escapeControls } from "../../core/log/format.ts";
import { LISTS, type Line, type ListName, type Look, listLines } from "./lists.ts";
import { lag, percent, size, span, sparkline } from "./words.ts";

/** How big the terminal is. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** What the user chose. */
export interface ScreenState {
  readonly list: ListName;
  readonly order: ConnectionOrder;
  /** Lines of the list that are above the screen. */
  readonly scroll: number;
  readonly isPaused: boolean;
  /** Why there is nothing newer. */
  readonly trouble: string | undefined;
}

/** A picture of the screen. */
export interface Screen {
  /** Exactly as many as there are rows, none longer than a row. */
  readonly lines: readonly string[];
  /** How far the list is scrolled: no farther than there is anything. */
  readonly scroll: number;
}

/** With colours unless `isPlain`. */
export function drawScreen(view: Overview, state: ScreenState, size: ScreenSize, isPlain: boolean): Screen {
  const { columns, rows } = size;
  const top = [titleLine(view, state, columns), figuresLine(view), ...chartLines(view, columns), tabsLine(view, state)];
  const all = listLines(state.list, view, columns < NARROW);
  const heads = all[0]?.look === "head" ? all.slice(0, 1) : [];
  const body = all.slice(heads.length);
  const space = Math.max(0, rows - top.length - heads.length - 1);
  const last = Math.max(0, body.length - space);
  const scroll = Math.min(state.scroll, last);
  // The log is read at its end.
  const start = state.list === "log" ? last - scroll : scroll;
  const shown = [...heads, ...body.slice(start, start + space)];
  while (shown.length < heads.length + space) shown.push({ text: "" });
  const lines = [...top, ...shown, helpLine(state)].slice(0, rows);
  return { lines: lines.map((line) => paint(line, columns, isPlain)), scroll };
}

/** What is printed where there is no terminal. */
export function printout(view: Overview): string {
  const title = `${view.program.name}, process ${view.program.pid}`;
  const parts: Line[] = [{ text: title }, figuresLine(view)];
  for (const name of LISTS) {
    const lines = listLines(name, view, false);
    const isLog = name === "log";
    const shown = isLog ? lines.slice(-PRINTED) : lines.slice(0, PRINTED);
    const left = lines.length - shown.length;
    const rest: Line[] = left > 0 && !isLog ? [{ text: `and ${left} lines more` }] : [];
    parts.push({ text: "" }, { text: name.toUpperCase() }, ...shown, ...rest);
  }
  return parts.map(({ text }) => `${escapeControls(text).trimEnd()}\n`).join("");
}

function titleLine({ program, vitals }: Overview, { isPaused, trouble }: ScreenState, columns: number): Line {
  const left = ` ${program.name}  process ${program.pid}  up ${span(vitals?.uptimeMs ?? program.watchedMs)}`;
  const right = `${trouble ?? (isPaused ? "paused" : "live")} `;
  return { text: left.padEnd(Math.max(left.length + 2, columns - right.length)) + right, look: "title" };
}

function figuresLine({ samples, counts, errors }: Overview): Line {
  const now = samples.at(-1);
  const vitals =
    now === undefined
      ? []
      : [
          `cpu ${percent(now.cpu)}`,
          `loop ${percent(now.utilisation)}`,
          `lag ${lag(now.lagMaxMs)}`,
          `memory ${size(now.rssBytes)}`,
        ];
  const held = [`connections ${counts.connections}`, `timers ${counts.timers}`, `errors ${errors.total}`];
  return { text: ` ${[...vitals, ...held].join("   ")}`, look: errors.total > 0 ? "bad" : "plain" };
}

function chartLines({ samples }: Overview, columns: number): Line[] {
  if (samples.length === 0) return [];
  const width = Math.max(8, Math.floor((columns - 14) / 2));
  const cpu = sparkline(
    samples.map((sample) => sample.cpu),
    width,
    0.1,
  );
  const lags = sparkline(
    samples.map((sample) => sample.lagMaxMs),
    width,
    10,
  );
  return [{ text: ` cpu ${cpu}   lag ${lags}`, look: "good" }];
}

function tabsLine(view: Overview, { list, order }: ScreenState): Line {
  const counts: Readonly<Record<ListName, number | undefined>> = {
    connections: view.connections.total,
    services: undefined,
    ports: view.ports.total,
    timers: view.timers.total,
    errors: view.errors.total,
    log: undefined,
  };
  const tabs = LISTS.map((name, at) => {
    const count = counts[name] === undefined ? "" : ` ${counts[name]}`;
    const words = `${at + 1} ${name}${count}`;
    return name === list ? `[${words}]` : ` ${words} `;
  });
  const sorted = list === "connections" ? `   sorted: ${order}` : "";
  return { text: `${tabs.join("")}${sorted}`, look: "head" };
}

function helpLine({ list }: ScreenState): Line {
  const sort = list === "connections" ? "  s sort" : "";
  return { text: ` q quit  1-6 tab list${sort}  arrows page-keys scroll  space pause`, look: "faint" };
}

/** Whatever a peer or a log says stays text, on its line and within the screen. */
function paint({ text, look = "plain" }: Line, columns: number, isPlain: boolean): string {
  const characters = [...escapeControls(text)];
  const cut = characters.length > columns ? `${characters.slice(0, columns - 1).join("")}…` : characters.join("");
  if (isPlain || look === "plain") return cut;
  const filled = look === "title" ? cut.padEnd(columns) : cut;
  return `${COLOURS[look]}${filled}\x1b[0m`;
}

const COLOURS: Readonly<Record<Exclude<Look, "plain">, string>> = {
  title: "\x1b[7;1m",
  head: "\x1b[1m",
  good: "\x1b[32m",
  bad: "\x1b[31m",
  warn: "\x1b[33m",
  faint: "\x1b[2m",
};
/** Lines of each list that a printout has. */
const PRINTED = 40;
/** Then a connection's own end is left out: the peer and the protocols say more. */
const NARROW = 100;
