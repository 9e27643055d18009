/** What a proxy is made of once it has been asked: two connections that are each other's far end. */
import { ConnectionDone } from "../core/errors.ts";
import { Protocol } from "../core/protocol.ts";
import type { Clock, DelayedCall } from "../core/time/clock.ts";
import type { Transport } from "../core/transport.ts";

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
 * nothing before `begin`, so that an attempt which loses a race harms nobody; with `isHeld` it does not read before either.
 */
export class FarEnd extends Protocol {
  readonly #isHeld: boolean;
  #near: Transport | undefined = undefined;
  #timer: IdleTimer | undefined = undefined;

  constructor(isHeld = false) {
    super();
    this.#isHeld = isHeld;
  }

  override connectionMade(): void {
    if (this.#isHeld) this.transport.pauseReading();
  }

  begin(near: Transport, timer: IdleTimer): void {
    this.#near = near;
    this.#timer = timer;
    if (!this.transport.connected) {
      timer.stop();
      near.abortConnection();
    } else if (this.#isHeld) {
      this.transport.resumeReading();
    }
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

/** The near end, for a connection that was something else until now. The relay begins when it is given the connection. */
export class NearEnd extends Protocol {
  readonly #far: FarEnd;
  readonly #clock: Clock;
  readonly #idleMs: number;

  constructor(far: FarEnd, clock: Clock, idleMs: number) {
    super();
    this.#far = far;
    this.#clock = clock;
    this.#idleMs = idleMs;
  }

  override connectionMade(): void {
    const { transport } = this;
    this.#far.begin(transport, new IdleTimer(this.#clock, this.#idleMs, () => transport.abortConnection()));
  }

  override dataReceived(data: Uint8Array): void {
    this.#far.send(data);
  }

  override writingPaused(): void {
    this.#far.transport.pauseReading();
  }

  override writingResumed(): void {
    this.#far.transport.resumeReading();
  }

  override readConnectionLost(): void {
    this.#far.transport.loseWriteConnection();
  }

  override connectionLost(reason: Error): void {
    passOn(reason, this.#far.transport);
  }
}

/** Ends one connection as the other one ended. */
export function passOn(reason: Error, transport: Transport): void {
  if (reason instanceof ConnectionDone) transport.loseConnection();
  else transport.abortConnection();
}
