import { FIN, type FlyingPacket } from "../network/packet.ts";
import { ReceiveQueue } from "./receive-queue.ts";

/** Puts what arrives back into the order in which it was sent, and keeps it until it is read. */
export class Reassembly {
  /** The number of the byte that comes next. */
  expected = 0;
  readonly queue: ReceiveQueue = new ReceiveQueue();
  /** Nobody reads any more: what comes is counted and dropped. */
  isDropping = false;
  #early: Map<number, FlyingPacket> | undefined = undefined;
  /** The number after the peer's FIN, once that came. */
  #end = -1;

  /** The peer has ended its direction. */
  get isComplete(): boolean {
    return this.#end >= 0;
  }

  /** All of it has been read. */
  get isReadOut(): boolean {
    return this.#end >= 0 && this.queue.weight === 0;
  }

  /** Bytes that can come before what is there is read. */
  get windowBytes(): number {
    return Math.max(0, RECEIVE_BUFFER_BYTES - this.queue.weight);
  }

  /** Whether there is something new to read. */
  take(packet: FlyingPacket, headerBytes: number): boolean {
    const ahead = packet.sequence - this.expected;
    if (ahead > 0) {
      this.#early ??= new Map();
      if (this.#early.size < EARLY_SEGMENTS) this.#early.set(packet.sequence, packet);
    }
    // What was sent again though it came has a number that has passed.
    if (ahead !== 0) return false;
    this.#accept(packet, headerBytes);
    const early = this.#early;
    if (early === undefined) return true;
    for (let next = early.get(this.expected); next !== undefined; next = early.get(this.expected)) {
      early.delete(next.sequence);
      this.#accept(next, headerBytes);
    }
    if (early.size === 0) this.#early = undefined;
    return true;
  }

  #accept({ data, wireBytes, isOpaque, flags }: FlyingPacket, headerBytes: number): void {
    this.expected += data.length;
    if (data.length > 0 && !this.isDropping) this.queue.put(data, wireBytes - headerBytes, isOpaque);
    if ((flags & FIN) === 0) return;
    this.expected += 1;
    this.#end = this.expected;
  }
}

/** The largest window without the option that scales it (RFC 7323). */
const RECEIVE_BUFFER_BYTES = 65_535;
/** No more fit into the window. */
const EARLY_SEGMENTS = 4_096;
