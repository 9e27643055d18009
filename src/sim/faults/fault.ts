import type { LinkOptions, Selector } from "../network/link-options.ts";

/** When a fault is there. */
export interface FaultTime {
  /** Virtual ms since the simulation began; default, and if that has passed: now. */
  readonly atMs?: number | undefined;
  /** How long; left out (or Infinity): until `sim.endFaults()`. */
  readonly forMs?: number | undefined;
}

/** A fault that has no length. */
export interface FaultInstant {
  /** Virtual ms since the simulation began; default, and if that has passed: now. */
  readonly atMs?: number | undefined;
}

/** No packet passes between the two. */
export interface Partition extends FaultTime {
  readonly kind: "partition";
  readonly between: readonly [Selector, Selector];
}

/** No packet passes from one to the other; the way back is open. */
export interface OneWayPartition extends FaultTime {
  readonly kind: "one-way partition";
  readonly from: Selector;
  readonly to: Selector;
}

/** Every TCP connection between the two is reset: both ends hear ECONNRESET. */
export interface Reset extends FaultInstant {
  readonly kind: "reset";
  readonly between: readonly [Selector, Selector];
}

/** `host` loses its TCP connections with `peer` (its processes hear ECONNRESET), and `peer` is not told. */
export interface HalfOpen extends FaultInstant {
  readonly kind: "half-open";
  readonly host: Selector;
  readonly peer: Selector;
}

/** What the TCP connections that are there send one another vanishes, as when a NAT has forgotten them. New ones work. */
export interface SilentDrop extends FaultTime {
  readonly kind: "silent drop";
  readonly between: readonly [Selector, Selector];
}

/** The host's processes read so little of each connection. */
export interface SlowReader extends FaultTime {
  readonly kind: "slow reader";
  readonly host: Selector;
  /** 1 or more. */
  readonly bytesPerSecond: number;
}

/** The kernel answers no SYN: whoever dials waits. */
export interface FullAcceptQueue extends FaultTime {
  readonly kind: "full accept queue";
  readonly host: Selector;
  /** Default: all. */
  readonly port?: number | undefined;
}

/** New connections are refused, as if nobody listened. */
export interface Refuse extends FaultTime {
  readonly kind: "refuse";
  readonly host: Selector;
  /** Default: all. */
  readonly port?: number | undefined;
}

/** The name cannot be looked up (EAI_AGAIN). */
export interface DnsFailure extends FaultTime {
  readonly kind: "dns failure";
  /** `"*"` for all names. */
  readonly name: string;
}

/** The wall clock is set wrong, and both clocks may run too fast or too slow. At the end the wall clock is set right. */
export interface ClockSkew extends FaultTime {
  readonly kind: "clock skew";
  readonly host: Selector;
  /** What the wall clock is ahead; negative: behind. */
  readonly offsetMs: number;
  /** Its milliseconds for each true one; default 1. */
  readonly rate?: number | undefined;
}

/** The host's processes stop, as for a garbage collection; its kernel goes on. */
export interface Pause extends FaultInstant {
  readonly kind: "pause";
  readonly host: Selector;
  /** Finite; `endFaults` does not shorten it. */
  readonly forMs: number;
}

/** Power fails: nothing is flushed, nobody is told. After `forMs` the machine starts again. */
export interface Crash extends FaultTime {
  readonly kind: "crash";
  readonly host: Selector;
}

/** The host's process is killed; its kernel closes what it had open, and its program starts anew. */
export interface Kill extends FaultInstant {
  readonly kind: "kill";
  readonly host: Selector;
}

/** Nothing more can be written to the host's disk (ENOSPC). */
export interface DiskFull extends FaultTime {
  readonly kind: "disk full";
  readonly host: Selector;
}

/** Somebody else has the port, TCP and UDP: who wants to listen there fails (EADDRINUSE). Who listens already is not touched. */
export interface PortInUse extends FaultTime {
  readonly kind: "port in use";
  readonly host: Selector;
  readonly port: number;
}

/** The links between the two are as `link` says, in both directions. */
export interface BadLink extends FaultTime {
  readonly kind: "bad link";
  readonly between: readonly [Selector, Selector];
  readonly link: LinkFault;
}

/** What a link can be like, in numbers only; what is left out stays as it is. */
export type LinkFault = { readonly [K in keyof LinkOptions]: Extract<LinkOptions[K], number | undefined> };

/**
 * Something that goes wrong, as data: it can be written down as JSON and read back. `sim.inject(fault)` makes it happen. Hosts
 * are named by a host's name, a group's name, `"*"` or a list of these.
 */
export type Fault =
  | Partition
  | OneWayPartition
  | Reset
  | HalfOpen
  | SilentDrop
  | SlowReader
  | FullAcceptQueue
  | Refuse
  | DnsFailure
  | ClockSkew
  | Pause
  | Crash
  | Kill
  | DiskFull
  | PortInUse
  | BadLink;

/** The word that says which fault. */
export type FaultKind = Fault["kind"];

/** The fault of one kind. */
export type FaultOf<K extends FaultKind> = Extract<Fault, { readonly kind: K }>;
