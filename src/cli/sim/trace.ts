import { ACK, FIN, type Packet, PSH, RST, SYN } from "../../sim/network/packet.ts";
import type { Simulation } from "../../sim/simulation.ts";

/** A line for all that happens, until disposed. */
export function printTrace(sim: Simulation, print: (line: string) => void): Disposable {
  const say = (timeMs: number, what: string): void => print(`${timeMs.toFixed(3).padStart(12)}  ${what}`);
  return sim.observe({
    packetSent: (packet, nowMs) => say(nowMs, `#${packet.id} ${packetWords(packet)}`),
    packetArrived: ({ id, to }, nowMs) => say(nowMs, `#${id} arrives at ${to?.name}`),
    packetLost: ({ id }, nowMs, reason) => say(nowMs, `#${id} is lost: ${reason}`),
    noted: ({ timeMs, host, text }) => say(timeMs, `${host}: ${text}`),
    faultChanged: ({ timeMs, change, text }) => say(timeMs, `fault ${change}: ${text}`),
  });
}

function packetWords(packet: Packet): string {
  const { protocol, from, sourcePort, to, destinationHost, destinationPort, flags, data, isRetransmission } = packet;
  const names = protocol === "tcp" ? FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => ` ${name}`) : [];
  const ends = `${from.name}:${sourcePort} > ${to?.name ?? destinationHost}:${destinationPort}`;
  return `${protocol} ${ends}${names.join("")}, ${data.length} bytes${isRetransmission ? ", again" : ""}`;
}

const FLAGS = [
  [SYN, "SYN"],
  [ACK, "ACK"],
  [PSH, "PSH"],
  [FIN, "FIN"],
  [RST, "RST"],
] as const;
