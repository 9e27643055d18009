import { Deferred } from "../../core/deferred/deferred.ts";
import { ConnectionDone } from "../../core/errors.ts";
import { Protocol } from "../../core/protocol.ts";
import type { Reactor } from "../../core/reactor.ts";
import { connect } from "../../endpoints/connect.ts";
import { joinBytes } from "../../wire/join-bytes.ts";
import { TEXT } from "../../wire/text.ts";
import { encodeFingerQuery, type FingerTarget } from "./codec.ts";
import { RemoteFingerError } from "./errors.ts";

/** Limits of `finger`. */
export interface FingerOptions {
  /** For all of it; default 30 000 ms. */
  readonly timeoutMs?: number | undefined;
  /** Of the answer; default 1 MiB. */
  readonly maxBytes?: number | undefined;
}

/**
 * Asks a finger server (RFC 1288) about a user, or about all if `target` names none. The answer is as it came: it may hold
 * control characters, so escape them (`escapeControls` of `ropewalk/log`) before a terminal sees it. Fails with
 * RemoteFingerError for more than `maxBytes`, TimeoutError, ConnectError or ConnectionLost.
 *
 * @throws EndpointSyntaxError; LocalFingerError for a user that is no name.
 * @example
 * ```ts
 * import { listen } from "ropewalk";
 * import { finger, fingerServer } from "ropewalk/finger";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor({ network: true });
 * await listen(reactor, "tcp:79", fingerServer(({ user }) => `${user} is out`, { clock: reactor }));
 * const asked = finger(reactor, "tcp:127.0.0.1:79", { user: "ann" });
 * reactor.settle();
 * console.log(await asked); // ann is out
 * ```
 */
export function finger(
  reactor: Reactor,
  endpoint: string,
  target: FingerTarget,
  options: FingerOptions = {},
): Deferred<string> {
  const { timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES } = options;
  const line = `${encodeFingerQuery(target)}\r\n`;
  return connect(reactor, endpoint, () => new Asker(line, maxBytes))
    .addCallback(({ answer }) => answer)
    .addTimeout(timeoutMs, reactor);
}

class Asker extends Protocol {
  readonly answer: Deferred<string> = new Deferred(() => this.transport.abortConnection());
  readonly #line: string;
  readonly #maxBytes: number;
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  constructor(line: string, maxBytes: number) {
    super();
    this.#line = line;
    this.#maxBytes = maxBytes;
  }

  override connectionMade(): void {
    this.transport.write(this.#line);
  }

  override dataReceived(data: Uint8Array): void {
    this.#pieces.push(data);
    this.#length += data.length;
    if (this.#length <= this.#maxBytes || this.answer.called) return;
    this.transport.abortConnection();
    this.answer.errback(new RemoteFingerError(`the answer has more than ${this.#maxBytes} bytes`));
  }

  override connectionLost(reason: Error): void {
    if (this.answer.called) return;
    if (reason instanceof ConnectionDone) {
      const bytes = joinBytes(this.#pieces);
      this.answer.callback(TEXT.decodeUtf8(bytes, 0, bytes.length).replace(/\r\n/g, "\n"));
    } else {
      this.answer.errback(reason);
    }
  }
}

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 1 << 20;
