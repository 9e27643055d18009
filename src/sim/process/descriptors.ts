/** What is written to one descriptor of a process, until the process reads it. */
export class Inbox {
  /** No more will come after what is unread. */
  hasEnded = false;
  unreadBytes = 0;
  /** Told when there is something to read, or the end. */
  onReadable: () => void = nothing;
  /** Told when something was read. */
  onTaken: () => void = nothing;
  #chunks: Uint8Array[] = [];

  /** `data` belongs to the inbox from now on. */
  put(data: Uint8Array): void {
    if (this.hasEnded || data.length === 0) return;
    this.#chunks.push(data);
    this.unreadBytes += data.length;
    this.onReadable();
  }

  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.onReadable();
  }

  /** Up to so many bytes of one chunk; undefined if there is none. */
  read(mostBytes: number): Uint8Array | undefined {
    const first = this.#chunks[0];
    if (first === undefined) return undefined;
    const taken = first.subarray(0, mostBytes);
    if (taken.length === first.length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(taken.length);
    this.unreadBytes -= taken.length;
    this.onTaken();
    return taken;
  }

  /** How much the next chunk has. */
  get nextBytes(): number {
    return this.#chunks[0]?.length ?? 0;
  }
}

/** The descriptors of one process that are no sockets: what it reads from, and where it writes to. */
export class Descriptors {
  /** Descriptor 0 is a terminal's, or a pipe's, as whoever started the process decides. */
  readonly inputs: Map<number, Inbox> = new Map([[0, new Inbox()]]);
  readonly outputs: Map<number, Output> = new Map();

  write(descriptor: number, data: Uint8Array): void {
    this.outputs.get(descriptor)?.write(data);
  }

  close(descriptor: number): void {
    this.inputs.delete(descriptor);
    this.outputs.get(descriptor)?.close();
    this.outputs.delete(descriptor);
  }
}

/** The other end of what a process writes to. */
export interface Output {
  /** Keeps `data`. */
  write(data: Uint8Array): void;
  close(): void;
}

function nothing(): void {}
