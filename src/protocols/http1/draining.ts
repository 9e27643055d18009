/** The connections of a server of HTTP, of which each knows a good moment to end. */
import { Deferred } from "../../core/deferred/deferred.ts";
import type { Clock } from "../../core/time/clock.ts";

/** A connection of a server: what asks it to end. */
export interface DrainedConnection {
  /** Nothing was asked that is not answered. */
  readonly isQuiet: boolean;
  /** The answer that is under way, or the next one, is the last. */
  finish(): void;
  close(): void;
}

/** What a protocol that takes over from HTTP may have: says goodbye in its own words, and ends when the peer has answered. */
export interface Leaving {
  goAway(): void;
}

/** Whether a protocol knows how to. */
export function isLeaving(protocol: object | undefined): protocol is Leaving {
  return typeof (protocol as Partial<Leaving> | undefined)?.goAway === "function";
}

/** Keeps the connections of one server, and drains it: see `Factory.drain`. */
export class Draining {
  readonly #clock: Clock;
  readonly #connections: Set<DrainedConnection> = new Set();
  /** Those who wait for the last connection to go. */
  readonly #waiting: Deferred<void>[] = [];
  #isFinishing = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Between a call of `drain` and its end. */
  get isFinishing(): boolean {
    return this.#isFinishing;
  }

  connected(connection: DrainedConnection): void {
    this.#connections.add(connection);
    if (this.#isFinishing) connection.finish();
  }

  /** It is gone, or belongs to another protocol. */
  disconnected(connection: DrainedConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size > 0) return;
    for (const drained of this.#waiting.splice(0)) drained.callback();
  }

  /** Each connection ends with its next answer, or when it was quiet for `quietMs`. Fires when none is left. */
  drain(quietMs: number): Deferred<void> {
    this.#isFinishing = true;
    for (const connection of this.#connections) connection.finish();
    const closing = this.#clock.callLater(quietMs, () => {
      for (const connection of this.#connections) if (connection.isQuiet) connection.close();
    });
    const drained = new Deferred<void>((given) => {
      this.#waiting.splice(this.#waiting.indexOf(given as Deferred<void>), 1);
    });
    if (this.#connections.size === 0) drained.callback();
    else this.#waiting.push(drained);
    const over = (): void => {
      if (closing.active) closing.cancel();
      // A port that opens again is served as before.
      this.#isFinishing = false;
    };
    return drained.addCallbacks(over, (error: Error) => {
      over();
      throw error;
    });
  }
}
