import { showBytes, showHex, showText } from "../trace/show-bytes.ts";
import type { TracedPacket, TraceEvent } from "../trace/trace.ts";
import { endText, fateText, flagsText, sizeText } from "../trace/trace-line.ts";
import { durationText, escapeHtml, exactTime } from "./text.ts";

/** The same events as rows. The picture links to them, and shows them where the pointer is. */
export function tableOf(events: readonly TraceEvent[]): string {
  const heads = ["Time", "Where", "What", "Fate", "First bytes"].map((head) => `<th scope="col">${head}</th>`).join("");
  const rows = events.map((event, index) => rowOf(event, index)).join("\n");
  return `<table><thead><tr>${heads}</tr></thead><tbody>\n${rows}\n</tbody></table>`;
}

function rowOf(event: TraceEvent, index: number): string {
  const cells = event.type === "packet" ? packetCells(event) : plainCells(event);
  const tds = cells
    .map(([name, html]) => (html === "" ? "<td></td>" : `<td data-name="${name}">${html}</td>`))
    .join("");
  return `<tr id="e${index}"><th scope="row">${exactTime(event.timeMs)}</th>${tds}</tr>`;
}

type Cells = readonly (readonly [string, string])[];

function packetCells(packet: TracedPacket): Cells {
  const { protocol, from, to, bytes, head, isOpaque, isRetransmission } = packet;
  const what = [protocol.toUpperCase(), sizeText(bytes), flagsText(packet)];
  if (isRetransmission) what.push("sent again");
  if (isOpaque) what.push("encrypted");
  const more = bytes > head.length && head.length > 0 ? "…" : "";
  const shown = head.length === 0 ? "" : `<code>${escapeHtml(showBytes(head))}${more}</code>`;
  const hex = head.length === 0 ? "" : `<code class="hex">${showHex(head)}${more}</code>`;
  const way = `${escapeHtml(endText(from))} → ${escapeHtml(endText(to))}`;
  const addresses = `<small>${escapeHtml(showText(from.address))} → ${escapeHtml(showText(to.address))}</small>`;
  return [
    ["where", `${way} ${addresses}`],
    ["what", escapeHtml(what.filter((word) => word !== "").join(" "))],
    ["fate", fateCell(packet)],
    ["bytes", shown + hex],
  ];
}

function fateCell(packet: TracedPacket): string {
  const { fate, timeMs, arrivals, reason } = packet;
  if (fate === "lost") return `<strong>${escapeHtml(fateText(packet))}</strong>`;
  if (fate !== "arrived") return escapeHtml(fate);
  const words = arrivals
    .map((arrivedMs) => `${exactTime(arrivedMs)} (after ${durationText(arrivedMs - timeMs)})`)
    .join(", ");
  return `arrives ${words}${reason === undefined ? "" : `; a copy is lost: ${escapeHtml(showText(reason))}`}`;
}

function plainCells(event: Exclude<TraceEvent, TracedPacket>): Cells {
  const isFault = event.type === "fault";
  const where = isFault ? event.hosts.map(showText).join(", ") || "everywhere" : showText(event.host);
  const what = isFault ? `fault ${event.change}: ${showText(event.text)}` : `${event.kind}: ${showText(event.text)}`;
  return [
    ["where", escapeHtml(where)],
    ["what", escapeHtml(what)],
    ["fate", ""],
    ["bytes", ""],
  ];
}
