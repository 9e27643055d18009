import { PSH } from "../network/packet.ts";
import type { FaultChange } from "../trace/observer.ts";
import type { TracedFault, TracedNote, TracedPacket, TraceEvent, TraceView } from "../trace/trace.ts";

/** What part of a trace a diagram shows, and what it says about it. */
export interface DiagramOptions {
  /** The headline. */
  readonly title?: string | undefined;
  /** A line or two below it. */
  readonly subtitle?: string | undefined;
  /** Virtual time from which on to draw; default: the trace's beginning. */
  readonly fromMs?: number | undefined;
  /** Virtual time up to which to draw; default: the trace's end. */
  readonly untilMs?: number | undefined;
  /** At most so many events, the last ones; default 2 000. The page says how many are left out. */
  readonly limit?: number | undefined;
  /** The lifelines, from left to right; default: all hosts that take part. Packets between others are not drawn. */
  readonly hosts?: readonly string[] | undefined;
  /** What is written at a packet: a protocol can say it better than its bytes. Undefined: what is said without it. */
  readonly label?: ((packet: TracedPacket) => string | undefined) | undefined;
}

/** The part of a trace that is drawn. */
export interface Scene {
  readonly hosts: readonly string[];
  /** In the order of the trace; acknowledgments among them. Their places in it are the numbers of the table's rows. */
  readonly events: readonly TraceEvent[];
  readonly spans: readonly FaultSpan[];
  readonly endMs: number;
  /** By host: the last change of its state before what is drawn. */
  readonly before: ReadonlyMap<string, TracedNote>;
  /** Events that the limit, and ones that the trace, left out before these. */
  readonly leftOut: number;
}

/** A fault from its beginning to its end; one that is undefined lies outside of what is drawn. */
export interface FaultSpan {
  readonly text: string;
  readonly kind: string;
  readonly hosts: readonly string[];
  readonly begins: TracedFault | undefined;
  readonly ends: TracedFault | undefined;
  /** When it began, if it is not drawn. */
  readonly sinceMs: number | undefined;
}

/** Chooses what is drawn. */
export function sceneOf(view: TraceView, options: DiagramOptions): Scene {
  const { fromMs = 0, untilMs = Number.POSITIVE_INFINITY, limit = 2_000 } = options;
  if (!(limit >= 1)) throw new RangeError(`Cannot draw ${limit} events: give a number of at least 1`);
  const chosen = options.hosts === undefined ? undefined : new Set(options.hosts);
  const inWindow = view.events.filter((event) => {
    return event.timeMs >= fromMs && event.timeMs <= untilMs && isBetween(event, chosen);
  });
  const first = firstWithin(inWindow, limit);
  const events = inWindow.slice(first);
  const startMs = first === 0 ? fromMs : (events[0]?.timeMs ?? fromMs);
  return {
    hosts: options.hosts ?? hostsOf(events, view.hosts),
    events,
    spans: spansOf(view.events, new Set(events), startMs, untilMs).filter(({ hosts }) => touches(hosts, chosen)),
    before: statesBefore(view.events, events[0]),
    endMs: Math.min(view.nowMs, untilMs),
    leftOut: first + (fromMs > 0 ? 0 : view.dropped),
  };
}

/** A segment that says nothing but what has been received. One that is lost, or asks for an answer, says more. */
export function isPureAck({ protocol, flags, bytes, fate, isRetransmission }: TracedPacket): boolean {
  const isPlain = (flags & ~PSH) === 16 && bytes === 0;
  return protocol === "tcp" && isPlain && fate !== "lost" && !isRetransmission;
}

/** The place of the first event to draw: acknowledgments do not count, but there are not more of them either. */
function firstWithin(events: readonly TraceEvent[], limit: number): number {
  let [shown, acks] = [0, 0];
  for (let at = events.length - 1; at >= 0; at -= 1) {
    const event = events[at] as TraceEvent;
    if (event.type === "packet" && isPureAck(event)) acks += 1;
    else shown += 1;
    if (shown > limit || acks > limit) return at + 1;
  }
  return 0;
}

function isBetween(event: TraceEvent, chosen: ReadonlySet<string> | undefined): boolean {
  if (chosen === undefined) return true;
  if (event.type === "note") return chosen.has(event.host);
  if (event.type === "fault") return touches(event.hosts, chosen);
  return chosen.has(event.from.host ?? "") && (event.to.host === undefined || chosen.has(event.to.host));
}

function touches(hosts: readonly string[], chosen: ReadonlySet<string> | undefined): boolean {
  return chosen === undefined || hosts.length === 0 || hosts.some((host) => chosen.has(host));
}

function hostsOf(events: readonly TraceEvent[], all: readonly string[]): string[] {
  const seen = new Set<string>();
  for (const event of events) for (const host of namesIn(event)) seen.add(host);
  if (seen.size === 0) return [...all];
  const known = all.filter((host) => seen.delete(host));
  return [...known, ...seen];
}

function namesIn(event: TraceEvent): readonly string[] {
  if (event.type === "note") return [event.host];
  if (event.type === "fault") return event.hosts;
  return [event.from.host, event.to.host].filter((host) => host !== undefined);
}

function spansOf(
  all: readonly TraceEvent[],
  drawn: ReadonlySet<TraceEvent>,
  startMs: number,
  untilMs: number,
): FaultSpan[] {
  const spans: FaultSpan[] = [];
  for (const { begins, ends } of pairsOf(all)) {
    const isBegunHere = begins !== undefined && drawn.has(begins);
    const isEndedHere = ends !== undefined && drawn.has(ends);
    const isAround = (begins?.timeMs ?? 0) < startMs && (ends === undefined || ends.timeMs > untilMs);
    if (!isBegunHere && !isEndedHere && !isAround) continue;
    const { text, hosts, fault } = (begins ?? ends) as TracedFault;
    spans.push({
      text,
      kind: fault.kind,
      hosts,
      begins: isBegunHere ? begins : undefined,
      ends: isEndedHere ? ends : undefined,
      sinceMs: isBegunHere ? undefined : begins?.timeMs,
    });
  }
  return spans;
}

/** A fault may come again: each time is a pair of its own. */
function pairsOf(all: readonly TraceEvent[]): FaultPair[] {
  const open = new Map<FaultChange["fault"], FaultPair>();
  const pairs: FaultPair[] = [];
  for (const event of all) {
    if (event.type !== "fault") continue;
    const begun = open.get(event.fault);
    if (event.change === "ends" && begun !== undefined) {
      begun.ends = event;
      open.delete(event.fault);
    } else {
      const pair = event.change === "begins" ? { begins: event, ends: undefined } : { begins: undefined, ends: event };
      if (event.change === "begins") open.set(event.fault, pair);
      pairs.push(pair);
    }
  }
  return pairs;
}

interface FaultPair {
  readonly begins: TracedFault | undefined;
  ends: TracedFault | undefined;
}

function statesBefore(all: readonly TraceEvent[], first: TraceEvent | undefined): Map<string, TracedNote> {
  const states = new Map<string, TracedNote>();
  for (const event of all) {
    if (event === first) break;
    if (event.type === "note" && event.state !== undefined) states.set(event.host, event);
  }
  return states;
}
