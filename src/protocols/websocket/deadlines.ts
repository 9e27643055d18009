/** How long a connection waits for its peer: time comes in with each question, what comes out is when to ask again. */

/** How patient a connection is. `Infinity` waits for ever; a ping interval of `Infinity` sends none. */
export interface WebSocketTimeouts {
  /**
   * Silence after which a ping asks whether the peer is still there: 20 s. Address translators forget a connection after 30 s
   * at the worst, and proxies after 60.
   */
  readonly pingIntervalMs: number;
  /** How long anything at all may take to come after that ping: 20 s. */
  readonly pongTimeoutMs: number;
  /**
   * From this side's Close frame to the end of the connection: 10 s, an answer's way and what was under way before it. It
   * begins anew as long as the peer takes some of what was sent before.
   */
  readonly closeTimeoutMs: number;
}

/** Some of the times. */
export type SomeWebSocketTimeouts = { readonly [K in keyof WebSocketTimeouts]?: WebSocketTimeouts[K] | undefined };

/** What a connection waits for: to ask after its peer, its answer, the end. */
export type WebSocketWait = "ping" | "pong" | "close";

export class Deadlines {
  readonly #timeouts: WebSocketTimeouts;
  #wait: WebSocketWait | undefined = undefined;
  #bytes = -1;
  #unsentBytes = 0;
  #atMs: number = Number.POSITIVE_INFINITY;

  constructor(given: SomeWebSocketTimeouts | undefined) {
    this.#timeouts = given === undefined ? TIMEOUTS : timeoutsWith(given);
  }

  /**
   * The deadline for what is waited for, with so many bytes received all told, and so many to be sent still: what comes is a
   * sign of life, and while they get fewer, the end is on its way.
   */
  at(wait: WebSocketWait | undefined, bytes: number, unsentBytes: number, nowMs: number): number {
    const unsent = unsentBytes < NO_LOAD_BYTES ? 0 : unsentBytes;
    const isAlive = (wait === "ping" && bytes !== this.#bytes) || (wait === "close" && unsent < this.#unsentBytes);
    if (wait !== this.#wait || isAlive) {
      this.#wait = wait;
      this.#atMs = nowMs + this.#patience(wait);
    }
    this.#bytes = bytes;
    this.#unsentBytes = unsent;
    return this.#atMs;
  }

  #patience(wait: WebSocketWait | undefined): number {
    switch (wait) {
      case "ping":
        return this.#timeouts.pingIntervalMs;
      case "pong":
        return this.#timeouts.pongTimeoutMs;
      case "close":
        return this.#timeouts.closeTimeoutMs;
      default:
        return Number.POSITIVE_INFINITY;
    }
  }
}

function timeoutsWith(given: SomeWebSocketTimeouts): WebSocketTimeouts {
  return {
    pingIntervalMs: given.pingIntervalMs ?? TIMEOUTS.pingIntervalMs,
    pongTimeoutMs: given.pongTimeoutMs ?? TIMEOUTS.pongTimeoutMs,
    closeTimeoutMs: given.closeTimeoutMs ?? TIMEOUTS.closeTimeoutMs,
  };
}

/** A packet or a few, the Close frame among them: they are gone at once, or the peer takes nothing. */
const NO_LOAD_BYTES = 4_096;

const TIMEOUTS: WebSocketTimeouts = {
  pingIntervalMs: 20_000,
  pongTimeoutMs: 20_000,
  closeTimeoutMs: 10_000,
};
