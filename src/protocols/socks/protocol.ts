/** What a proxy is made of once it has been asked: two connections that are each other's far end. */
import { ConnectionDone } from "../../core/errors.ts";
import { Protocol } from "../../core/protocol.ts";
import type { Clock, DelayedCall } from "../../core/time/clock.ts";
import type { Transport } from "../../core/transport.ts";

/** Tells when nothing has happened for a while. There is one timer, which is set anew only when it runs out. */
export class IdleTimer {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #onIdle: () => void;
  #lastActiveMs: number;
  #call: DelayedCall | undefined;

  constructor(clock: Clock, idleMs: number, onIdle: () => void) {
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#onIdle = onIdle;
    this.#lastActiveMs = clock.now();
    this.#arm(idleMs);
  }

  active(): void {
    this.#lastActiveMs = this.#clock.now();
  }

  stop(): void {
    this.#call?.cancel();
    this.#call = undefined;
  }

  #arm(ms: number): void {
    this.#call = this.#clock.callLater(ms, () => {
      const leftMs = this.#lastActiveMs + this.#idleMs - this.#clock.now();
      this.#call = undefined;
      if (leftMs > 0) this.#arm(leftMs);
      else this.#onIdle();
    });
  }
}

/**
 * The far end of a relay: what comes goes to the near end; so do backpressure, the end of each direction, and the loss. Does
 * nothing before `begin`, so that an attempt which loses a race harms nobody.
 */
export class FarEnd extends Protocol {
  #near: Transport | undefined = undefined;
  #timer: IdleTimer | undefined = undefined;

  begin(near: Transport, timer: IdleTimer): void {
    this.#near = near;
    this.#timer = timer;
  }

  /** What the near end heard, for this one's peer. */
  send(data: Uint8Array): void {
    this.#timer?.active();
    this.transport.write(data);
  }

  override dataReceived(data: Uint8Array): void {
    this.#timer?.active();
    this.#near?.write(data);
  }

  override writingPaused(): void {
    this.#near?.pauseReading();
  }

  override writingResumed(): void {
    this.#near?.resumeReading();
  }

  override readConnectionLost(): void {
    this.#near?.loseWriteConnection();
  }

  override connectionLost(reason: Error): void {
    this.#timer?.stop();
    if (this.#near !== undefined) passOn(reason, this.#near);
  }
}

/** Ends one connection as the other one ended. */
export function passOn(reason: Error, transport: Transport): void {
  if (reason instanceof ConnectionDone) transport.loseConnection();
  else transport.abortConnection();
}
