import { formatAddress } from "./address.ts";
import type { DatagramTransport } from "./datagram.ts";
import type { Deferred } from "./deferred/deferred.ts";
import type { ProcessTransport } from "./process.ts";
import type { Port } from "./reactor.ts";
import { protocolOf, type StreamTransport } from "./stream-transport.ts";
import type { DelayedCall } from "./time/clock.ts";

/** Something that a reactor has on its hands: it keeps it busy until somebody ends it. */
export interface Holding {
  readonly kind: HoldingKind;
  /** What it is, for people: `connection of Echo at 127.0.0.1:80 with 127.0.0.1:50112`. */
  readonly summary: string;
  /**
   * The thing itself: the DelayedCall, the Port, the Transport, the DatagramTransport, the ProcessTransport; for
   * `connecting` and `worker` the Deferred that the caller was given.
   */
  readonly subject: object;
}

/** What sort of thing a Holding is. */
export type HoldingKind =
  | "delayed call"
  | "port"
  | "connection"
  | "connecting"
  | "datagram port"
  | "process"
  | "worker";

/** What an engine knows of itself, to be put into words by `holdingsOf`. */
export interface Held {
  /** In the order in which they are due. */
  readonly calls: Iterable<DelayedCall>;
  readonly ports: Iterable<Port>;
  readonly connections: Iterable<StreamTransport>;
  /** What each Deferred waits for: `host:port`. */
  readonly connecting: Iterable<readonly [Deferred<unknown>, string]>;
  readonly datagramPorts: Iterable<DatagramTransport>;
  readonly processes: Iterable<ProcessTransport & { readonly program: string }>;
  /** What each Deferred waits for: the module. */
  readonly workers: Iterable<readonly [Deferred<unknown>, string]>;
}

/** The list that `reactor.holdings()` gives. */
export function holdingsOf(nowMs: number, held: Held): readonly Holding[] {
  const holdings: Holding[] = [];
  const add = (kind: HoldingKind, subject: object, words: () => string): void => {
    holdings.push(new HeldThing(kind, subject, words));
  };
  for (const port of held.ports) add("port", port, () => `port ${formatAddress(port.address)}`);
  for (const port of held.datagramPorts) add("datagram port", port, () => `datagram port ${formatAddress(port.local)}`);
  for (const one of held.connections) add("connection", one, () => connectionSummary(one));
  for (const [deferred, target] of held.connecting) add("connecting", deferred, () => `connecting to ${target}`);
  for (const child of held.processes) add("process", child, () => processSummary(child));
  for (const [deferred, module] of held.workers) add("worker", deferred, () => `call of ${module} in a worker`);
  for (const call of held.calls) add("delayed call", call, () => callSummary(call, nowMs));
  return holdings;
}

/** Is put into words only if somebody reads them: who counts ten thousand connections each second does not. */
class HeldThing implements Holding {
  readonly kind: HoldingKind;
  readonly subject: object;
  readonly #words: () => string;

  constructor(kind: HoldingKind, subject: object, words: () => string) {
    this.kind = kind;
    this.subject = subject;
    this.#words = words;
  }

  get summary(): string {
    return this.#words();
  }
}

function connectionSummary(transport: StreamTransport): string {
  const protocol = protocolOf(transport);
  const of = protocol === undefined ? "" : ` of ${protocol.innermost.constructor.name}`;
  const state = protocol === undefined || transport.connected ? "" : ", closing";
  return `connection${of} at ${formatAddress(transport.local)} with ${formatAddress(transport.peer)}${state}`;
}

function processSummary({ program, pid }: ProcessTransport & { readonly program: string }): string {
  return `process ${JSON.stringify(program)} ${pid === undefined ? "(not started yet)" : `(pid ${pid})`}`;
}

function callSummary({ time }: DelayedCall, nowMs: number): string {
  const ms = time - nowMs;
  if (ms === Number.POSITIVE_INFINITY) return "delayed call that is never due";
  return ms < 0 ? `delayed call, due ${Math.round(-ms)} ms ago` : `delayed call, due in ${Math.round(ms)} ms`;
}

/** Keeps `deferred` in `waiting`, with what it waits for, until it has a result. Gives it back. */
export function heldUntilSettled<T>(
  waiting: Map<Deferred<unknown>, string>,
  what: string,
  deferred: Deferred<T>,
): Deferred<T> {
  waiting.set(deferred, what);
  return deferred.addCallbacks(
    (value) => {
      waiting.delete(deferred);
      return value;
    },
    (error: Error) => {
      waiting.delete(deferred);
      throw error;
    },
  );
}
