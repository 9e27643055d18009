import type { UdpAddress } from "../../core/address.ts";
import { DatagramProtocol } from "../../core/datagram.ts";
import { Protocol } from "../../core/protocol.ts";
import type { Clock } from "../../core/time/clock.ts";
import { chargenLines } from "./codec.ts";

/** Sends back what comes, no faster than the peer takes it. */
export class EchoStream extends Protocol {
  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }

  override writingPaused(): void {
    this.transport.pauseReading();
  }

  override writingResumed(): void {
    this.transport.resumeReading();
  }

  // Half-close: the peer may have said everything and still wait for the rest of its echo.
  override readConnectionLost(): void {
    this.transport.loseConnection();
  }
}

/** Makes characters until the peer has had enough, or `maxBytes` are made. */
export class ChargenStream extends Protocol {
  readonly #maxBytes: number;
  #line = 0;
  #made = 0;

  constructor(maxBytes: number) {
    super();
    this.#maxBytes = maxBytes;
  }

  override connectionMade(): void {
    const stopProducing = (): void => {};
    this.transport.registerProducer({ resumeProducing: () => this.#make(), stopProducing }, "pull");
  }

  #make(): void {
    const lines = chargenLines(this.#line, LINES_AT_ONCE);
    const left = this.#maxBytes - this.#made;
    this.#line = (this.#line + LINES_AT_ONCE) % 95;
    this.#made += lines.length;
    this.transport.write(lines.length <= left ? lines : lines.subarray(0, left));
    if (lines.length < left) return;
    this.transport.unregisterProducer();
    this.transport.loseConnection();
  }
}

/** Says one thing and hangs up. */
export class SayingStream extends Protocol {
  readonly #say: () => Uint8Array | string;

  constructor(say: () => Uint8Array | string) {
    super();
    this.#say = say;
  }

  override connectionMade(): void {
    this.transport.write(this.#say());
    this.transport.loseConnection();
  }
}

/** How often a UDP service answers. */
export interface AnswerLimits {
  /** Answers a second to all peers together, on average and at once; default 100. */
  readonly maxAnswersPerSecond?: number | undefined;
}

/**
 * Answers datagrams, but only those that no service can have sent: anybody can write another's address on a datagram, and
 * two services that answer each other never stop. So nothing goes to a port below 1024, where services live, nor to one
 * of this port's own number; and so many answers a second are sent in all, for what is left.
 */
export class Answers extends DatagramProtocol {
  readonly #clock: Clock;
  readonly #answer: (question: Uint8Array) => Uint8Array | string;
  readonly #perSecond: number;
  #allowance: number;
  #countedMs: number;

  constructor(clock: Clock, answer: (question: Uint8Array) => Uint8Array | string, limits: AnswerLimits) {
    super();
    this.#clock = clock;
    this.#answer = answer;
    this.#perSecond = limits.maxAnswersPerSecond ?? ANSWERS_PER_SECOND;
    if (!(this.#perSecond > 0)) throw new RangeError(`maxAnswersPerSecond must be above 0, was ${this.#perSecond}`);
    this.#allowance = this.#perSecond;
    this.#countedMs = clock.now();
  }

  override datagramReceived(data: Uint8Array, from: UdpAddress): void {
    if (from.port < FIRST_UNPRIVILEGED_PORT || from.port === this.transport.local.port || !this.#mayAnswer()) return;
    this.transport.write(this.#answer(data), from);
  }

  #mayAnswer(): boolean {
    const nowMs = this.#clock.now();
    const earned = ((nowMs - this.#countedMs) / 1_000) * this.#perSecond;
    this.#allowance = Math.min(Math.max(1, this.#perSecond), this.#allowance + earned);
    this.#countedMs = nowMs;
    if (this.#allowance < 1) return false;
    this.#allowance -= 1;
    return true;
  }
}

/** 7 030 bytes, about what the kernel takes in one piece. */
const LINES_AT_ONCE = 95;
const FIRST_UNPRIVILEGED_PORT = 1_024;
const ANSWERS_PER_SECOND = 100;
