/** The lists of `ropewalk top`, as lines of text without colours but for marks of their own. */
import type { ServiceFacts } from "../../app/inspect/facts.ts";
import type { Overview } from "../../app/inspect/site/site.ts";
import { formatIsoTime } from "../../core/log/iso-time.ts";
import { shortPlace, size, span } from "./words.ts";

/** What can be shown below the figures. */
export type ListName = (typeof LISTS)[number];

export const LISTS = ["connections", "services", "ports", "timers", "errors", "log"] as const;

/** A line, and how it is to stand out. */
export interface Line {
  readonly text: string;
  readonly look?: Look | undefined;
}

export type Look = "title" | "head" | "good" | "bad" | "warn" | "faint" | "plain";

/** All lines of a list, its head first where it has one. */
export function listLines(name: ListName, view: Overview, isNarrow: boolean): Line[] {
  switch (name) {
    case "connections":
      return connectionLines(view, isNarrow);
    case "services":
      return view.services === undefined
        ? [{ text: "(no service tree)", look: "faint" }]
        : serviceLines(view.services, 0);
    case "ports":
      return portLines(view);
    case "timers":
      return timerLines(view);
    case "errors":
      return errorLines(view);
    case "log":
      return logLines(view);
  }
}

function connectionLines({ connections }: Overview, isNarrow: boolean): Line[] {
  const { items, total } = connections;
  if (total === 0) return [{ text: "(nobody is connected)", look: "faint" }];
  const peerWidth = Math.max(4, ...items.map(({ peer }) => peer.length)) + 2;
  const localWidth = Math.max(2, ...items.map(({ local }) => local.length)) + 2;
  const own = (local: string): string => (isNarrow ? "" : local.padEnd(localWidth));
  const head = `${"PEER".padEnd(peerWidth)}${own("AT")}${columns(["AGE", "IN", "OUT", "WAITING"])}  PROTOCOLS`;
  const lines = items.map((one): Line => {
    const figures = columns([span(one.ageMs), size(one.bytesIn), size(one.bytesOut), size(one.bufferedBytes)]);
    const stack = [one.carrier, ...one.stack].join(" > ");
    const text = `${one.peer.padEnd(peerWidth)}${own(one.local)}${figures}  ${stack}`;
    return { text, look: one.bufferedBytes > 0 ? "warn" : "plain" };
  });
  return [{ text: head, look: "head" }, ...lines, ...more(total - connections.offset - items.length)];
}

function columns(cells: readonly string[]): string {
  return cells.map((cell) => cell.padStart(9)).join("");
}

function serviceLines({ name, type, state, error, children, hidden }: ServiceFacts, depth: number): Line[] {
  const indent = "  ".repeat(depth);
  const kind = type === name ? "" : `  (${type})`;
  const look: Look = state === "running" ? "good" : state === "failed" ? "bad" : "warn";
  return [
    { text: `${state.padEnd(9)} ${indent}${name}${kind}${error === undefined ? "" : `: ${error}`}`, look },
    ...children.flatMap((child) => serviceLines(child, depth + 1)),
    ...(hidden > 0 ? [{ text: `${" ".repeat(10)}${indent}  and ${hidden} more`, look: "faint" } as const] : []),
  ];
}

function portLines({ ports, others }: Overview): Line[] {
  const rows = [
    ...ports.items.map(({ address, origin }) => [`port ${address}`, origin?.place] as const),
    ...others.items.map(({ summary, origin }) => [summary, origin?.place] as const),
  ];
  if (rows.length === 0) return [{ text: "(nothing is open)", look: "faint" }];
  const width = Math.max(...rows.map(([what]) => what.length)) + 2;
  const lines = rows.map(([what, place]) => ({ text: `${what.padEnd(width)}${madeAt(place)}` }));
  return [{ text: `${"WHAT".padEnd(width)}MADE AT`, look: "head" }, ...lines];
}

function timerLines({ timers }: Overview): Line[] {
  if (timers.total === 0) return [{ text: "(nothing is due)", look: "faint" }];
  const lines = timers.items.map(({ dueInMs, origin }) => {
    const due = dueInMs === undefined ? "never" : span(dueInMs);
    return { text: `${due.padStart(10)}  ${madeAt(origin?.place)}` };
  });
  return [{ text: `${"DUE IN".padStart(10)}  MADE AT`, look: "head" }, ...lines, ...more(timers.total - lines.length)];
}

function errorLines({ errors }: Overview): Line[] {
  if (errors.recent.length === 0) return [{ text: "(nothing has gone wrong)", look: "faint" }];
  return errors.recent.flatMap(({ level, namespace, message, lines, times, lastMs }): Line[] => [
    { text: `${timeOf(lastMs)} ${times > 1 ? `${times} × ` : ""}${level} [${namespace}] ${message}`, look: "bad" },
    ...lines.slice(0, LINES_OF_ERROR).map((text): Line => ({ text: `    ${text}`, look: "faint" })),
  ]);
}

function logLines({ entries }: Overview): Line[] {
  return entries.flatMap(({ timeMs, level, namespace, message, lines }): Line[] => {
    const look: Look = level === "error" || level === "critical" ? "bad" : level === "warn" ? "warn" : "plain";
    const first = { text: `${timeOf(timeMs)} ${level.padEnd(8)} [${namespace}] ${message}`, look };
    return [first, ...lines.slice(0, LINES_OF_ERROR).map((text): Line => ({ text: `    ${text}`, look: "faint" }))];
  });
}

function more(count: number): Line[] {
  return count > 0 ? [{ text: `and ${count} more`, look: "faint" }] : [];
}

function madeAt(place: string | undefined): string {
  return place === undefined ? "(unknown)" : shortPlace(place);
}

/** UTC, since that is what logs have. */
function timeOf(timeMs: number): string {
  return formatIsoTime(timeMs).slice(11, 23);
}

const LINES_OF_ERROR = 6;
