import type { SimEvent } from "../scheduler.ts";
import type { NetworkInterface } from "./interface.ts";

/** Bits of `Packet.flags`, as in the TCP header (RFC 9293 §3.1). */
export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;

/** Who handles a packet that has arrived. */
export interface Receiver {
  arrive(packet: FlyingPacket): void;
}

/** What travels: one TCP segment, one datagram, or one ICMP "port unreachable". Rules and observers look at it. */
export interface Packet {
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly from: NetworkInterface;
  /** Where it goes; undefined if no host of the simulation has that address. Of a multicast group: one of its members. */
  readonly to: NetworkInterface | undefined;
  /** Of an ICMP packet: the port that nobody listens on, and below the port whose datagram it answers. */
  readonly sourcePort: number;
  /** IP literal. */
  readonly destinationHost: string;
  readonly destinationPort: number;
  /** Of an ICMP packet: the data of the datagram that it answers. */
  readonly data: Uint8Array;
  /** TCP: number of the first byte of `data`, from a start that was drawn; not reduced to 32 bits. */
  readonly sequence: number;
  /** TCP: the byte that is expected next, in the peer's numbers. */
  readonly acknowledgment: number;
  /** TCP: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, as in the header. */
  readonly flags: number;
  /** TCP: bytes that the sender has room for. */
  readonly windowBytes: number;
  readonly isRetransmission: boolean;
  /** Bytes that count for time: all with their headers, but see `isOpaque`. */
  readonly wireBytes: number;
  /** Ciphertext: it differs from run to run, so the trace knows it by its counted size only. */
  readonly isOpaque: boolean;
  /** In the order of sending, from 1. */
  readonly id: number;
  /** Virtual. */
  readonly sentMs: number;
}

/** A packet on its way: the event of its arrival. Only the stack that made it may change it. */
export class FlyingPacket implements Packet, SimEvent {
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly from: NetworkInterface;
  readonly to: NetworkInterface | undefined;
  readonly sourcePort: number;
  readonly destinationHost: string;
  readonly destinationPort: number;
  readonly data: Uint8Array;
  sequence = 0;
  acknowledgment = 0;
  flags = 0;
  windowBytes = 0;
  isRetransmission = false;
  wireBytes: number;
  isOpaque = false;
  /** Its numbers count ciphertext, of which there may be more or less in another run. */
  countsOpaque = false;
  id = 0;
  sentMs = 0;
  timeMs = 0;
  order = 0;
  slot = -1;
  /** Whoever takes it at its destination. */
  receiver: Receiver | undefined = undefined;
  /** How TCP finds the other end without a table. */
  target: Receiver | undefined = undefined;

  constructor(
    protocol: "tcp" | "udp" | "icmp",
    from: NetworkInterface,
    to: NetworkInterface | undefined,
    sourcePort: number,
    destinationHost: string,
    destinationPort: number,
    data: Uint8Array,
    wireBytes: number,
  ) {
    this.protocol = protocol;
    this.from = from;
    this.to = to;
    this.sourcePort = sourcePort;
    this.destinationHost = destinationHost;
    this.destinationPort = destinationPort;
    this.data = data;
    this.wireBytes = wireBytes;
  }

  /** It arrives. */
  happen(): void {
    this.receiver?.arrive(this);
  }
}
