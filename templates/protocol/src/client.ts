import type { Reactor } from "ropewalk";
import { connect, Deferred } from "ropewalk";
import type { RemoteSampleError } from "./errors.ts";
import type { SampleMessage } from "./events.ts";
import { SampleProtocol } from "./protocol.ts";

/** How to ask. */
export interface AskSampleOptions {
  /** For all of it; default 10 000 ms. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Asks one question on a connection of its own. Cancelling it leaves no connection. Fails with RemoteSampleError,
 * TimeoutError, ConnectError or ConnectionLost.
 *
 * @example
 * ```ts
 * import { listen } from "ropewalk";
 * import { askSample, sampleServer } from "ropewalk/sample";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor({ network: true });
 * await listen(reactor, "tcp:1400", sampleServer(() => "well", { clock: reactor }));
 * const asked = askSample(reactor, "tcp:127.0.0.1:1400", "how are you?", { timeoutMs: 1_000 });
 * reactor.settle();
 * console.log(await asked); // well
 * ```
 */
export function askSample(
  reactor: Reactor,
  endpoint: string,
  question: string,
  options: AskSampleOptions = {},
): Deferred<string> {
  const { timeoutMs = TIMEOUT_MS } = options;
  return connect(reactor, endpoint, () => new Asker(question))
    .addCallback(({ answer }) => answer)
    .addTimeout(timeoutMs, reactor);
}

class Asker extends SampleProtocol {
  readonly answer: Deferred<string> = new Deferred(() => this.transport.abortConnection());
  readonly #question: string;

  constructor(question: string) {
    super();
    this.#question = question;
  }

  override connectionMade(): void {
    this.sendMessage({ text: this.#question });
  }

  override messageReceived({ text }: SampleMessage): void {
    this.transport.loseConnection();
    this.answer.callback(text);
  }

  override protocolBroken(error: RemoteSampleError): void {
    this.answer.errback(error);
    super.protocolBroken(error);
  }

  override connectionLost(reason: Error): void {
    if (!this.answer.called) this.answer.errback(reason);
  }
}

const TIMEOUT_MS = 10_000;
