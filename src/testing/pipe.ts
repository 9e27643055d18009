/**
 * One direction of a connection in memory: the bytes that its writer has given and its reader has not taken, then the
 * end of the stream or a reset. The first `capacityBytes` of them play the kernel's buffers; what is above has not left
 * the writer's transport.
 */
export class Pipe {
  capacityBytes: number;
  /** How much of `available` bytes the next read takes; at least 1. */
  nextCut: (available: number) => number;
  /** Bytes given and not taken. */
  size = 0;
  hasEnded = false;
  /** The writer reset the connection. */
  wasReset = false;
  /** The reader wants nothing more: what is put is dropped. */
  isRefused = false;
  /** Called when there is something new to take. */
  onInput: () => void = nothing;
  /** Called when there is more room. */
  onRoom: () => void = nothing;
  #chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that are taken already. */
  #offset = 0;

  constructor(capacityBytes: number, nextCut: (available: number) => number = atMostOneRead) {
    this.capacityBytes = capacityBytes;
    this.nextCut = nextCut;
  }

  /** Bytes beyond what the kernel would hold. */
  get excess(): number {
    return Math.max(0, this.size - this.capacityBytes);
  }

  /** @throws Error after `end`: whoever writes has said that there is no more. */
  put(data: Uint8Array): void {
    if (this.hasEnded) throw new Error("Cannot send bytes after the end of the stream");
    if (data.length === 0 || this.isRefused || this.wasReset) return;
    this.#chunks.push(data);
    this.size += data.length;
    this.onInput();
  }

  end(): void {
    if (this.hasEnded || this.wasReset) return;
    this.hasEnded = true;
    this.onInput();
  }

  reset(): void {
    if (this.wasReset) return;
    this.wasReset = true;
    this.#drop();
    this.onInput();
  }

  refuse(): void {
    if (this.isRefused) return;
    this.isRefused = true;
    this.#drop();
    this.onRoom();
  }

  /** Takes `count` bytes, or what there is, as a plain Uint8Array that nobody else holds. */
  take(count: number): Uint8Array {
    const taken = new Uint8Array(Math.min(count, this.size));
    let filled = 0;
    let used = 0;
    while (filled < taken.length) {
      const chunk = this.#chunks[used] as Uint8Array;
      const part = chunk.subarray(this.#offset, this.#offset + taken.length - filled);
      taken.set(part, filled);
      filled += part.length;
      this.#offset += part.length;
      if (this.#offset === chunk.length) {
        this.#offset = 0;
        used += 1;
      }
    }
    if (used > 0) this.#chunks.splice(0, used);
    this.size -= taken.length;
    if (taken.length > 0) this.onRoom();
    return taken;
  }

  #drop(): void {
    this.#chunks = [];
    this.#offset = 0;
    this.size = 0;
  }
}

function atMostOneRead(available: number): number {
  return Math.min(available, READ_BYTES);
}

function nothing(): void {}

/** What one read of the Node reactor takes at most. */
const READ_BYTES = 65_536;
