import { Deferred, fail, LoopingCall, succeed } from "ropewalk";
import { Clock } from "ropewalk/testing";
import type { Call, Loop, LoopProgram, Step, TraceEntry } from "./looping-call-program.ts";

/** Runs a program here, and tells what happened. */
export function runLoops(program: LoopProgram): TraceEntry[] {
  const clock = new Clock();
  const trace: TraceEntry[] = [];
  const runners = program.loops.map((loop, index) => new Runner(clock, loop, index, trace));
  for (const step of program.steps) {
    if (step.do === "advance") advance(clock, step);
    else runners[step.loop]?.take(step);
    trace.push(["due", ...clock.getDelayedCalls().map((call) => call.time)]);
    trace.push(["running", ...runners.map((runner) => runner.loop.running)]);
  }
  return trace;
}

function advance(clock: Clock, { by, late }: { readonly by: number; readonly late: boolean }): void {
  if (!late) {
    clock.advance(by);
    return;
  }
  clock.stall(by);
  clock.advance(0);
}

class Runner {
  readonly loop: LoopingCall;
  readonly #clock: Clock;
  readonly #calls: readonly Call[];
  readonly #index: number;
  readonly #trace: TraceEntry[];
  #made = 0;
  #waiting: Deferred<void> | undefined;

  constructor(clock: Clock, { withCount, calls }: Loop, index: number, trace: TraceEntry[]) {
    this.#clock = clock;
    this.#calls = calls;
    this.#index = index;
    this.#trace = trace;
    this.loop = withCount
      ? LoopingCall.withCount(clock, (count) => this.#call(count))
      : new LoopingCall(clock, () => this.#call(null));
  }

  take(step: Exclude<Step, { do: "advance" }>): void {
    switch (step.do) {
      case "start":
        this.#start(step.interval, step.runNow);
        break;
      case "stop":
      case "reset":
        this.#attempt(step.do);
        break;
      case "fire":
        this.#settle((waiting) => waiting.callback());
        break;
      case "fail":
        this.#settle((waiting) => waiting.errback(new Error("failed later")));
        break;
    }
  }

  #start(interval: number, runNow: boolean): void {
    // [ours] Twisted starts a loop whose last call is not over, which then runs twice at once; here that is an error.
    if (!this.loop.running && this.#waiting !== undefined) return;
    try {
      this.loop.start(interval, { runNow }).addCallbacks(
        () => this.#note("ended", this.#clock.now()),
        (error: Error) => this.#note("failed", this.#clock.now(), error.message),
      );
    } catch (error) {
      this.#note("refused start", (error as Error).name === "LoopingCallStateError");
    }
  }

  #attempt(verb: "stop" | "reset"): void {
    try {
      this.loop[verb]();
    } catch (error) {
      this.#note(`refused ${verb}`, (error as Error).name === "LoopingCallStateError");
    }
  }

  #settle(how: (waiting: Deferred<void>) => void): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) how(waiting);
  }

  #call(count: number | null): unknown {
    const call = this.#calls[this.#made % this.#calls.length] as Call;
    this.#made += 1;
    this.#note("called", this.#clock.now(), count);
    if (call.first !== "nothing") this.#attempt(call.first);
    switch (call.next) {
      case "value":
        return "ignored";
      case "throw":
        throw new Error("thrown");
      case "wait":
        this.#waiting = new Deferred<void>();
        return this.#waiting;
      case "fired":
        return succeed("ignored");
      case "failed":
        return fail(new Error("failed at once"));
    }
  }

  #note(what: string, ...more: (number | string | boolean | null)[]): void {
    this.#trace.push([what, this.#index, ...more]);
  }
}
