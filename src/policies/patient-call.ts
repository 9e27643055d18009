import type { Clock, DelayedCall } from "../core/time/clock.ts";

/** A delayed call that is put off by the whole delay again as long as `isTime` says no. */
export class PatientCall implements DelayedCall {
  #call: DelayedCall;

  constructor(clock: Clock, ms: number, isTime: () => boolean, f: () => void) {
    const arm = (): DelayedCall =>
      clock.callLater(ms, () => {
        if (isTime()) f();
        else this.#call = arm();
      });
    this.#call = arm();
  }

  get time(): number {
    return this.#call.time;
  }

  get active(): boolean {
    return this.#call.active;
  }

  cancel(): void {
    this.#call.cancel();
  }

  reset(ms: number): void {
    this.#call.reset(ms);
  }

  delay(ms: number): void {
    this.#call.delay(ms);
  }

  [Symbol.dispose](): void {
    this.#call[Symbol.dispose]();
  }
}
