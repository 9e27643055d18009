import { FIN, RST, SYN } from "../network/packet.ts";
import { showBytes, showText } from "../trace/show-bytes.ts";
import type { TracedNote, TracedPacket } from "../trace/trace.ts";
import { flagsText } from "../trace/trace-line.ts";

/** What is written at a packet if nobody knows better: `SYN`, `5 B  hello`, `again: 5 B  hello`. */
export function packetText(packet: TracedPacket): string {
  const { protocol, bytes, head, isOpaque, isRetransmission } = packet;
  const again = isRetransmission ? "again: " : "";
  if (protocol === "icmp") return "port unreachable";
  if (bytes === 0) return `${again}${isControl(packet) || protocol === "tcp" ? flagsText(packet).slice(1, -1) : "0 B"}`;
  const size = bytes < 10_000 ? `${bytes} B` : `${Math.round(bytes / 1_000)} kB`;
  if (isOpaque) return `${again}${size} encrypted`;
  const shown = showBytes(head);
  const isWhole = head.length === bytes && !/^(?:[0-9a-f]{2} ?)+$/.test(shown);
  return isWhole ? again + shown : `${again}${size}\u00a0 ${shown}`;
}

/** It opens or closes a connection. */
export function isControl({ protocol, flags }: TracedPacket): boolean {
  return protocol === "tcp" && (flags & (SYN | FIN | RST)) !== 0;
}

export function noteText({ text }: TracedNote): string {
  return showText(text);
}
