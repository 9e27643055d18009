/** How long a connection waits for its peer: time comes in with each question, what comes out is when to ask again. */

/** How patient a connection is. Each time stands for what a silent peer would hold meanwhile: a descriptor and a few kB. */
export interface Http1Timeouts {
  /** Between messages, the first one too: 60 s; browsers reuse connections for about as long. */
  readonly idleTimeoutMs: number;
  /** From the first byte of a head to its last, however they trickle in: 10 s, ten times the worst of mobile networks. */
  readonly headTimeoutMs: number;
  /** From the end of a client's request to the first byte of its answer: 60 s, which proxies have agreed on. */
  readonly answerTimeoutMs: number;
  /** Silence, or a rate below the least one, that a body may make up for: 15 s. */
  readonly bodyGraceMs: number;
  /** Bytes of a body each second, over time: 512, an old modem's tenth. */
  readonly minBodyBytesPerSecond: number;
  /** For the peer to take some of what waits to be sent: 60 s, by when a phone is back from its tunnel. For bindings. */
  readonly sendTimeoutMs: number;
}

/** Some of the times. */
export type SomeHttp1Timeouts = { readonly [K in keyof Http1Timeouts]?: Http1Timeouts[K] | undefined };

/** What a connection waits for: another message, the rest of a head, the beginning of an answer, more of a body. */
export type Http1Wait = "idle" | "head" | "answer" | "body";

/** When waiting ends. A body's deadline moves on with its bytes, a second for each `minBodyBytesPerSecond`. */
export class Deadlines {
  readonly #timeouts: Http1Timeouts;
  #wait: Http1Wait | undefined = undefined;
  #message = 0;
  #bytes = 0;
  #atMs: number = Number.POSITIVE_INFINITY;

  constructor(given: SomeHttp1Timeouts = {}) {
    this.#timeouts = {
      idleTimeoutMs: given.idleTimeoutMs ?? TIMEOUTS.idleTimeoutMs,
      headTimeoutMs: given.headTimeoutMs ?? TIMEOUTS.headTimeoutMs,
      answerTimeoutMs: given.answerTimeoutMs ?? TIMEOUTS.answerTimeoutMs,
      bodyGraceMs: given.bodyGraceMs ?? TIMEOUTS.bodyGraceMs,
      minBodyBytesPerSecond: given.minBodyBytesPerSecond ?? TIMEOUTS.minBodyBytesPerSecond,
      sendTimeoutMs: given.sendTimeoutMs ?? TIMEOUTS.sendTimeoutMs,
    };
  }

  get sendTimeoutMs(): number {
    return this.#timeouts.sendTimeoutMs;
  }

  /** The deadline for what is waited for: in which message, and with how many bytes received all told. */
  at(wait: Http1Wait | undefined, message: number, bytes: number, nowMs: number): number {
    const { bodyGraceMs, minBodyBytesPerSecond } = this.#timeouts;
    if (wait !== this.#wait || message !== this.#message) {
      this.#wait = wait;
      this.#message = message;
      this.#atMs = nowMs + this.#patience(wait);
    } else if (wait === "body") {
      const earnedMs = ((bytes - this.#bytes) * 1_000) / minBodyBytesPerSecond;
      // Never further than the grace: who sent much at first would buy hours of silence.
      if (earnedMs > 0) this.#atMs = Math.min(this.#atMs + earnedMs, nowMs + bodyGraceMs);
    }
    this.#bytes = bytes;
    return this.#atMs;
  }

  #patience(wait: Http1Wait | undefined): number {
    switch (wait) {
      case "idle":
        return this.#timeouts.idleTimeoutMs;
      case "head":
        return this.#timeouts.headTimeoutMs;
      case "answer":
        return this.#timeouts.answerTimeoutMs;
      case "body":
        return this.#timeouts.bodyGraceMs;
      default:
        return Number.POSITIVE_INFINITY;
    }
  }
}

const TIMEOUTS: Http1Timeouts = {
  idleTimeoutMs: 60_000,
  headTimeoutMs: 10_000,
  answerTimeoutMs: 60_000,
  bodyGraceMs: 15_000,
  minBodyBytesPerSecond: 512,
  sendTimeoutMs: 60_000,
};
