import type { Packet } from "../network/packet.ts";

/** Sees what happens, when it happens. Each method may be left out; none may change anything. */
export interface Observer {
  /** A packet leaves its host. */
  packetSent?(packet: Packet, nowMs: number): void;
  /** It arrives. A datagram that the network doubled arrives twice. */
  packetArrived?(packet: Packet, nowMs: number): void;
  /** It will not arrive: `reason` says why, in a word or two (`"loss"`, `"partition"`, `"queue full"`, `"host down"`). */
  packetLost?(packet: Packet, nowMs: number, reason: string): void;
  /** Something worth a label: a protocol event, a log line, a state of a host. */
  noted?(note: Note): void;
  /** A fault begins or ends. */
  faultChanged?(change: FaultChange): void;
  /** TLS agreed on secrets: a line of the NSS key log format. */
  keysLogged?(line: string): void;
}

/** A label on the life of a host. */
export interface Note {
  readonly timeMs: number;
  /** The host's name. */
  readonly host: string;
  readonly kind: "connection" | "log" | "host" | "note";
  readonly text: string;
  /** Of kind "host": what it is from now on. One that is paused goes on at `untilMs`. */
  readonly state?: "up" | "down" | "paused" | undefined;
  readonly untilMs?: number | undefined;
}

/** One end of a fault's time. */
export interface FaultChange {
  readonly timeMs: number;
  readonly change: "begins" | "ends";
  /** The same object at both ends. */
  readonly fault: { readonly kind: string };
  /** One line for people: `partition of a from b, c`. */
  readonly text: string;
  /** The names of the hosts that it touches. */
  readonly hosts: readonly string[];
}

/** The observers of one simulation as one. */
export class Observers implements Required<Observer> {
  readonly list: Observer[] = [];

  add(observer: Observer): Disposable {
    this.list.push(observer);
    return { [Symbol.dispose]: () => void this.list.splice(this.list.indexOf(observer), 1) };
  }

  packetSent(packet: Packet, nowMs: number): void {
    for (const observer of this.list) observer.packetSent?.(packet, nowMs);
  }

  packetArrived(packet: Packet, nowMs: number): void {
    for (const observer of this.list) observer.packetArrived?.(packet, nowMs);
  }

  packetLost(packet: Packet, nowMs: number, reason: string): void {
    for (const observer of this.list) observer.packetLost?.(packet, nowMs, reason);
  }

  noted(note: Note): void {
    for (const observer of this.list) observer.noted?.(note);
  }

  faultChanged(change: FaultChange): void {
    for (const observer of this.list) observer.faultChanged?.(change);
  }

  keysLogged(line: string): void {
    for (const observer of this.list) observer.keysLogged?.(line);
  }
}
