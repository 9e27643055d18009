/** Bodies as they were before they were compressed for the way (RFC 9110 §8.4.1), as fast as they are read. */
import * as zlib from "node:zlib";
import type { Work } from "../../compression/compressed-body.ts";
import type { Parts } from "../../message/body.ts";
import { type BodySupplier, IncomingBody } from "../../message/incoming-body.ts";
import { PartReader } from "../../message/part-reader.ts";
import { Inflater, type ZlibStream } from "./inflater.ts";

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
  /** The last coding is the first to come off. */
  #inflaters: readonly Inflater[] = [];
  #inBytes = 0;
  #outBytes = 0;
  #isPaused = false;
  #isOver = false;
  #resume: () => void = nothing;

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
  }

  resumeBody(): void {
    this.#isPaused = false;
    this.#resume();
  }

  cancelBody(): void {
    this.#isOver = true;
    this.#source.cancel(undefined);
    for (const inflater of this.#inflaters) inflater.close();
    this.#resume();
  }

  async #pump(): Promise<void> {
    try {
      for (let part = await this.#source.next(); part !== undefined; part = await this.#source.next()) {
        if (this.#isOver) return;
        if (this.#inflaters.length === 0) this.#inflaters = inflatersOf(this.#codings, part);
        this.#inBytes += part.length;
        await this.#pass(0, part);
      }
      // No bytes are no stream of any coding, and what some servers send for nothing.
      for (const at of this.#inflaters.keys()) await this.#pass(at, undefined);
      if (!this.#isOver) this.body.end();
    } catch (error) {
      this.body.fail(error);
      this.cancelBody();
    }
  }

  /** Through one coding after the other; undefined is the end. */
  async #pass(at: number, part: Uint8Array | undefined): Promise<void> {
    const inflater = this.#inflaters[at];
    if (inflater === undefined) {
      await this.#give(part as Uint8Array);
      return;
    }
    inflater.feed(part);
    while (!this.#isOver) {
      const made = await this.#work(() => inflater.next());
      if (made === undefined) return;
      await this.#pass(at + 1, made);
    }
  }

  async #give(part: Uint8Array): Promise<void> {
    if (this.#isOver) return;
    this.#outBytes += part.length;
    const most = Math.max(FREE_BYTES, this.#inBytes * this.#maxExpansion);
    if (this.#outBytes > most) {
      const problem = `${this.#inBytes} bytes became more than ${most}, which no text does; allow it with maxExpansion`;
      throw new Error(`Cannot decode the body: ${problem}`);
    }
    this.body.push(part);
    if (this.#isPaused && !this.#isOver) await new Promise<void>((resolve) => (this.#resume = resolve));
  }
}

function inflatersOf(codings: readonly string[], first: Uint8Array): readonly Inflater[] {
  return [...codings]
    .reverse()
    .map((coding, at) => new Inflater((DECODERS[coding] as Decoders).create(at === 0 ? first : undefined)));
}

function nothing(): void {}

interface Decoders {
  /** `first`: the first bytes, where they are known. */
  create(first: Uint8Array | undefined): ZlibStream;
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
  createZstdDecompress(): ZlibStream;
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
