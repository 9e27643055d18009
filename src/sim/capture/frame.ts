import { asIpv6, parseIp } from "../../wire/ip.ts";
import { ACK, type Packet } from "../network/packet.ts";
import { isBroadcast, isMulticast } from "../udp/sim-datagram-port.ts";
import { addWords, checksumOf } from "./checksum.ts";

/**
 * The packet as it is on an Ethernet: headers with right checksums, then its data. Datagrams larger than the MTU, which
 * travel in fragments, are in one piece. Undefined if an address is none that a header can hold.
 */
export function encodeFrame(packet: Packet): Uint8Array | undefined {
  const ends = endsOf(packet);
  if (ends === undefined) return undefined;
  const payload = payloadOf(packet, ends);
  const ip = IP_BYTES[ends.family];
  const frame = new Uint8Array(ETHERNET_BYTES + ip + payload.length);
  frame.set(destinationMac(packet, ends), 0);
  frame.set(isLocal(packet) ? NO_MAC : macOf(packet.from.hostId), 6);
  viewOf(frame).setUint16(12, ends.family === 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
  const isGroup = isToMany(packet);
  writeIpHeader(frame.subarray(ETHERNET_BYTES), ends, {
    number: IP_NUMBERS[ends.family][packet.protocol],
    payloadBytes: payload.length,
    hops: isGroup ? 1 : HOPS,
    // Only what never travels in fragments says so; nothing else needs a number that tells whose fragment it is.
    identification: packet.protocol === "tcp" ? packet.id & 0xffff : 0,
    mayFragment: packet.protocol !== "tcp",
  });
  frame.set(payload, ETHERNET_BYTES + ip);
  return frame;
}

/** Whether it went to a group or to all, and not to one address. */
export function isToMany({ to, destinationHost }: Packet): boolean {
  return to?.host !== destinationHost && (isMulticast(destinationHost) || isBroadcast(destinationHost));
}

/** Whether it stays within its host. What goes to a group leaves it, though the host may hear it too. */
export function isLocal(packet: Packet): boolean {
  return packet.to?.hostId === packet.from.hostId && !isToMany(packet);
}

/** Locally administered, and told by the number of the host. */
export function macOf(hostId: number): Uint8Array {
  return Uint8Array.of(2, 0, 0, hostId >> 16, hostId >> 8, hostId);
}

interface Ends {
  readonly family: 4 | 6;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

function endsOf({ from, destinationHost }: Packet): Ends | undefined {
  const source = parseIp(withoutZone(from.host));
  const destination = parseIp(withoutZone(destinationHost));
  if (source === undefined || destination === undefined) return undefined;
  if (source.length === 4 && destination.length === 4) return { family: 4, source, destination };
  return { family: 6, source: asIpv6(source), destination: asIpv6(destination) };
}

function destinationMac(packet: Packet, { family, destination }: Ends): Uint8Array {
  const { to, destinationHost } = packet;
  if (isLocal(packet)) return NO_MAC;
  if (!isToMany(packet)) return to === undefined ? NOBODYS_MAC : macOf(to.hostId);
  if (!isMulticast(destinationHost)) return BROADCAST_MAC;
  // RFC 1112, section 6.4: 23 bits of the group. RFC 2464, section 7: 32 of them.
  const tail = destination.subarray(-4) as Uint8Array & [number, number, number, number];
  if (family === 6) return Uint8Array.of(0x33, 0x33, ...tail);
  return Uint8Array.of(0x01, 0x00, 0x5e, tail[1] & 0x7f, tail[2], tail[3]);
}

function payloadOf(packet: Packet, ends: Ends): Uint8Array {
  switch (packet.protocol) {
    case "tcp":
      return segmentOf(packet, ends);
    case "udp":
      return datagramOf(packet, packet.sourcePort, packet.destinationPort, ends);
    case "icmp":
      return unreachableOf(packet, ends);
  }
}

/** RFC 9293, section 3.1. */
function segmentOf(packet: Packet, ends: Ends): Uint8Array {
  const { data, flags, sequence, acknowledgment, windowBytes } = packet;
  const bytes = new Uint8Array(TCP_BYTES + data.length);
  const view = viewOf(bytes);
  view.setUint16(0, packet.sourcePort);
  view.setUint16(2, packet.destinationPort);
  // Numbers that are not reduced to 32 bits are reduced here: that is what setUint32 does.
  view.setUint32(4, sequence);
  view.setUint32(8, (flags & ACK) === 0 ? 0 : acknowledgment);
  view.setUint16(12, ((TCP_BYTES / 4) << 12) | (flags & 0xff));
  view.setUint16(14, Math.min(windowBytes, 0xffff));
  bytes.set(data, TCP_BYTES);
  view.setUint16(16, transportChecksum(bytes, ends, IP_NUMBERS[ends.family].tcp));
  return bytes;
}

/** RFC 768. */
function datagramOf({ data }: Packet, sourcePort: number, destinationPort: number, ends: Ends): Uint8Array {
  const bytes = new Uint8Array(UDP_BYTES + data.length);
  const view = viewOf(bytes);
  view.setUint16(0, sourcePort);
  view.setUint16(2, destinationPort);
  view.setUint16(4, bytes.length);
  bytes.set(data, UDP_BYTES);
  // 0 would say that there is no checksum.
  view.setUint16(6, transportChecksum(bytes, ends, IP_NUMBERS[ends.family].udp) || 0xffff);
  return bytes;
}

/** RFC 792 and RFC 4443, section 3.1: "port unreachable", and as much of the datagram that it answers as there has to be. */
function unreachableOf(packet: Packet, ends: Ends): Uint8Array {
  const { family, source, destination } = ends;
  const answered: Ends = { family, source: destination, destination: source };
  const datagram = datagramOf(packet, packet.destinationPort, packet.sourcePort, answered);
  const quoted = datagram.subarray(0, family === 4 ? ICMP_QUOTE_BYTES : ICMPV6_QUOTE_BYTES);
  const bytes = new Uint8Array(ICMP_BYTES + IP_BYTES[family] + quoted.length);
  bytes[0] = family === 4 ? 3 : 1;
  bytes[1] = family === 4 ? 3 : 4;
  writeIpHeader(bytes.subarray(ICMP_BYTES), answered, {
    number: IP_NUMBERS[family].udp,
    payloadBytes: datagram.length,
    hops: HOPS,
    identification: 0,
    mayFragment: true,
  });
  bytes.set(quoted, ICMP_BYTES + IP_BYTES[family]);
  const sum =
    family === 4
      ? checksumOf(addWords(bytes, 0, bytes.length, 0))
      : transportChecksum(bytes, ends, IP_NUMBERS[family].icmp);
  viewOf(bytes).setUint16(2, sum);
  return bytes;
}

interface IpFields {
  /** Of the protocol above. */
  readonly number: number;
  readonly payloadBytes: number;
  readonly hops: number;
  readonly identification: number;
  readonly mayFragment: boolean;
}

/** RFC 791, section 3.1; RFC 8200, section 3. */
function writeIpHeader(header: Uint8Array, { family, source, destination }: Ends, fields: IpFields): void {
  const view = viewOf(header);
  if (family === 6) {
    header[0] = 0x60;
    view.setUint16(4, lengthField(fields.payloadBytes));
    header[6] = fields.number;
    header[7] = fields.hops;
    header.set(source, 8);
    header.set(destination, 24);
    return;
  }
  header[0] = 0x45;
  view.setUint16(2, lengthField(IP_BYTES[4] + fields.payloadBytes));
  view.setUint16(4, fields.identification);
  view.setUint16(6, fields.mayFragment ? 0 : DO_NOT_FRAGMENT);
  header[8] = fields.hops;
  header[9] = fields.number;
  header.set(source, 12);
  header.set(destination, 16);
  view.setUint16(10, checksumOf(addWords(header, 0, IP_BYTES[4], 0)));
}

/** Ciphertext counts otherwise than it is long, and may be too long; 0 is how a network card that cuts for itself is told. */
function lengthField(bytes: number): number {
  return bytes > 0xffff ? 0 : bytes;
}

/** Over a pseudo header too: the addresses, the protocol, the length. */
function transportChecksum(bytes: Uint8Array, { source, destination }: Ends, number: number): number {
  let sum = number + bytes.length;
  sum = addWords(source, 0, source.length, sum);
  sum = addWords(destination, 0, destination.length, sum);
  return checksumOf(addWords(bytes, 0, bytes.length, sum));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function withoutZone(host: string): string {
  const at = host.indexOf("%");
  return at < 0 ? host : host.slice(0, at);
}

const ETHERNET_BYTES = 14;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const IP_BYTES = { 4: 20, 6: 40 } as const;
const TCP_BYTES = 20;
const UDP_BYTES = 8;
const ICMP_BYTES = 8;
/** RFC 792. */
const ICMP_QUOTE_BYTES = 8;
/** What is left of the 1 280 bytes that RFC 4443 allows, without the headers. */
const ICMPV6_QUOTE_BYTES: number = 1_280 - 2 * IP_BYTES[6] - ICMP_BYTES;
const IP_NUMBERS = { 4: { icmp: 1, tcp: 6, udp: 17 }, 6: { icmp: 58, tcp: 6, udp: 17 } } as const;
const DO_NOT_FRAGMENT = 0x4000;
/** As Linux sends; nothing here is a router. */
const HOPS = 64;
/** Of loopback. */
const NO_MAC = new Uint8Array(6);
const BROADCAST_MAC: Uint8Array = new Uint8Array(6).fill(0xff);
/** Of an address that no host has. */
const NOBODYS_MAC: Uint8Array = Uint8Array.of(2, 0xff, 0xff, 0xff, 0xff, 0xff);
