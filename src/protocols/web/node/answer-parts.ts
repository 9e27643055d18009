/** Parts of an answer: whoever writes one is told when it was taken, and the next is asked for. */
export class AnswerParts implements AsyncIterableIterator<Uint8Array> {
  readonly #onGivenUp: () => unknown;
  #part: Uint8Array | undefined = undefined;
  #taken: (() => void) | undefined = undefined;
  #waiting: Waiting | undefined = undefined;
  #hasEnded = false;
  #error: Error | undefined = undefined;

  constructor(onGivenUp: () => unknown) {
    this.#onGivenUp = onGivenUp;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** One at a time: the next when `taken` was called. */
  put(part: Uint8Array, taken: () => void): void {
    this.#part = part;
    this.#taken = taken;
    this.#settle();
  }

  end(): void {
    this.#hasEnded = true;
    this.#settle();
  }

  fail(error: Error): void {
    if (this.#hasEnded) return;
    this.#error = error;
    this.#settle();
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#part === undefined) {
      const taken = this.#taken;
      this.#taken = undefined;
      taken?.();
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#settle();
    });
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.#onGivenUp();
    return Promise.resolve(DONE);
  }

  #settle(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const part = this.#part;
    if (this.#error === undefined && part === undefined && !this.#hasEnded) return;
    this.#waiting = undefined;
    this.#part = undefined;
    if (this.#error !== undefined) waiting.reject(this.#error);
    else waiting.resolve(part === undefined ? DONE : { done: false, value: part });
  }
}

interface Waiting {
  readonly resolve: (result: IteratorResult<Uint8Array>) => void;
  readonly reject: (error: Error) => void;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
