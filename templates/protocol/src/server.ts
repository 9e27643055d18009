import type { Clock, Factory } from "ropewalk";
import { idleTimeout } from "ropewalk/policies";
import type { SampleMessage } from "./events.ts";
import { SampleProtocol } from "./protocol.ts";

/** Limits of `sampleServer`. */
export interface SampleServerOptions {
  /** The reactor, or a test's Clock. */
  readonly clock: Clock;
  /** Silence after which a connection is closed; default 30 000 ms. */
  readonly idleTimeoutMs?: number | undefined;
}

/**
 * Answers questions, each with what `answer` says, in the order of asking.
 *
 * @example
 * ```ts
 * import { listen } from "ropewalk";
 * import { sampleServer } from "ropewalk/sample";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * await listen(reactor, "tcp:1400", sampleServer((question) => `You said ${question}`, { clock: reactor }));
 * const guest = reactor.dial(1400);
 * guest.remote.write(Uint8Array.of(2, 104, 105));
 * console.log(guest.text().slice(1)); // You said hi
 * ```
 */
export function sampleServer(answer: (question: string) => string, options: SampleServerOptions): Factory {
  const { clock, idleTimeoutMs = IDLE_TIMEOUT_MS } = options;
  return idleTimeout(() => new Answerer(answer), { clock, idleTimeoutMs });
}

class Answerer extends SampleProtocol {
  readonly #answer: (question: string) => string;

  constructor(answer: (question: string) => string) {
    super();
    this.#answer = answer;
  }

  override messageReceived({ text }: SampleMessage): void {
    this.sendMessage({ text: this.#answer(text) });
  }
}

const IDLE_TIMEOUT_MS = 30_000;
