/*
 * Where the kernel's bytes land. All connections of a reactor read into one scratch buffer, one after the other, so an idle
 * connection owns no buffer. What arrives is copied out to a slab that is cut up and never reused: a protocol may keep its
 * slice for ever. A connection that fills the scratch buffer is in bulk: its next reads go into fresh buffers, which are
 * handed over without a copy, until a short read ends the spell.
 */

/** Shared by all connections of one reactor. */
export class ReadBuffers {
  readonly #scratch: Uint8Array = Buffer.allocUnsafeSlow(READ_BYTES);
  #slab: Uint8Array = EMPTY;
  #used = 0;
  /** Where the socket that is calling reads next, if not where it read now. */
  #next: Uint8Array | undefined = this.#scratch;

  /**
   * The `onread.buffer` of every socket. Node asks for a buffer when it makes the socket, and again after each read;
   * undefined, which the types do not know, leaves the one that is there.
   */
  readonly next: () => Uint8Array = () => {
    const next = this.#next;
    this.#next = this.#scratch;
    return next as Uint8Array;
  };

  /** The first `length` bytes of a buffer that a socket has read into, safe to keep. */
  take(from: Uint8Array, length: number): Uint8Array {
    return this.#isHandedOver(from, length) ? from.subarray(0, length) : this.#copy(from, length);
  }

  /** Chooses what the socket that called `take` reads into next. Only after delivery: a protocol may make other sockets. */
  chooseNext(from: Uint8Array, length: number): void {
    if (length === from.length || this.#isHandedOver(from, length)) this.#next = Buffer.allocUnsafeSlow(READ_BYTES);
    else if (from === this.#scratch) this.#next = undefined;
  }

  #isHandedOver(from: Uint8Array, length: number): boolean {
    return from !== this.#scratch && length > SMALL_BYTES;
  }

  #copy(from: Uint8Array, length: number): Uint8Array {
    if (length > this.#slab.length - this.#used) {
      if (length > SMALL_BYTES) return copyOf(from, length);
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used = start + length;
    const slice = this.#slab.subarray(start, start + length);
    if (length <= LOOP_BYTES) for (let i = 0; i < length; i++) slice[i] = from[i] as number;
    else slice.set(from.subarray(0, length));
    return slice;
  }
}

function copyOf(from: Uint8Array, length: number): Uint8Array {
  const copy = Buffer.allocUnsafeSlow(length);
  copy.set(from.subarray(0, length));
  return copy;
}

const EMPTY: Uint8Array = new Uint8Array(0);

/** One read's worth: what the kernel has at hand of a fast peer, and what Node itself reads at a time. */
const READ_BYTES = 65_536;

/** Big enough that a fresh slab is rare, small enough that one kept slice does not hold much. */
const SLAB_BYTES = 65_536;

/** Larger chunks would waste the ends of slabs: they get memory of their own. */
const SMALL_BYTES = 16_384;

/** Below this a plain loop beats the call that copies memory. */
const LOOP_BYTES = 96;
