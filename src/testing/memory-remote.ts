import { plainBytes } from "./bytes.ts";
import type { MemoryLoop } from "./memory-loop.ts";
import type { Pipe } from "./pipe.ts";

/**
 * The peer of a MemoryTransport, driven by the test. Each verb also runs the turns that follow from it, except inside a
 * call from the transport: then the running turn goes on to them.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { MemoryTransport } from "ropewalk/testing";
 *
 * const transport = new MemoryTransport({ highWaterBytes: 4 });
 * transport.attach(new Protocol());
 * transport.remote.stopTaking();
 * transport.write("hello");
 * console.log(new TextDecoder().decode(transport.remote.take(2)), transport.bufferedBytes); // he 3
 * ```
 */
export class MemoryRemote {
  readonly #loop: MemoryLoop;
  readonly #in: Pipe;
  readonly #out: Pipe;
  readonly #record: (data: Uint8Array) => void;
  #isTaking = true;

  constructor(loop: MemoryLoop, incoming: Pipe, outgoing: Pipe, record: (data: Uint8Array) => void) {
    this.#loop = loop;
    this.#in = incoming;
    this.#out = outgoing;
    this.#record = record;
    incoming.onInput = () => this.#takeAll();
  }

  /** The transport has ended its stream of bytes. */
  get sawEnd(): boolean {
    return this.#in.hasEnded;
  }

  /** The transport was aborted. */
  get sawReset(): boolean {
    return this.#in.wasReset;
  }

  /** Bytes that the transport has sent and this end has not taken. */
  get untakenBytes(): number {
    return this.#in.size;
  }

  /**
   * Sends bytes to the protocol, which gets them as a plain Uint8Array (a copy), never as a Buffer.
   *
   * @throws Error after `end`.
   */
  write(data: Uint8Array | string): void {
    this.#out.put(plainBytes(data));
    this.#loop.settle();
  }

  /** Ends its stream of bytes (FIN); it goes on taking. */
  end(): void {
    this.#out.end();
    this.#loop.settle();
  }

  /** Breaks the connection (RST). */
  reset(): void {
    this.#in.refuse();
    this.#out.reset();
    this.#loop.settle();
  }

  /** Takes no more bytes, as a peer that does not read: the transport's buffer fills. */
  stopTaking(): void {
    this.#loop.settle();
    this.#isTaking = false;
  }

  /** Takes what waits, and everything from now on. */
  startTaking(): void {
    this.#isTaking = true;
    this.#takeAll();
    this.#loop.settle();
  }

  /** Takes at most `count` bytes of what waits, and returns them. */
  take(count: number): Uint8Array {
    this.#loop.settle();
    const taken = this.#in.take(count);
    if (taken.length > 0) this.#record(taken);
    this.#loop.settle();
    return taken;
  }

  #takeAll(): void {
    if (this.#isTaking && this.#in.size > 0) this.#record(this.#in.take(this.#in.size));
  }
}
