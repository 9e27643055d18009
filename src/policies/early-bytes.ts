import type { Protocol } from "../core/protocol.ts";
import type { Transport } from "../core/transport.ts";
import { EMPTY } from "../wire/byte-queue.ts";
import { TransportWrapper } from "./wrapper.ts";

/**
 * The transport of a protocol that begins when some of its bytes have come already, behind what another one had to read
 * first. They wait until the protocol wants to read, and come before all others.
 */
export class EarlyBytesTransport extends TransportWrapper {
  readonly #protocol: Protocol;
  #early: Uint8Array;
  #isPaused = false;

  constructor(outer: Transport, protocol: Protocol, early: Uint8Array) {
    super(outer);
    this.#protocol = protocol;
    this.#early = early;
  }

  override pauseReading(): void {
    this.#isPaused = true;
    super.pauseReading();
  }

  override resumeReading(): void {
    this.#isPaused = false;
    super.resumeReading();
    this.deliverEarly();
  }

  /** To be called when the protocol's makeConnection has returned. */
  deliverEarly(): void {
    const early = this.#early;
    if (this.#isPaused || early.length === 0 || !this.connected) return;
    this.#early = EMPTY;
    this.#protocol.dataReceived(early);
  }
}
