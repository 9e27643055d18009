/*
 * Where the kernel's bytes land. All connections of a reactor read into one scratch buffer, one after the other, so an idle
 * connection owns no buffer. What arrives is copied out to a slab that is cut up and never reused: a protocol may keep its
 * slice for ever. A connection that fills the scratch buffer is in bulk: from then on it reads into fresh buffers of its
 * own, which are handed over without a copy, until a short read ends the spell.
 */

/** Shared by all connections of one reactor. */
export class ReadBuffers {
  readonly scratch: Uint8Array = Buffer.allocUnsafeSlow(READ_BYTES);
  #slab: Uint8Array = EMPTY;
  #used = 0;

  /** The first `length` bytes of `from`, safe to keep. */
  keep(from: Uint8Array, length: number): Uint8Array {
    if (length > SMALL_BYTES) return copyOf(from, length);
    if (length > this.#slab.length - this.#used) {
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

  /** A buffer for one read in bulk, to be handed over whole. */
  fresh(): Uint8Array {
    return Buffer.allocUnsafeSlow(READ_BYTES);
  }
}

function copyOf(from: Uint8Array, length: number): Uint8Array {
  const copy = Buffer.allocUnsafeSlow(length);
  copy.set(from.subarray(0, length));
  return copy;
}

const EMPTY: Uint8Array = new Uint8Array(0);

/** One read's worth, and the most of one connection before the others' turn. */
const READ_BYTES = 65_536;

/** Big enough that a fresh slab is rare, small enough that one kept slice does not hold much. */
const SLAB_BYTES = 65_536;

/** Larger chunks would waste the ends of slabs: they get memory of their own. */
export const SMALL_BYTES = 16_384;

/** Below this a plain loop beats the call that copies memory. */
const LOOP_BYTES = 96;
