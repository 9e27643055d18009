import type { Packet } from "../network/packet.ts";
import type { FaultChange, Note, Observer } from "./observer.ts";
import { traceLine } from "./trace-line.ts";

/** How much a trace keeps. */
export interface TraceOptions {
  /** The last so many events; default 10 000. */
  readonly limit?: number | undefined;
  /** The first so many bytes of each packet's data; default 64. */
  readonly headBytes?: number | undefined;
}

/** Something that happened: look at `type`. */
export type TraceEvent = TracedPacket | TracedNote | TracedFault;

/** A packet and what became of it. */
export interface TracedPacket {
  readonly type: "packet";
  /** When it was sent. */
  readonly timeMs: number;
  /** In the order of sending, from 1; 0 for one that never got to the network. */
  readonly id: number;
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly from: TracedEnd;
  readonly to: TracedEnd;
  /** Of data, without headers. */
  readonly bytes: number;
  /** The first of them; none of ciphertext. */
  readonly head: Uint8Array;
  /** TCP: FIN 1, SYN 2, RST 4, PSH 8, ACK 16. */
  readonly flags: number;
  readonly isRetransmission: boolean;
  /** Ciphertext. */
  readonly isOpaque: boolean;
  readonly fate: "on its way" | "arrived" | "lost";
  /** When it arrived: twice if the network doubled it. */
  readonly arrivals: readonly number[];
  /** When and why it, or a copy of it, was lost. */
  readonly lostMs: number | undefined;
  readonly reason: string | undefined;
}

/** Where a packet comes from or goes to. */
export interface TracedEnd {
  /** The host's name; undefined if no host has that address. */
  readonly host: string | undefined;
  /** IP literal. */
  readonly address: string;
  readonly port: number;
}

/** A label on the life of a host. */
export interface TracedNote extends Note {
  readonly type: "note";
}

/** One end of a fault's time. */
export interface TracedFault extends FaultChange {
  readonly type: "fault";
}

/** What a diagram is drawn from: a trace, or what was made of one. */
export interface TraceView {
  readonly seed: number;
  /** Names, in the order in which they are to stand. */
  readonly hosts: readonly string[];
  /** In the order in which they began. */
  readonly events: readonly TraceEvent[];
  /** Events before these, which were not kept. */
  readonly dropped: number;
  /** Virtual time at its end. */
  readonly nowMs: number;
}

/** Only a simulation makes traces. */
export let makeTrace: (source: TraceSource, options: TraceOptions) => Trace;

/**
 * The last events of a simulation, from the moment on at which `sim.trace()` made it: packets with their fate, labels on
 * the lives of hosts, faults. As a string, a line for each.
 *
 * @example
 * ```ts
 * import { DatagramProtocol } from "ropewalk";
 * import { Simulation } from "ropewalk/sim";
 *
 * const sim = new Simulation({ seed: 1 });
 * const [a, b] = [sim.host("a"), sim.host("b")];
 * using trace = sim.trace();
 * await sim.run(async () => {
 *   await b.reactor.listenUdp({ port: 7 }, new DatagramProtocol());
 *   const port = await a.reactor.listenUdp({ port: 5_000 }, new DatagramProtocol());
 *   port.write("hello", { host: b.address, port: 7 });
 * });
 * await sim.advance(10);
 * console.log(String(trace)); //       0.000 ms  a:5000 → b:7  udp 5 bytes  arrives 1.000  hello
 * ```
 */
export class Trace implements TraceView, Disposable {
  readonly seed: number;
  readonly #source: TraceSource;
  readonly #limit: number;
  readonly #headBytes: number;
  readonly #observed: Disposable;
  readonly #byId = new Map<number, OpenPacket>();
  #events: TraceEvent[] = [];
  /** Of `#events`: what is before it has been dropped. */
  #first = 0;
  #dropped = 0;

  static {
    makeTrace = (source, options) => new Trace(source, options);
  }

  private constructor(source: TraceSource, { limit = 10_000, headBytes = 64 }: TraceOptions) {
    if (!(limit >= 1)) throw new RangeError(`Cannot keep ${limit} events: give a number of at least 1`);
    if (!(headBytes >= 0)) throw new RangeError(`Cannot keep ${headBytes} bytes of a packet: give zero or more`);
    this.seed = source.seed;
    this.#source = source;
    this.#limit = limit;
    this.#headBytes = headBytes;
    this.#observed = source.observe({
      packetSent: (packet, nowMs) => this.#sent(packet, nowMs),
      packetArrived: ({ id }, nowMs) => this.#arrived(id, nowMs),
      packetLost: (packet, nowMs, reason) => this.#lost(packet, nowMs, reason),
      noted: (note) => this.#keep({ type: "note", ...note }),
      faultChanged: (change) => this.#keep({ type: "fault", ...change }),
    });
  }

  get hosts(): readonly string[] {
    return this.#source.hosts();
  }

  get nowMs(): number {
    return this.#source.nowMs();
  }

  get events(): readonly TraceEvent[] {
    return this.#events.slice(this.#first);
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** A line for each event: `12.345 ms  client:49153 → server:7  tcp 5 bytes [PSH]  arrives 13.345  hello`. */
  toString(): string {
    return this.events.map(traceLine).join("\n");
  }

  /** Looks no longer. What was seen stays. */
  [Symbol.dispose](): void {
    this.#observed[Symbol.dispose]();
  }

  #sent(packet: Packet, nowMs: number): OpenPacket {
    const { protocol, from, to, sourcePort, destinationHost, destinationPort, data, flags, isOpaque } = packet;
    const traced: OpenPacket = {
      type: "packet",
      timeMs: nowMs,
      id: packet.id,
      protocol,
      from: { host: from.name, address: from.host, port: sourcePort },
      to: { host: to?.name, address: destinationHost, port: destinationPort },
      // How long ciphertext is differs from run to run, what it counts does not.
      bytes: isOpaque ? packet.wireBytes - TCP_HEADER_BYTES : data.length,
      head: isOpaque ? NO_BYTES : data.slice(0, this.#headBytes),
      flags,
      isRetransmission: packet.isRetransmission,
      isOpaque,
      fate: "on its way",
      arrivals: [],
      lostMs: undefined,
      reason: undefined,
    };
    if (packet.id > 0) this.#byId.set(packet.id, traced);
    this.#keep(traced);
    return traced;
  }

  #arrived(id: number, nowMs: number): void {
    const traced = this.#byId.get(id);
    if (traced === undefined) return;
    traced.fate = "arrived";
    traced.arrivals.push(nowMs);
  }

  #lost(packet: Packet, nowMs: number, reason: string): void {
    // A connection that is muted does not even get to the network.
    const traced = packet.id === 0 ? this.#sent(packet, nowMs) : this.#byId.get(packet.id);
    if (traced === undefined) return;
    traced.lostMs = nowMs;
    traced.reason = reason;
    if (traced.arrivals.length === 0) traced.fate = "lost";
  }

  #keep(event: TraceEvent): void {
    this.#events.push(event);
    if (this.#events.length - this.#first <= this.#limit) return;
    const oldest = this.#events[this.#first] as TraceEvent;
    if (oldest.type === "packet") this.#byId.delete(oldest.id);
    this.#first += 1;
    this.#dropped += 1;
    if (this.#first < this.#limit) return;
    this.#events = this.#events.slice(this.#first);
    this.#first = 0;
  }
}

/** What a trace needs of its simulation. */
export interface TraceSource {
  readonly seed: number;
  readonly hosts: () => readonly string[];
  readonly nowMs: () => number;
  readonly observe: (observer: Observer) => Disposable;
}

/** A packet whose fate is not sealed. */
type OpenPacket = { -readonly [K in keyof TracedPacket]: TracedPacket[K] } & { readonly arrivals: number[] };

const NO_BYTES = new Uint8Array(0);
/** Ciphertext travels in TCP alone. */
const TCP_HEADER_BYTES = 40;
