/*
 * The half of a connection that hears: bytes in, events out. Codec and rules are in one place here, because a message is
 * small and there are many: most come as one frame in one piece, and those are unmasked where they lie and handed over.
 */
import { ByteQueue, EMPTY } from "../../wire/byte-queue.ts";
import { GrowingBytes } from "../../wire/growing-bytes.ts";
import { joinBytes } from "../../wire/join-bytes.ts";
import { TEXT } from "../../wire/text.ts";
import { NO_CLOSE, readClose } from "./codec/close.ts";
import { type DeflateAgreement, History, inflated } from "./codec/deflate.ts";
import { CLOSE_FRAME, CONTINUATION, FrameHead, PING_FRAME, TEXT_FRAME } from "./codec/frames.ts";
import { applyMask, turnKey } from "./codec/mask.ts";
import { decodeText, Utf8Check } from "./codec/utf8.ts";
import { RemoteWebSocketError } from "./errors.ts";
import type { WebSocketEvent } from "./events.ts";
import type { WebSocketLimits } from "./limits.ts";
import type { Machine } from "./machine.ts";

export class Reader {
  readonly #machine: Machine;
  readonly #limits: WebSocketLimits;
  readonly #isMasked: boolean;
  readonly #givesFragments: boolean;
  readonly #deflate: DeflateAgreement | undefined;
  readonly #queue: ByteQueue = new ByteQueue();
  readonly #head: FrameHead;
  /** A head that came in pieces. */
  readonly #headStart: GrowingBytes = new GrowingBytes();
  /** Of the frame whose head was read: bytes that are still to come. -1 between frames. */
  #left = -1;
  /** What the message is; undefined between messages. */
  #kind: "text" | "binary" | undefined = undefined;
  #isCompressed = false;
  #fragments = 0;
  /** Of the message, by the lengths that its frames announced. */
  #messageBytes = 0;
  readonly #message: GrowingBytes = new GrowingBytes();
  readonly #control: GrowingBytes = new GrowingBytes();
  readonly #utf8: Utf8Check = new Utf8Check();
  #history: History | undefined = undefined;
  #heldBytes = 0;
  #hasEnded = false;
  #error: RemoteWebSocketError | undefined = undefined;

  constructor(
    isServer: boolean,
    machine: Machine,
    limits: WebSocketLimits,
    deflate: DeflateAgreement | undefined,
    givesFragments: boolean,
  ) {
    this.#machine = machine;
    this.#limits = limits;
    this.#isMasked = isServer;
    this.#deflate = deflate;
    this.#givesFragments = givesFragments;
    this.#head = new FrameHead(isServer, deflate !== undefined, limits.maxFrameBytes);
  }

  /** Bytes that wait for `next`. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  receive(data: Uint8Array): void {
    if (!this.#machine.isListening) return;
    if (this.#heldBytes > this.#limits.maxHeldBytes) {
      this.fail(new RemoteWebSocketError(1009, `${this.#heldBytes} bytes that wait for this side to read on`));
      return;
    }
    this.#heldBytes += data.length;
    this.#queue.push(data);
  }

  receiveEnd(): void {
    this.#hasEnded = true;
  }

  /** Listens to nothing more, and throws this from now on. */
  fail(error: RemoteWebSocketError): void {
    if (!this.#machine.isListening) return;
    this.#error = error;
    this.#machine.hasFailed = true;
    this.#forget();
  }

  next(): WebSocketEvent | undefined {
    if (this.#error !== undefined) throw this.#error;
    if (!this.#machine.isListening) return undefined;
    try {
      for (;;) {
        if (this.#left === -1 && !this.#readHead()) return this.#waiting();
        const event = this.#readPayload();
        if (event !== undefined) return event;
        if (this.#left > 0) return this.#waiting();
      }
    } catch (error) {
      if (error instanceof RemoteWebSocketError) this.fail(error);
      throw error;
    }
  }

  /** Nothing can be made of what is there: at the end of all bytes, that is all there will be. */
  #waiting(): WebSocketEvent | undefined {
    if (!this.#hasEnded) return undefined;
    this.#machine.receivedClose = NO_CLOSE;
    this.#forget();
    return { type: "close", code: NO_CLOSE, reason: "" };
  }

  #forget(): void {
    this.#queue.takeAll();
    this.#heldBytes = 0;
    this.#message.take();
    this.#control.take();
    this.#history = undefined;
  }

  #readHead(): boolean {
    const queue = this.#queue;
    const begun = this.#headStart;
    while (queue.ready()) {
      const { chunk, at } = queue;
      if (begun.length === 0) {
        const payloadAt = this.#head.read(chunk, at, chunk.length);
        if (payloadAt !== -1) {
          this.#took(payloadAt - at);
          this.#beginFrame();
          return true;
        }
        begun.append(chunk, at, chunk.length);
        this.#took(chunk.length - at);
      } else {
        begun.append(chunk, at, at + 1);
        this.#took(1);
        if (this.#head.read(begun.bytes, 0, begun.length) === -1) continue;
        begun.clear();
        this.#beginFrame();
        return true;
      }
    }
    return false;
  }

  #took(count: number): void {
    this.#queue.at += count;
    this.#heldBytes -= count;
  }

  /** What the head means behind the frames before it. */
  #beginFrame(): void {
    const { opcode, length, isCompressed } = this.#head;
    this.#left = length;
    if (opcode >= CLOSE_FRAME) return;
    const { maxFragments, maxMessageBytes } = this.#limits;
    if (opcode === CONTINUATION) {
      if (this.#kind === undefined) throw new RemoteWebSocketError(1002, "a continuation of no message");
      this.#fragments++;
      if (this.#fragments > maxFragments) {
        throw new RemoteWebSocketError(1008, `a message of more than ${maxFragments} frames`);
      }
    } else {
      if (this.#kind !== undefined) throw new RemoteWebSocketError(1002, "a message in the middle of another one");
      this.#kind = opcode === TEXT_FRAME ? "text" : "binary";
      this.#isCompressed = isCompressed;
      this.#fragments = 1;
      this.#messageBytes = 0;
    }
    this.#messageBytes += length;
    // What cannot be made smaller grows a little when it is compressed.
    const most = this.#isCompressed ? maxMessageBytes + (maxMessageBytes >> 8) + SLACK_BYTES : maxMessageBytes;
    if (this.#messageBytes > most) {
      throw new RemoteWebSocketError(
        1009,
        `a message of ${this.#messageBytes} bytes or more; ${maxMessageBytes} are allowed`,
      );
    }
  }

  /** An event; undefined if there is none in this frame, or if the frame is not complete (`#left`). */
  #readPayload(): WebSocketEvent | undefined {
    const queue = this.#queue;
    const head = this.#head;
    const left = this.#left;
    const here = left === 0 || !queue.ready() ? 0 : Math.min(left, queue.chunk.length - queue.at);
    if (here < left && here === 0) return undefined;
    const { chunk, at } = queue;
    const end = at + here;
    this.#took(here);
    if (this.#isMasked && here > 0) {
      applyMask(chunk, at, end, head.key);
      if (here < left) head.key = turnKey(head.key, here);
    }
    this.#left = here === left ? -1 : left - here;
    return head.isControl ? this.#controlPart(chunk, at, end) : this.#data(chunk, at, end);
  }

  #controlPart(chunk: Uint8Array, at: number, end: number): WebSocketEvent | undefined {
    const kept = this.#control;
    if (this.#left !== -1) {
      kept.append(chunk, at, end, this.#head.length);
      return undefined;
    }
    if (kept.length === 0) return this.#controlEvent(chunk, at, end);
    kept.append(chunk, at, end, this.#head.length);
    const all = kept.take();
    return this.#controlEvent(all, 0, all.length);
  }

  #controlEvent(bytes: Uint8Array, start: number, end: number): WebSocketEvent {
    const { opcode } = this.#head;
    if (opcode === CLOSE_FRAME) {
      const event = readClose(bytes, start, end);
      this.#machine.receivedClose = event.code;
      this.#forget();
      return event;
    }
    const data = start === end ? EMPTY : bytes.subarray(start, end);
    return opcode === PING_FRAME ? { type: "ping", data } : { type: "pong", data };
  }

  #data(chunk: Uint8Array, at: number, end: number): WebSocketEvent | undefined {
    const isLast = this.#left === -1 && this.#head.isFinal;
    if (this.#givesFragments && !this.#isCompressed) return this.#fragment(chunk, at, end, isLast);
    const message = this.#message;
    if (isLast && message.length === 0) return this.#complete(chunk, at, end, false);
    message.append(
      chunk,
      at,
      end,
      this.#head.isFinal ? this.#messageBytes : this.#limits.maxMessageBytes + SLACK_BYTES,
    );
    const isChecked = this.#kind === "text" && !this.#isCompressed;
    if (isChecked) this.#checkText(chunk, at, end, isLast);
    if (!isLast) return undefined;
    const all = message.take();
    return this.#complete(all, 0, all.length, isChecked);
  }

  /** Text is judged as it comes, so that what is no text is not waited for. */
  #checkText(chunk: Uint8Array, at: number, end: number, isLast: boolean): void {
    const isText = this.#utf8.push(chunk, at, end);
    if (!isText || (isLast && this.#utf8.begun > 0)) throw new RemoteWebSocketError(1007, NO_TEXT);
  }

  /** The whole message, of which `isChecked` text is text. */
  #complete(bytes: Uint8Array, start: number, end: number, isChecked: boolean): WebSocketEvent {
    const kind = this.#kind as "text" | "binary";
    this.#kind = undefined;
    if (this.#isCompressed) {
      const plain = this.#inflated(bytes.subarray(start, end));
      return this.#event(kind, plain, 0, plain.length, false);
    }
    return this.#event(kind, bytes, start, end, isChecked);
  }

  #event(kind: "text" | "binary", bytes: Uint8Array, start: number, end: number, isChecked: boolean): WebSocketEvent {
    if (kind === "binary") {
      const data = bytes.subarray(start, end);
      return this.#givesFragments ? { type: "fragment", kind, data, isLast: true } : { type: "binary", data };
    }
    const data = isChecked ? TEXT.decodeUtf8(bytes, start, end) : decodeText(bytes, start, end);
    if (data === undefined) throw new RemoteWebSocketError(1007, NO_TEXT);
    return this.#givesFragments ? { type: "fragment", kind, data, isLast: true } : { type: "text", data };
  }

  #inflated(data: Uint8Array): Uint8Array {
    const { receiveWindowBits, receiveTakeover } = this.#deflate as DeflateAgreement;
    const { maxMessageBytes } = this.#limits;
    const plain = inflated(data, receiveWindowBits, maxMessageBytes, this.#history?.bytes);
    if (plain === "invalid") throw new RemoteWebSocketError(1007, "a message that cannot be decompressed");
    if (plain === "large") {
      throw new RemoteWebSocketError(1009, `a message of more than ${maxMessageBytes} bytes, decompressed`);
    }
    if (receiveTakeover) {
      this.#history ??= new History(receiveWindowBits);
      this.#history.append(plain);
    }
    return plain;
  }

  /** What came of a message, without the beginning of a character that is not complete. */
  #fragment(chunk: Uint8Array, at: number, end: number, isLast: boolean): WebSocketEvent | undefined {
    const kind = this.#kind as "text" | "binary";
    if (isLast) this.#kind = undefined;
    if (kind === "binary") {
      if (at === end && !isLast) return undefined;
      return { type: "fragment", kind, data: chunk.subarray(at, end), isLast };
    }
    this.#checkText(chunk, at, end, isLast);
    const begun = this.#message;
    const isJoined = begun.length > 0;
    const bytes = isJoined ? joinBytes([begun.take(), chunk.subarray(at, end)]) : chunk;
    const start = isJoined ? 0 : at;
    const complete = (isJoined ? bytes.length : end) - this.#utf8.begun;
    begun.append(bytes, complete, complete + this.#utf8.begun);
    if (complete === start && !isLast) return undefined;
    return { type: "fragment", kind, data: TEXT.decodeUtf8(bytes, start, complete), isLast };
  }
}

const NO_TEXT = "a text that is no UTF-8";
/** What deflate adds to what it cannot compress: five bytes for each block, and Node's zlib makes blocks of 16 KiB or more. */
const SLACK_BYTES = 64;
