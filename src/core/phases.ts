import { Deferred } from "./deferred/deferred.ts";
import { fail, maybeDeferred } from "./deferred/succeed.ts";
import { ReactorStateError } from "./errors.ts";
import type { Lifecycle } from "./reactor.ts";

/**
 * The life of any reactor: start-up and shutdown in three phases each, again and again. It does no I/O; a reactor hands
 * its Lifecycle calls through to one of these, and adds what it must do itself as steps.
 *
 * Steps stay until they are disposed, and are taken again by the next `run`. What the `before` steps return is awaited
 * before `during` begins; what later steps return holds back nothing but the Deferred of `run()`. Without anything to
 * await, start-up happens inside `run()` and shutdown inside `stop()`.
 */
export class Phases implements Lifecycle {
  readonly #report: (error: unknown, doing: string) => void;
  readonly #steps: Readonly<Record<Event, Record<Phase, Set<Step>>>> = { startup: noSteps(), shutdown: noSteps() };
  #running = false;
  #state: "stopped" | "starting" | "running" | "stopping" = "stopped";
  #stopAsked = false;
  #whenRunning: (() => void)[] = [];
  /** Fires at the end of this run. */
  #ended = new Deferred<void>();

  /** `report` gets what a step throws or fails with, and what was being done. */
  constructor(report: (error: unknown, doing: string) => void) {
    this.#report = report;
  }

  /** From the `during` phase of start-up until the `during` phase of shutdown. */
  get running(): boolean {
    return this.#running;
  }

  /** A stop was asked for, and is not complete. */
  get stopping(): boolean {
    return this.#state !== "stopped" && this.#stopAsked;
  }

  run(): Deferred<void> {
    if (this.#state !== "stopped") return fail(new ReactorStateError("Cannot run the reactor: it runs already"));
    const ended = new Deferred<void>();
    this.#ended = ended;
    this.#state = "starting";
    this.#stopAsked = false;
    this.#take("startup", true, () => this.#started());
    return ended;
  }

  /**
   * Starts the shutdown; during start-up, at the end of that.
   *
   * @throws ReactorStateError if it is not running, or stopping already.
   */
  stop(): void {
    if (this.#state === "stopped") throw new ReactorStateError("Cannot stop the reactor: it is not running");
    if (this.#stopAsked) throw new ReactorStateError("Cannot stop the reactor: it is stopping already");
    this.#stopAsked = true;
    if (this.#state === "running") this.#shutDown();
  }

  addTrigger(phase: Phase, event: Event, step: () => unknown): Disposable {
    const steps = this.#steps[event][phase];
    const entry: Step = { step };
    steps.add(entry);
    return {
      [Symbol.dispose]: () => {
        steps.delete(entry);
      },
    };
  }

  callWhenRunning(f: () => void): void {
    if (this.#running) f();
    else this.#whenRunning.push(f);
  }

  /** The three phases of one event; `then` comes after `after`, without waiting for what its steps returned. */
  #take(event: Event, running: boolean, then: (rest: Deferred<void>) => void): void {
    const before = this.#takePhase("before", event);
    void before.addCallback(() => {
      this.#running = running;
      const during = this.#takePhase("during", event);
      const after = this.#takePhase("after", event);
      then(during.addCallback(() => after));
    });
  }

  /** Starts all steps of a phase, those that it adds to itself too. Fires when all that they returned has settled. */
  #takePhase(phase: Phase, event: Event): Deferred<void> {
    const settled = new Deferred<void>();
    let waiting = 1;
    const one = () => {
      waiting--;
      if (waiting === 0) settled.callback();
    };
    for (const { step } of this.#steps[event][phase]) {
      waiting++;
      // Listening leaves the value to whoever else holds what the step returned; `addCallback` would take it away.
      void maybeDeferred(step).then(one, (error) => {
        this.#report(error, `a step ${phase} ${event}`);
        one();
      });
    }
    one();
    return settled;
  }

  #started(): void {
    this.#state = "running";
    // A stop that was asked for until here has waited; one that a call below asks for has been obeyed when it returns.
    const stopWaits = this.#stopAsked;
    const calls = this.#whenRunning;
    this.#whenRunning = [];
    for (const f of calls) {
      try {
        f();
      } catch (error) {
        this.#report(error, "a call when running");
      }
    }
    if (stopWaits) this.#shutDown();
  }

  #shutDown(): void {
    this.#state = "stopping";
    this.#take("shutdown", false, (rest) => {
      void rest.addCallback(() => {
        this.#state = "stopped";
        this.#ended.callback();
      });
    });
  }
}

type Phase = "before" | "during" | "after";
type Event = "startup" | "shutdown";

// A step is wrapped so that the same function can be added twice, and taken away once.
interface Step {
  readonly step: () => unknown;
}

function noSteps(): Record<Phase, Set<Step>> {
  return { before: new Set(), during: new Set(), after: new Set() };
}
