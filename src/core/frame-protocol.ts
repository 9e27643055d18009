import type { Deferred } from "./deferred/deferred.ts";
import { Protocol } from "./protocol.ts";
import type { TlsFacts } from "./tls.ts";
import type { StartTlsOptions } from "./transport.ts";

/**
 * A protocol that cuts its stream into frames, one at a time. Here is what all framings share: nothing is delivered
 * after `loseConnection`, `abortConnection` or a loss; `pauseReading` holds back frames that are buffered already, and
 * `resumeReading` delivers them at once; bytes that come while a frame is delivered wait for their turn.
 *
 * A subclass says where bytes go (`bytesReceived`, `discardBytes`) and how the next frame comes out (`deliverFrame`).
 *
 * @example
 * ```ts
 * import { FrameProtocol } from "ropewalk/framing";
 * import { MemoryTransport } from "ropewalk/testing";
 *
 * class Pairs extends FrameProtocol {
 *   #bytes: number[] = [];
 *   protected override bytesReceived(data: Uint8Array): void {
 *     this.#bytes.push(...data);
 *   }
 *   protected override discardBytes(): void {
 *     this.#bytes = [];
 *   }
 *   protected override deliverFrame(): boolean {
 *     if (this.#bytes.length < 2) return false;
 *     console.log(String.fromCharCode(...this.#bytes.splice(0, 2)));
 *     return true;
 *   }
 * }
 * const pairs = new Pairs();
 * pairs.makeConnection(new MemoryTransport());
 * pairs.dataReceived(new TextEncoder().encode("abcde")); // ab, then cd
 * ```
 */
export abstract class FrameProtocol extends Protocol {
  #paused = false;
  #delivering = false;

  /** Keeps bytes for `deliverFrame`; delivers nothing itself. */
  protected abstract bytesReceived(data: Uint8Array): void;
  /** Forgets the bytes that are kept. */
  protected abstract discardBytes(): void;
  /** Delivers the next frame, and returns true; or returns false if it is not complete. */
  protected abstract deliverFrame(): boolean;

  override dataReceived(data: Uint8Array): void {
    if (!this.transport.connected) return;
    this.bytesReceived(data);
    this.#deliver();
  }

  /** Delivers no more frames, buffered ones included, and stops reading from the transport. */
  pauseReading(): void {
    this.#paused = true;
    this.transport.pauseReading();
  }

  /** Goes on where `pauseReading` stopped: what is buffered is delivered before this returns. */
  resumeReading(): void {
    this.#paused = false;
    this.transport.resumeReading();
    this.#deliver();
  }

  /**
   * Turns the connection into TLS from the next byte on (STARTTLS). Bytes that are buffered are dropped: they came in
   * clear, behind the command that asked for TLS, and whoever is on the wire could have added them. Delivered later, they
   * would look as if they had come under TLS (CVE-2011-0411).
   */
  startTls(options: StartTlsOptions): Deferred<TlsFacts> {
    this.discardBytes();
    return this.transport.startTls(options);
  }

  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      while (!this.#paused && this.transport.connected && this.deliverFrame());
    } finally {
      this.#delivering = false;
    }
  }
}
