import type { Deferred } from "../core/deferred/deferred.ts";
import type { Holding } from "../core/holdings.ts";
import { type Origins, traceOrigins } from "../core/origins.ts";
import type { ProcessTransport } from "../core/process.ts";
import type { Port, Reactor } from "../core/reactor.ts";
import type { DelayedCall } from "../core/time/clock.ts";
import type { Transport } from "../core/transport.ts";
import { sourcePlace } from "../reactor/source-place.ts";
import { MemoryProcess } from "../testing/memory-process.ts";
import type { Leftover } from "./errors.ts";

/** A reactor that a test used, and what it made there. */
export class WatchedReactor implements Disposable {
  readonly reactor: Reactor;
  readonly #origins: Origins;
  /** What was there before the test began is none of its business. */
  readonly #before: ReadonlySet<object>;
  /** Lets one turn pass. */
  readonly #turn: () => unknown;
  /** Lets some of its time pass; undefined if that is the test's to do. */
  readonly #wait: (() => unknown) | undefined;

  constructor(reactor: Reactor, turn: () => unknown, wait?: () => unknown) {
    this.reactor = reactor;
    this.#before = new Set(reactor.holdings().map(({ subject }) => subject));
    this.#origins = traceOrigins(reactor);
    this.#turn = turn;
    this.#wait = wait;
  }

  [Symbol.dispose](): void {
    this.#origins[Symbol.dispose]();
  }

  /**
   * What the test left behind, after some turns in which it may go: what is closing anyway, a call that is due at once, the
   * other end of a connection that this end has closed.
   */
  async leftovers(): Promise<Leftover[]> {
    for (let turns = 0; turns < TURNS_OF_GRACE && this.#held().length > 0; turns += 1) await this.#turn();
    // While connections that are closing are given their time, calls may come due that nobody waited for.
    const calls = this.#held().filter(isCall);
    await this.#untilClosed(this.#held().filter(isClosing));
    const held = [...this.#held().filter((holding) => !isCall(holding)), ...calls];
    // A timeout that belongs to a connect, or to a farewell, goes with it.
    const own = held.filter((holding) => !isCall(holding) || this.#origins.of(holding.subject) !== undefined);
    return (own.length > 0 ? own : held.filter(({ subject }) => this.#isHeld(subject))).map((holding) => ({
      summary: holding.summary,
      madeAt: this.placeOf(holding),
    }));
  }

  /** What the reactor has on its hands now, in words. */
  get waits(): string[] {
    return this.#held().map((holding) => {
      const place = this.placeOf(holding);
      return place === undefined ? holding.summary : `${holding.summary}, made at ${place}`;
    });
  }

  /** Ends all that the test left behind, and waits until it is gone. */
  async clean(): Promise<void> {
    for (let turns = 0; turns < TURNS_TO_CLEAN; turns += 1) {
      const held = this.#held();
      if (held.length === 0) return;
      for (const holding of held) end(holding);
      await (this.#wait ?? this.#turn)();
    }
    const rest = this.#held().map(({ summary }) => `\n  ${summary}`);
    throw new Error(`Cannot clean the reactor after a test: it holds on to${rest.join("")}`);
  }

  placeOf({ subject }: Holding): string | undefined {
    const place = this.#origins.of(subject)?.place;
    return place === undefined ? undefined : sourcePlace(place);
  }

  #held(): Holding[] {
    return this.reactor.holdings().filter(({ subject }) => !this.#before.has(subject));
  }

  async #untilClosed(closing: readonly Holding[]): Promise<void> {
    if (this.#wait === undefined) return;
    for (const { subject } of closing) {
      const closed = (subject as Transport).whenClosed();
      for (let waits = 0; waits < TURNS_TO_CLEAN && !closed.called; waits += 1) await this.#wait();
    }
  }

  #isHeld(subject: object): boolean {
    return this.reactor.holdings().some((holding) => holding.subject === subject);
  }
}

function isCall({ kind }: Holding): boolean {
  return kind === "delayed call";
}

function isClosing({ kind, subject }: Holding): boolean {
  return kind === "connection" && !(subject as Transport).connected;
}

function end({ kind, subject }: Holding): void {
  switch (kind) {
    case "delayed call":
      (subject as DelayedCall)[Symbol.dispose]();
      return;
    case "port":
    case "datagram port":
      (subject as Port).stopListening();
      return;
    case "connection":
      (subject as Transport).abortConnection();
      return;
    case "connecting":
    case "worker":
      (subject as Deferred<unknown>).addErrback(() => undefined).cancel();
      return;
    case "process":
      kill(subject as ProcessTransport);
  }
}

function kill(child: ProcessTransport): void {
  if (child instanceof MemoryProcess) {
    if (child.state !== "starting") child.die("SIGKILL");
    return;
  }
  // Before it runs there is nobody to kill: the next turn tries again.
  if (child.pid === undefined) return;
  try {
    child.signalProcess("KILL");
  } catch {
    // It has exited, and its descriptors are being closed.
    child.loseConnection();
  }
}

/** Two ends of a connection in one process part within three or four turns, over TLS within ten. */
const TURNS_OF_GRACE = 30;

/** Against something that cannot be ended; at 1 ms a turn half a minute or more. */
const TURNS_TO_CLEAN = 30_000;
