/*
 * permessage-deflate (RFC 7692) by zlib's calls for whole buffers, which are synchronous: what is received is an event before
 * `next` returns, what is sent leaves in its order, a limit ends the work in the middle, and a simulated run is the same
 * every time. The streams of node:zlib would work on other threads and finish whenever they do; each of them also holds some
 * 270 KB for as long as its connection lives.
 *
 * "Context takeover" is one thing only: the text before, to which the next message may refer. A message ends at a whole byte
 * and at the end of a block, so that text, given as a dictionary, is all of the state. It is kept here where it was agreed on.
 */
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { EMPTY } from "../../../wire/byte-queue.ts";
import { joinBytes } from "../../../wire/join-bytes.ts";

/** What both sides agreed on, seen from one of them. */
export interface DeflateAgreement {
  /** 8 to 15: this side refers back no further than 2 to this many bytes. */
  readonly sendWindowBits: number;
  readonly receiveWindowBits: number;
  /** This side may refer to its messages before. */
  readonly sendTakeover: boolean;
  readonly receiveTakeover: boolean;
}

/** How what is sent is compressed. */
export interface DeflateSettings {
  /** 1, fast, to 9, small; default 6, zlib's own. */
  readonly level?: number | undefined;
  /** 1 to 9: memory that is taken while a message is compressed, from 4 KiB on, doubled each time; default 8, zlib's own. */
  readonly memoryLevel?: number | undefined;
  /** Messages of fewer bytes go as they are; default 1 024: a packet less is the gain that counts. */
  readonly minBytes?: number | undefined;
  /** Messages of more bytes go as they are; default 1 MiB, some 30 ms of work in which nobody else is served. */
  readonly maxBytes?: number | undefined;
}

/** All of them. */
export type CompleteDeflateSettings = { readonly [K in keyof DeflateSettings]-?: number };

export function completeDeflateSettings(given: DeflateSettings | undefined): CompleteDeflateSettings {
  if (given === undefined) return SETTINGS;
  return {
    level: given.level ?? SETTINGS.level,
    memoryLevel: given.memoryLevel ?? SETTINGS.memoryLevel,
    minBytes: given.minBytes ?? SETTINGS.minBytes,
    maxBytes: given.maxBytes ?? SETTINGS.maxBytes,
  };
}

/** A message as it goes on the wire; the four bytes that would end it always are left out (RFC 7692 §7.2.1). */
export function deflated(
  data: Uint8Array,
  windowBits: number,
  { level, memoryLevel }: CompleteDeflateSettings,
  before: Uint8Array = EMPTY,
): Uint8Array {
  if (data.length === 0) return EMPTY_MESSAGE;
  const all = deflateRawSync(data, {
    finishFlush: constants.Z_SYNC_FLUSH,
    level,
    memLevel: memoryLevel,
    // zlib has no 8 here; with 9 it refers back for 250 bytes at most, since it keeps 262 to look ahead.
    windowBits: Math.max(9, windowBits),
    ...(before.length === 0 ? {} : { dictionary: before }),
  });
  return all.subarray(0, all.length - TAIL_BYTES);
}

/** Why a message could not be decompressed. */
export type InflateProblem = "invalid" | "large";

/**
 * The message that `data` stands for, or what is wrong with it. Stops as soon as there are more than `maxBytes`.
 *
 * A final block is put behind it, so that zlib says whether the message really ended with a block of its own.
 */
export function inflated(
  data: Uint8Array,
  windowBits: number,
  maxBytes: number,
  before: Uint8Array = EMPTY,
): Uint8Array | InflateProblem {
  let rest = joinBytes([data, END]);
  let text = before;
  const pieces: Uint8Array[] = [];
  let left = maxBytes;
  for (let finals = 0; finals <= MAX_FINAL_BLOCKS; finals++) {
    const step = inflateStep(rest, windowBits, left, text);
    if (typeof step === "string") return step;
    pieces.push(step.output);
    left -= step.output.length;
    if (step.consumed === rest.length) return pieces.length === 1 ? step.output : joinBytes(pieces);
    // The message had a final block of its own (RFC 7692 §7.2.3.4); others may follow, and refer to what came before.
    rest = rest.subarray(step.consumed);
    text = joinBytes([text, step.output]);
  }
  return "invalid";
}

interface Step {
  readonly output: Uint8Array;
  readonly consumed: number;
}

function inflateStep(
  data: Uint8Array,
  windowBits: number,
  maxBytes: number,
  before: Uint8Array,
): Step | InflateProblem {
  const windowBytes = 2 ** windowBits;
  const dictionary = before.length > windowBytes ? before.subarray(before.length - windowBytes) : before;
  try {
    const { buffer, engine } = inflateRawSync(data, {
      windowBits,
      // Node wants room for a byte at least; one byte too many is found below.
      maxOutputLength: Math.max(1, Math.min(maxBytes, MAX_OUTPUT_BYTES)),
      chunkSize: Math.min(MOST_CHUNK_BYTES, Math.max(LEAST_CHUNK_BYTES, 4 * data.length)),
      info: true,
      ...(dictionary.length === 0 ? {} : { dictionary }),
    }) as unknown as { readonly buffer: Uint8Array; readonly engine: { readonly bytesWritten: number } };
    return buffer.length > maxBytes ? "large" : { output: buffer, consumed: engine.bytesWritten };
  } catch (error) {
    const { code = "" } = error as { readonly code?: string };
    if (code === "ERR_BUFFER_TOO_LARGE") return "large";
    if (code.startsWith("Z_")) return "invalid";
    throw error;
  }
}

/** The end of the text before, as far as a window reaches. */
export class History {
  readonly #windowBytes: number;
  #bytes: Uint8Array = EMPTY;
  #length = 0;

  constructor(windowBits: number) {
    this.#windowBytes = 2 ** windowBits;
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(Math.max(0, this.#length - this.#windowBytes), this.#length);
  }

  append(data: Uint8Array): void {
    const window = this.#windowBytes;
    const tail = data.length > window ? data.subarray(data.length - window) : data;
    const length = this.#length + tail.length;
    if (length > this.#bytes.length) {
      const kept = this.bytes.subarray(Math.max(0, this.bytes.length + tail.length - window));
      // Room for half a window more, so that small messages do not move a whole window each.
      const room = Math.min(window * 1.5, Math.max(FIRST_BYTES, 2 * (kept.length + tail.length)));
      if (room > this.#bytes.length) {
        const bytes = new Uint8Array(room);
        bytes.set(kept);
        this.#bytes = bytes;
      } else {
        this.#bytes.set(kept);
      }
      this.#length = kept.length;
    }
    this.#bytes.set(tail, this.#length);
    this.#length += tail.length;
  }
}

/** One for all connections that were told nothing else. */
const SETTINGS: CompleteDeflateSettings = {
  level: constants.Z_DEFAULT_LEVEL,
  memoryLevel: constants.Z_DEFAULT_MEMLEVEL,
  minBytes: 1_024,
  maxBytes: 1_048_576,
};
/** What each message ends with and leaves out: a block that stores nothing. */
const TAIL_BYTES = 4;
/** That block, and a final one. */
const END: Uint8Array = Uint8Array.of(0, 0, 0xff, 0xff, 3, 0);
/** RFC 7692 §7.2.3.6. */
const EMPTY_MESSAGE: Uint8Array = Uint8Array.of(0);
/** Each costs a decompressor of its own, and nobody is known to send more than one. */
const MAX_FINAL_BLOCKS = 8;
const MAX_OUTPUT_BYTES = 2 ** 31 - 1;
const LEAST_CHUNK_BYTES = 1_024;
const MOST_CHUNK_BYTES = 65_536;
const FIRST_BYTES = 1_024;
