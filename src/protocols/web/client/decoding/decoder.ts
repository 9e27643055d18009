/** Bodies as they were before they were compressed for the way (RFC 9110 §8.4.1), as fast as they are read. */
import * as zlib from "node:zlib";
import { toError } from "../../../../core/errors.ts";
import type { Work } from "../../compression/compressed-body.ts";
import type { Parts } from "../../message/body.ts";
import { type BodySupplier, IncomingBody } from "../../message/incoming-body.ts";
import { PartReader } from "../../message/part-reader.ts";

/** The part of a stream of zlib's that is used here. */
interface Transform {
  write(part: Uint8Array, written: () => void): void;
  end(): void;
  pause(): void;
  resume(): void;
  destroy(): void;
  on(event: "data", f: (part: Uint8Array) => void): this;
  on(event: "end", f: () => void): this;
  on(event: "error", f: (error: unknown) => void): this;
}

/** What a server may be told that is understood here. */
export const ACCEPTED: string = "createZstdDecompress" in zlib ? "gzip, deflate, br, zstd" : "gzip, deflate, br";

/** The codings of a body, in the order in which they were applied; undefined if one of them is unknown here, or there are too many. */
export function codingsOf(field: string): readonly string[] | undefined {
  const codings = field
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "identity")
    .map((name) => (name.startsWith("x-") ? name.slice(2) : name));
  return codings.length <= MAX_CODINGS && codings.every((name) => name in DECODERS) ? codings : undefined;
}

/** A body that is there, decoded at once; undefined if it is malformed, or larger than what is decoded without a pause. */
export function decodeWhole(bytes: Uint8Array, codings: readonly string[], maxBytes: number): Uint8Array | undefined {
  let decoded = bytes;
  try {
    for (const coding of [...codings].reverse()) {
      const options = { maxOutputLength: Math.min(maxBytes, WHOLE_BYTES) };
      decoded = (DECODERS[coding] as Decoders).whole(decoded, options);
    }
  } catch {
    // The same bytes in parts tell whoever reads them what is wrong.
    return undefined;
  }
  return decoded;
}

/** A body that is decoded as it is read. It fails with what is wrong with it. */
export class Decoder implements BodySupplier {
  readonly body: IncomingBody;
  readonly #source: PartReader;
  readonly #codings: readonly string[];
  readonly #maxExpansion: number;
  readonly #work: Work;
  readonly #transforms: Transform[] = [];
  #inBytes = 0;
  #outBytes = 0;
  /** Parts that a transform has and did not take yet, and ends that it did not reach. */
  #underWay = 0;
  #isPaused = false;
  #isOver = false;
  /** Tells a simulation that no thread is at work any more; undefined if none is. */
  #rest: (() => void) | undefined = undefined;

  constructor(source: Parts, codings: readonly string[], maxCollectedBytes: number, maxExpansion: number, work: Work) {
    this.body = new IncomingBody(this, -1, maxCollectedBytes);
    this.#source = new PartReader(source);
    this.#codings = codings;
    this.#maxExpansion = maxExpansion;
    this.#work = work;
  }

  bodyWanted(): void {
    void this.#pump();
  }

  pauseBody(): void {
    this.#isPaused = true;
    this.#transforms[this.#transforms.length - 1]?.pause();
    this.#workChanged();
  }

  resumeBody(): void {
    this.#isPaused = false;
    this.#transforms[this.#transforms.length - 1]?.resume();
    this.#workChanged();
  }

  cancelBody(): void {
    this.#source.cancel(undefined);
    for (const transform of this.#transforms) transform.destroy();
    this.#isOver = true;
    this.#workChanged();
  }

  async #pump(): Promise<void> {
    try {
      const first = await this.#source.next();
      if (first !== undefined) this.#begin(first);
      const [entry] = this.#transforms;
      if (entry === undefined) {
        // No bytes are no stream of any coding, and what some servers send for nothing.
        this.body.end();
        return;
      }
      for (let part = first; part !== undefined; part = await this.#source.next()) {
        if (this.body.isSettled) return;
        this.#inBytes += part.length;
        await new Promise<void>((resolve) => this.#write(entry, part, resolve));
      }
      if (!this.#isOver) this.#end(entry);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The last coding is the first to come off. */
  #begin(first: Uint8Array): void {
    for (const coding of [...this.#codings].reverse()) {
      const isOuter = this.#transforms.length === 0;
      this.#transforms.push((DECODERS[coding] as Decoders).create(isOuter ? first : undefined));
    }
    for (const [index, transform] of this.#transforms.entries()) {
      const next = this.#transforms[index + 1];
      transform.on("error", (error) =>
        this.#fail(new Error(`Cannot decode the body: ${toError(error).message}`, { cause: error })),
      );
      transform.on("data", (part) => {
        if (next === undefined) {
          this.#give(part);
        } else {
          transform.pause();
          this.#write(next, part, () => transform.resume());
        }
      });
      transform.on("end", () => {
        if (next === undefined) this.body.end();
        else this.#end(next);
        this.#changeBy(-1);
      });
    }
  }

  #write(transform: Transform, part: Uint8Array, taken: () => void): void {
    this.#changeBy(1);
    transform.write(part, () => {
      taken();
      this.#changeBy(-1);
    });
  }

  #end(transform: Transform): void {
    this.#changeBy(1);
    transform.end();
  }

  #changeBy(parts: 1 | -1): void {
    this.#underWay += parts;
    this.#workChanged();
  }

  #workChanged(): void {
    const isAtWork = this.#underWay > 0 && !this.#isPaused && !this.#isOver;
    if (isAtWork && this.#rest === undefined) {
      void this.#work(() => new Promise<void>((resolve) => (this.#rest = resolve)));
    } else if (!isAtWork) {
      this.#rest?.();
      this.#rest = undefined;
    }
  }

  #give(part: Uint8Array): void {
    this.#outBytes += part.length;
    const most = Math.max(FREE_BYTES, this.#inBytes * this.#maxExpansion);
    if (this.#outBytes > most) {
      const problem = `${this.#inBytes} bytes became more than ${most}, which no text does; allow it with maxExpansion`;
      this.#fail(new Error(`Cannot decode the body: ${problem}`));
      return;
    }
    this.body.push(part);
  }

  #fail(error: unknown): void {
    this.body.fail(error);
    this.cancelBody();
  }
}

interface Decoders {
  /** `first`: the first bytes, where they are known. */
  create(first: Uint8Array | undefined): Transform;
  whole(bytes: Uint8Array, options: { readonly maxOutputLength: number }): Uint8Array;
}

/** RFC 9110 §8.4.1.2 has zlib's format for "deflate", and notes who sends the bare one. */
function isBare(first: Uint8Array | undefined): boolean {
  return first?.[0] !== undefined && (first[0] & 0x0f) !== 8;
}

const DECODERS: Readonly<Record<string, Decoders>> = {
  gzip: { create: () => zlib.createGunzip(), whole: zlib.gunzipSync },
  deflate: {
    create: (first) => (isBare(first) ? zlib.createInflateRaw() : zlib.createInflate()),
    whole: (bytes, options) => (isBare(bytes) ? zlib.inflateRawSync(bytes, options) : zlib.inflateSync(bytes, options)),
  },
  br: { create: () => zlib.createBrotliDecompress(), whole: zlib.brotliDecompressSync },
  ...zstd(zlib as Partial<ZlibOfLater>),
};

interface ZlibOfLater {
  createZstdDecompress(): Transform;
  zstdDecompressSync(bytes: Uint8Array, options: { readonly maxOutputLength: number }): Uint8Array;
}

/** Node has it from 22.15 on. */
function zstd({ createZstdDecompress, zstdDecompressSync }: Partial<ZlibOfLater>): Record<string, Decoders> {
  if (createZstdDecompress === undefined || zstdDecompressSync === undefined) return {};
  return { zstd: { create: () => createZstdDecompress(), whole: zstdDecompressSync } };
}

/** Nobody compresses twice; whoever says so a hundred times wants to see memory used. */
const MAX_CODINGS = 2;
/** A millisecond or two of work: more is done in parts, on threads of their own. */
const WHOLE_BYTES = 262_144;
/** What is decoded whatever it was made of: a body of zeros is legitimate. */
const FREE_BYTES = 4_194_304;
