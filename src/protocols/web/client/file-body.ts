/** A file on its way to a server, some bytes at a time. */

interface Openable {
  open(path: string): PromiseLike<{
    read(offset: number, maxBytes: number): PromiseLike<Uint8Array>;
    close(): PromiseLike<void>;
  }>;
}

/** It is opened anew each time it is sent: redirects and challenges may ask for it again. */
export class FileBody implements AsyncIterable<Uint8Array> {
  readonly isReplayable = true as const;
  readonly bytes: number;
  readonly #files: Openable;
  readonly #path: string;

  constructor(files: Openable, path: string, bytes: number) {
    this.#files = files;
    this.#path = path;
    this.bytes = bytes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const file = await this.#files.open(this.#path);
    try {
      // No more than was announced, though it may have grown since.
      for (let offset = 0; offset < this.bytes; ) {
        const part = await file.read(offset, Math.min(PART_BYTES, this.bytes - offset));
        if (part.length === 0) return;
        offset += part.length;
        yield part;
      }
    } finally {
      await file.close();
    }
  }
}

/** As much as a socket's buffer takes at once. */
const PART_BYTES = 262_144;
