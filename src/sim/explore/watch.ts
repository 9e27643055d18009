import type { LogEvent } from "../../core/log/event.ts";
import { formatEvent } from "../../core/log/format.ts";
import { LogLevels } from "../../core/log/levels.ts";
import { logPublisher } from "../../core/log/publisher.ts";
import { onUnhandledRejection } from "../node/unhandled-rejections.ts";
import { type Simulation, surroundingsOf } from "../simulation.ts";
import type { Scenario } from "./scenario.ts";

/** The first thing that did not hold. */
export interface RunFailure {
  /** Its name in the scenario; or `"no unexpected error"`, `"setup"`, `"not too many events"`. */
  readonly invariant: string;
  readonly message: string;
  /** Virtual. */
  readonly atMs: number;
  readonly error: unknown;
}

/** Looks after each event of one run whether all is well; what is not ends the drive. */
export class Watch<W> implements Disposable {
  failure: RunFailure | undefined = undefined;
  readonly #sim: Simulation;
  readonly #mostEvents: number;
  readonly #invariants: readonly (readonly [string, (world: W, sim: Simulation) => void])[];
  readonly #subscriptions: readonly Disposable[];
  #world: { readonly value: W } | undefined;

  constructor(sim: Simulation, scenario: Scenario<W>, more: Scenario<W>["invariants"]) {
    this.#sim = sim;
    this.#mostEvents = scenario.mostEvents ?? MOST_EVENTS;
    this.#invariants = Object.entries({ ...scenario.invariants, ...more });
    const { allowErrors = false } = scenario;
    this.#subscriptions = [
      logPublisher.addOnlooker((event) => {
        if (!allowErrors) this.#logged(event);
      }, new LogLevels("error")),
      onUnhandledRejection((reason) => {
        if (!allowErrors) this.fail(NO_ERROR, reason, "Promise was rejected, and nobody handled it: ");
      }),
    ];
    surroundingsOf(sim).scheduler.afterEvent = () => this.check();
  }

  /** There is something to look at. */
  begin(world: W): void {
    this.#world = { value: world };
    this.checkAtEnd();
  }

  /** @throws the failure's error, if there is one. */
  check(): void {
    const sim = this.#sim;
    const world = this.#world;
    if (this.failure === undefined && world !== undefined) {
      for (const [name, holds] of this.#invariants) {
        try {
          holds(world.value, sim);
        } catch (error) {
          this.fail(name, error);
        }
      }
    }
    if (sim.eventCount > this.#mostEvents) {
      const message = `${sim.eventCount} events, and the time is ${sim.nowMs} ms: something goes round in circles`;
      this.fail("not too many events", new Error(message));
    }
    if (this.failure !== undefined) throw this.failure.error;
  }

  /** What `doing` gives; undefined if it failed, or if something was found meanwhile. */
  async during<T>(name: string, doing: () => Promise<T>): Promise<{ readonly value: T } | undefined> {
    try {
      const value = await doing();
      return this.failure === undefined ? { value } : undefined;
    } catch (error) {
      this.fail(name, error);
      return undefined;
    }
  }

  /** `check`, between two drives. */
  checkAtEnd(): void {
    try {
      this.check();
    } catch (error) {
      this.fail(NO_ERROR, error);
    }
  }

  /** Remembers the first failure. */
  fail(invariant: string, error: unknown, prefix: string = ""): void {
    if (this.failure !== undefined) return;
    const message = prefix + (error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    this.failure = { invariant, message, atMs: this.#sim.nowMs, error };
  }

  [Symbol.dispose](): void {
    surroundingsOf(this.#sim).scheduler.afterEvent = undefined;
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
  }

  #logged(event: LogEvent): void {
    const { error } = event;
    const message = formatEvent(event);
    this.fail(NO_ERROR, error ?? new Error(message), error === undefined ? "" : `${message}: `);
  }
}

/** The condition that is there without being asked for. */
export const NO_ERROR = "no unexpected error";

/** Some ten seconds of real time. */
const MOST_EVENTS = 10_000_000;
