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
  #hasEnded = false;
  #hasNearEnded = false;

  constructor(isHeld = false) {
    super();
    this.#isHeld = isHeld;
  }

  override connectionMade(): void {
    if (this.#isHeld) this.transport.pauseReading();
  }

  begin(near: Transport, timer: IdleTimer | undefined): void {
    this.#near = near;
    this.#timer = timer;
    if (!this.transport.connected) {
      timer?.stop();
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

  /** The near end's peer will send nothing more. */
  endSending(): void {
    this.#hasNearEnded = true;
    this.transport.loseWriteConnection();
  }

  /** The near end is gone. */
  nearLost(reason: Error): void {
    passOn(reason, this.transport, this.#hasEnded);
    if (!this.transport.connected) this.#timer?.stop();
  }

  /** Resets both connections. */
  abort(): void {
    this.#near?.abortConnection();
    this.transport.abortConnection();
  }

  override dataReceived(data: Uint8Array): void {
    this.#timer?.active();
    this.#near?.write(data);
  }

  override writingPaused(): void {
    this.#near?.pauseReading();
  }

  override writingResumed(): void {
    this.#timer?.active();
    this.#near?.resumeReading();
  }

  override readConnectionLost(): void {
    this.#hasEnded = true;
    this.#near?.loseWriteConnection();
  }

  override connectionLost(reason: Error): void {
    const near = this.#near;
    if (near === undefined) return;
    passOn(reason, near, this.#hasNearEnded);
    if (!near.connected) this.#timer?.stop();
  }
}

/** The near end, for a connection that may be something else until it is joined with a far end. */
export class NearEnd extends Protocol {
  #far: FarEnd | undefined = undefined;
  #timer: IdleTimer | undefined = undefined;

  protected get isJoined(): boolean {
    return this.#far !== undefined;
  }

  /** The relay begins. `timer` hears of all that happens, and is stopped at the end. */
  protected join(far: FarEnd, timer?: IdleTimer): void {
    this.#far = far;
    this.#timer = timer;
    far.begin(this.transport, timer);
  }

  override dataReceived(data: Uint8Array): void {
    this.#far?.send(data);
  }

  override writingPaused(): void {
    this.#far?.transport.pauseReading();
  }

  override writingResumed(): void {
    this.#timer?.active();
    this.#far?.transport.resumeReading();
  }

  override readConnectionLost(): void {
    this.#far?.endSending();
  }

  override connectionLost(reason: Error): void {
    this.#far?.nearLost(reason);
  }
}

/**
 * Ends one connection as the other one ended. One whose peer has ended, too, closes by itself when its peer has taken what
 * was written, however long that takes: a person in front of a pager is no dead peer.
 */
function passOn(reason: Error, transport: Transport, hasEnded: boolean): void {
  if (!(reason instanceof ConnectionDone)) transport.abortConnection();
  else if (hasEnded) transport.loseWriteConnection();
  else transport.loseConnection();
}
