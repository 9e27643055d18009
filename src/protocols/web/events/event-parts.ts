import type { Clock, DelayedCall } from "../../../core/time/clock.ts";

/**
 * The parts of a stream of events: what the source gives, and a comment whenever it has given nothing for a while, so that
 * nothing on the way takes the connection for dead. An object and no generator, because a generator that waits for its source
 * cannot be told in the middle of it that the client is gone.
 */
export class EventParts implements AsyncIterableIterator<string> {
  readonly #source: AsyncIterator<string>;
  readonly #clock: Clock;
  readonly #keepAliveMs: number;
  #isAsking = false;
  /** Came while nobody asked. */
  #arrived: Arrived | undefined = undefined;
  #waiting: Waiting | undefined = undefined;
  #timer: DelayedCall | undefined = undefined;
  #isOver = false;

  constructor(source: AsyncIterator<string>, clock: Clock, keepAliveMs: number) {
    this.#source = source;
    this.#clock = clock;
    this.#keepAliveMs = keepAliveMs;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<string>> {
    if (this.#isOver) return Promise.resolve(DONE);
    if (!this.#isAsking && this.#arrived === undefined) this.#ask();
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (this.#arrived !== undefined) this.#deliver();
      else if (this.#keepAliveMs < Number.POSITIVE_INFINITY) {
        this.#timer = this.#clock.callLater(this.#keepAliveMs, () =>
          this.#settle()?.resolve({ done: false, value: COMMENT }),
        );
      }
    });
  }

  async return(): Promise<IteratorResult<string>> {
    this.#isOver = true;
    this.#settle()?.resolve(DONE);
    await this.#source.return?.();
    return DONE;
  }

  /** The answer of the source may come for a later `next` than the one that asked: comments went out in between. */
  #ask(): void {
    this.#isAsking = true;
    const arrived = (what: Arrived): void => {
      this.#isAsking = false;
      this.#arrived = what;
      if (this.#waiting !== undefined) this.#deliver();
    };
    this.#source.next().then(
      (result) => arrived({ result }),
      (error: unknown) => arrived({ error }),
    );
  }

  #deliver(): void {
    const arrived = this.#arrived as Arrived;
    this.#arrived = undefined;
    const waiting = this.#settle();
    if ("error" in arrived) {
      this.#isOver = true;
      waiting?.reject(arrived.error);
    } else {
      if (arrived.result.done === true) this.#isOver = true;
      waiting?.resolve(arrived.result);
    }
  }

  #settle(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (this.#timer?.active === true) this.#timer.cancel();
    this.#timer = undefined;
    return waiting;
  }
}

type Arrived = { readonly result: IteratorResult<string> } | { readonly error: unknown };

interface Waiting {
  readonly resolve: (result: IteratorResult<string>) => void;
  readonly reject: (error: unknown) => void;
}

const COMMENT = ":\n\n";
const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
