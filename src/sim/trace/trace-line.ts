import { ACK, FIN, PSH, RST, SYN } from "../network/packet.ts";
import { showBytes, showText } from "./show-bytes.ts";
import type { TracedEnd, TracedPacket, TraceEvent } from "./trace.ts";

/** One event for people: `12.345 ms  client:49153 → server:7  tcp 5 bytes [PSH]  arrives 13.345  hello`. */
export function traceLine(event: TraceEvent): string {
  const time = `${event.timeMs.toFixed(3)} ms`.padStart(TIME_CELLS);
  if (event.type === "packet") return `${time}  ${packetText(event)}`;
  if (event.type === "fault") return `${time}  ${showText(event.text)} ${event.change}`;
  return `${time}  ${showText(event.host)}  ${event.kind === "note" ? "" : `${event.kind}: `}${showText(event.text)}`;
}

/** `client:49153`; the address of a host that nobody has. */
export function endText({ host, address, port }: TracedEnd): string {
  const name = host ?? (address.includes(":") ? `[${address}]` : address);
  return `${showText(name)}:${port}`;
}

/** `[SYN ACK]`: with data to push, the acknowledgment goes without saying. */
export function flagsText({ protocol, flags }: Pick<TracedPacket, "protocol" | "flags">): string {
  if (protocol !== "tcp") return "";
  const shown = (flags & PSH) === 0 ? flags : flags & ~ACK;
  return `[${FLAGS.filter(([, bit]) => (shown & bit) !== 0)
    .map(([name]) => name)
    .join(" ")}]`;
}

/** `arrives 13.345`, `lost: partition`, `on its way`. */
export function fateText({ fate, arrivals, reason }: TracedPacket): string {
  if (fate === "arrived") return `arrives ${arrivals.map((timeMs) => timeMs.toFixed(3)).join(" and ")}`;
  return fate === "lost" ? `lost: ${showText(reason ?? "")}` : fate;
}

/** `5 bytes`. */
export function sizeText(bytes: number): string {
  return bytes === 1 ? "1 byte" : `${bytes} bytes`;
}

function packetText(packet: TracedPacket): string {
  const { protocol, bytes, isRetransmission, isOpaque, head } = packet;
  const what = [
    protocol,
    sizeText(bytes),
    flagsText(packet),
    isRetransmission ? "again" : "",
    isOpaque ? "encrypted" : "",
  ];
  const line = [`${endText(packet.from)} → ${endText(packet.to)}`, what.filter((word) => word !== "").join(" ")];
  line.push(fateText(packet));
  if (head.length > 0) line.push(showBytes(head.subarray(0, SHOWN_BYTES)) + (bytes > SHOWN_BYTES ? "…" : ""));
  return line.join("  ");
}

const FLAGS: readonly (readonly [string, number])[] = [
  ["SYN", SYN],
  ["FIN", FIN],
  ["RST", RST],
  ["PSH", PSH],
  ["ACK", ACK],
];
/** An hour, to the microsecond. */
const TIME_CELLS = 14;
const SHOWN_BYTES = 32;
