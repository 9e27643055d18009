import * as zlib from "node:zlib";
import { joinBytes } from "../../../wire/join-bytes.ts";

/** A content coding that this platform can make. */
export type CompressionCoding = "br" | "gzip" | "zstd";

/** The codings that there are, best first: zstd came to Node in 22.15. */
export function availableCodings(): readonly CompressionCoding[] {
  return PLATFORM.createZstdCompress === undefined ? ["br", "gzip"] : ["br", "zstd", "gzip"];
}

/** Compresses what it is given part by part; after each one, all of it that there is can be unpacked at the other end. */
export class Compressor {
  readonly #stream: Flushable;
  readonly #flush: number;
  #made: Uint8Array[] = [];
  #error: Error | undefined = undefined;
  #fail: (error: Error) => void = () => undefined;

  constructor(coding: CompressionCoding) {
    const [stream, flush] = streamOf(coding);
    this.#stream = stream;
    this.#flush = flush;
    stream.on("data", (data: Uint8Array) => this.#made.push(data));
    stream.on("error", (error: Error) => {
      this.#error = error;
      this.#fail(error);
    });
  }

  /** What has come of all parts so far, and was not given out yet. */
  write(part: Uint8Array): Promise<Uint8Array> {
    return this.#when((done) => {
      this.#stream.write(part);
      this.#stream.flush(this.#flush, done);
    });
  }

  /** The rest, with a last part. */
  end(part: Uint8Array = NOTHING): Promise<Uint8Array> {
    return this.#when((done) => {
      this.#stream.once("end", done);
      this.#stream.end(part);
    });
  }

  /** Gives the memory back; nothing that was under way comes to an end any more. */
  close(): void {
    this.#stream.destroy();
  }

  async #when(act: (done: () => void) => void): Promise<Uint8Array> {
    if (this.#error !== undefined) throw this.#error;
    await new Promise<void>((resolve, reject) => {
      this.#fail = reject;
      act(resolve);
    });
    const made = joinBytes(this.#made);
    this.#made = [];
    return made;
  }
}

/** What the streams of node:zlib have in common. */
interface Flushable {
  on(event: "data", f: (data: Uint8Array) => void): unknown;
  on(event: "error", f: (error: Error) => void): unknown;
  once(event: "end", f: () => void): unknown;
  write(part: Uint8Array): unknown;
  flush(kind: number, done: () => void): void;
  end(part: Uint8Array): unknown;
  destroy(): unknown;
}

function streamOf(coding: CompressionCoding): [stream: Flushable, flush: number] {
  const { constants } = zlib;
  if (coding === "gzip") return [zlib.createGzip({ level: GZIP_LEVEL }), constants.Z_SYNC_FLUSH];
  if (coding === "br") {
    const params = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY, [constants.BROTLI_PARAM_LGWIN]: BROTLI_WINDOW };
    return [zlib.createBrotliCompress({ params }), constants.BROTLI_OPERATION_FLUSH];
  }
  if (PLATFORM.createZstdCompress === undefined) {
    throw new TypeError('Cannot compress by "zstd": this version of Node has no such thing; 22.15 has');
  }
  // Its own level, 3, is made for this.
  return [PLATFORM.createZstdCompress(), PLATFORM.constants.ZSTD_e_flush as number];
}

/** What newer versions of Node have. */
const PLATFORM = zlib as unknown as {
  readonly createZstdCompress?: () => Flushable;
  readonly constants: { readonly ZSTD_e_flush?: number };
};

const NOTHING = new Uint8Array(0);
/** What zlib takes by itself: beyond it, a few percent of size cost twice the time. */
const GZIP_LEVEL = 6;
/** About as fast as gzip at 6, and smaller; its own 11 takes a hundred times as long, and is for files that are made once. */
const BROTLI_QUALITY = 4;
/** 512 KiB: with brotli's own 4 MiB, each answer under way would hold that much. */
const BROTLI_WINDOW = 19;
