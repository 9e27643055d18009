/**
 * Bytes to boxes and back, sans-IO. A box is a row of pairs, key and value, each with its length before it in two bytes, most
 * significant first; a key of no length ends it. A key has at most 255 bytes, so that the first byte of each pair is zero.
 */
import { ByteQueue } from "../../wire/byte-queue.ts";
import { GrowingBytes } from "../../wire/growing-bytes.ts";
import { joinBytes } from "../../wire/join-bytes.ts";
import { takeBytes } from "../../wire/take-bytes.ts";
import { TEXT } from "../../wire/text.ts";
import { LocalAmpError, RemoteAmpError } from "./errors.ts";
import type { Box } from "./events.ts";
import { type Encoded, knownText, lengthText, toBytes } from "./short-text.ts";

/** What one received box may hold. Read for each pair. */
export interface BoxLimits {
  readonly maxKeys: number;
  /** Bytes of a box, lengths included. */
  readonly maxBoxBytes: number;
}

/**
 * Received bytes to boxes. What comes does not depend on how the bytes are cut. Of two equal keys the later one holds.
 *
 * @example
 * ```ts
 * import { BoxDecoder, encodeBox } from "ropewalk/amp";
 *
 * const decoder = new BoxDecoder({ maxKeys: 10, maxBoxBytes: 1_000 });
 * decoder.push(encodeBox(new Map([["total", new TextEncoder().encode("94")]])));
 * console.log(decoder.next()); // Map(1) { 'total' => Uint8Array(2) [ 57, 52 ] }
 * ```
 */
export class BoxDecoder {
  readonly #limits: BoxLimits;
  readonly #queue: ByteQueue = new ByteQueue();
  readonly #partial: GrowingBytes = new GrowingBytes();
  #box: Box | undefined = undefined;
  #key: string | undefined = undefined;
  #lengthRead = 0;
  #length = 0;
  #keys = 0;
  #bytes = 0;
  #error: RemoteAmpError | undefined = undefined;

  constructor(limits: BoxLimits) {
    this.#limits = limits;
  }

  /** Nothing of a box has come that is not complete. */
  get isBetweenBoxes(): boolean {
    return this.#error === undefined && this.#bytes === 0 && this.#lengthRead === 0 && !this.#queue.ready();
  }

  /** Adds received bytes. They are not copied, and must not change. */
  push(data: Uint8Array): void {
    if (this.#error === undefined) this.#queue.push(data);
  }

  /** The next whole box, undefined if there is none, or what is wrong with it: then it stays that for good. */
  next(): Box | RemoteAmpError | undefined {
    const kept = this.#box?.size ?? 0;
    const box = this.#read();
    if (box === undefined && this.#box !== undefined) keepFrom(kept, this.#box);
    return box;
  }

  /** Whatever was not read yet, after the end of a box. */
  takeRest(): Uint8Array {
    return this.#queue.takeAll();
  }

  #read(): Box | RemoteAmpError | undefined {
    while (this.#error === undefined) {
      if (this.#lengthRead < 2 && !this.#readLength()) return this.#error;
      if (this.#key === undefined) {
        if (this.#length === 0) return this.#finish();
        this.#key = this.#takeKey();
        if (this.#key === undefined) return undefined;
      } else {
        const value = takeBytes(this.#queue, this.#partial, this.#length);
        if (value === undefined) return undefined;
        this.#box ??= new Map();
        this.#box.set(this.#key, value);
        this.#key = undefined;
      }
      this.#lengthRead = 0;
      this.#length = 0;
    }
    return this.#error;
  }

  #readLength(): boolean {
    const queue = this.#queue;
    while (this.#lengthRead < 2) {
      if (!queue.ready()) return false;
      this.#length = this.#length * 256 + (queue.chunk[queue.at++] as number);
      this.#lengthRead++;
    }
    this.#bytes += 2 + this.#length;
    const { maxBoxBytes, maxKeys } = this.#limits;
    if (this.#key === undefined && this.#length > 0) {
      this.#keys++;
      if (this.#length > MAX_KEY_BYTES) {
        return this.#refuse("key length", `a key of ${this.#length} bytes, ${MAX_KEY_BYTES} allowed; is it AMP at all`);
      }
      if (this.#keys > maxKeys) return this.#refuse("key count", `a box of more than ${maxKeys} keys`);
    }
    if (this.#bytes <= maxBoxBytes) return true;
    return this.#refuse("box size", `a box of more than ${maxBoxBytes} bytes`);
  }

  #takeKey(): string | undefined {
    const { chunk, at } = this.#queue;
    const end = at + this.#length;
    if (this.#partial.length === 0 && end <= chunk.length) {
      this.#queue.at = end;
      return knownText(chunk, at, end);
    }
    const key = takeBytes(this.#queue, this.#partial, this.#length);
    return key && knownText(key, 0, key.length);
  }

  #refuse(problem: RemoteAmpError["problem"], what: string): false {
    this.#error = new RemoteAmpError(problem, `Peer sent ${what}`);
    this.#queue.takeAll();
    this.#box = undefined;
    return false;
  }

  #finish(): Box {
    const box = this.#box ?? new Map();
    this.#box = undefined;
    this.#lengthRead = 0;
    this.#keys = 0;
    this.#bytes = 0;
    return box;
  }
}

/**
 * Copies the values from the one at `index` on: a box that is not complete may have to wait for long, and a few bytes of a
 * chunk would hold all of the chunk, and of what the chunk is part of.
 */
function keepFrom(index: number, box: Box): void {
  if (box.size === index) return;
  let at = 0;
  for (const [key, value] of box) if (at++ >= index) box.set(key, new Uint8Array(value));
}

/**
 * A box as bytes, its keys in order, as Twisted sends them.
 *
 * @throws LocalAmpError if a key has no or more than 255 bytes, or is not Latin-1, or a value has more than 65 535.
 *
 * @example
 * ```ts
 * import { encodeBox } from "ropewalk/amp";
 *
 * console.log(encodeBox(new Map([["a", new Uint8Array([7])]])).toString()); // 0,1,97,0,1,7,0,0
 * ```
 */
export function encodeBox(box: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const keys = [...box.keys()].sort();
  const values = keys.map((key) => box.get(key) as Uint8Array);
  return toBytes(joinPairs(keys.map(encodeKey), values));
}

/** All boxes of bytes that hold nothing else. @throws TypeError if they do. */
export function decodeBoxes(bytes: Uint8Array): Box[] {
  const decoder = new BoxDecoder(UNLIMITED);
  const boxes: Box[] = [];
  decoder.push(bytes);
  for (let box = decoder.next(); box !== undefined; box = decoder.next()) {
    if (box instanceof Error) throw new TypeError(box.message, { cause: box });
    boxes.push(box);
  }
  if (!decoder.isBetweenBoxes) throw new TypeError("the last box is cut off");
  return boxes;
}

/** A key with its length before it. */
export function encodeKey(key: string): string {
  if (KEY.test(key)) return lengthText(key.length) + key;
  throw new LocalAmpError(`Cannot use ${JSON.stringify(key)} as a key: 1 to ${MAX_KEY_BYTES} characters of Latin-1`);
}

/**
 * One box of these pairs: a text if all values are, else bytes. A pair whose value is undefined is left out. The keys have
 * their lengths before them.
 */
export function joinPairs(keys: readonly string[], values: readonly (Encoded | undefined)[]): Encoded {
  let text = "";
  const pieces: Uint8Array[] = [];
  for (let i = 0; i < keys.length; i++) {
    const value = values[i];
    if (value === undefined) continue;
    text += (keys[i] as string) + lengthText(checkValue(value).length);
    if (typeof value === "string") {
      text += value;
    } else {
      pieces.push(TEXT.encodeLatin1(text), value);
      text = "";
    }
  }
  text += "\0\0";
  return pieces.length === 0 ? text : joinBytes([...pieces, TEXT.encodeLatin1(text)]);
}

/** `value`, if two bytes can say its length. */
export function checkValue<V extends Encoded>(value: V): V {
  if (value.length <= MAX_VALUE_BYTES) return value;
  throw new LocalAmpError(`Cannot send a value of ${value.length} bytes: ${MAX_VALUE_BYTES} allowed; split it`);
}

/** For boxes inside a value, whose length is a limit already. */
const UNLIMITED: BoxLimits = { maxKeys: Infinity, maxBoxBytes: Infinity };
const MAX_KEY_BYTES = 255;
const MAX_VALUE_BYTES = 65_535;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a key is bytes, and any will do
const KEY = /^[\u0000-\u00ff]{1,255}$/;
