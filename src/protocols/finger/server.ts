import type { Address } from "../../core/address.ts";
import { maybeDeferred } from "../../core/deferred/succeed.ts";
import { Logger } from "../../core/log/logger.ts";
import type { Factory, Protocol } from "../../core/protocol.ts";
import type { Clock } from "../../core/time/clock.ts";
import { idleTimeout } from "../../policies/idle-timeout.ts";
import { LineProtocol } from "../line/protocol.ts";
import { cleanAnswer, type FingerQuery, readFingerQuery } from "./codec.ts";
import { RemoteFingerError } from "./errors.ts";

/** Limits of `fingerServer`. */
export interface FingerServerOptions {
  /** The reactor, or a test's Clock. */
  readonly clock: Clock;
  /** Silence after which a connection is closed; default 30 000 ms. */
  readonly idleTimeoutMs?: number | undefined;
  /** Lets queries with hosts reach `answer`, which then has to pass them on; default: refused (RFC 1288 §3.2.1). */
  readonly allowForwarding?: boolean | undefined;
}

/** Says what there is to say; what may be said is its affair (RFC 1288 §3.2). */
export type FingerAnswer = (query: FingerQuery, peer: Address) => string | PromiseLike<string>;

/**
 * Answers finger queries (RFC 1288): one line in, an answer, and the end. Control characters are taken out of answers. What
 * `answer` throws is logged, and the peer hears that something went wrong, and not what.
 *
 * @example
 * ```ts
 * import { listen } from "ropewalk";
 * import { fingerServer } from "ropewalk/finger";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * await listen(reactor, "tcp:79", fingerServer(({ user }) => `${user} is out`, { clock: reactor }));
 * const guest = reactor.dial(79);
 * guest.remote.write("ann\r\n");
 * console.log(guest.text().trimEnd(), guest.connected); // ann is out false
 * ```
 */
export function fingerServer(answer: FingerAnswer, options: FingerServerOptions): Factory<Protocol> {
  const { clock, idleTimeoutMs = IDLE_TIMEOUT_MS, allowForwarding = false } = options;
  return idleTimeout(() => new FingerConnection(answer, allowForwarding), { clock, idleTimeoutMs });
}

class FingerConnection extends LineProtocol {
  override maxLength = MAX_QUERY_BYTES;
  override acceptBareNewline = true;
  readonly #answer: FingerAnswer;
  readonly #allowForwarding: boolean;

  constructor(answer: FingerAnswer, allowForwarding: boolean) {
    super();
    this.#answer = answer;
    this.#allowForwarding = allowForwarding;
  }

  override lineReceived(line: string): void {
    // One query a connection: what else comes is not read.
    this.pauseReading();
    maybeDeferred(() => this.#answerTo(line)).addCallbacks(
      (text) => this.#end(text),
      (error: Error) => {
        const isTheirs = error instanceof RemoteFingerError;
        if (!isTheirs) log.error("Query {line} failed: {error}", { line, error });
        this.#end(isTheirs ? "That is no query" : "Something went wrong here");
      },
    );
  }

  #answerTo(line: string): string | PromiseLike<string> {
    const query = readFingerQuery(line);
    // RFC 1288 §3.2.1 has these words.
    if (query.hosts.length > 0 && !this.#allowForwarding) return "Finger forwarding service denied";
    return this.#answer(query, this.transport.peer);
  }

  #end(text: string): void {
    this.transport.write(cleanAnswer(text));
    this.transport.loseConnection();
  }
}

const log: Logger = new Logger("ropewalk.finger");

/** A user and some hosts; more is no query. */
const MAX_QUERY_BYTES = 512;
const IDLE_TIMEOUT_MS = 30_000;
