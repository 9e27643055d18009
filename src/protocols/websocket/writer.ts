/*
 * The half of a connection that speaks. A server's frames have no mask, so a small one leaves as one text with a byte a
 * character, joined with the others of its turn; a large one is its head and the bytes as they were given. A client's frames
 * are masked in a copy, because the bytes stay the caller's.
 */
import { TEXT } from "../../wire/text.ts";
import { closePayload } from "./codec/close.ts";
import { type CompleteDeflateSettings, type DeflateAgreement, deflated, History } from "./codec/deflate.ts";
import {
  BINARY_FRAME,
  CLOSE_FRAME,
  CONTINUATION,
  FIN,
  headBytes,
  headText,
  JOINED_BYTES,
  MAX_CONTROL_BYTES,
  PING_FRAME,
  PONG_FRAME,
  RSV1,
  smallFrame,
  TEXT_FRAME,
  writeHead,
} from "./codec/frames.ts";
import { applyMask } from "./codec/mask.ts";
import type { MaskKeys } from "./codec/mask-keys.ts";
import { LocalWebSocketError } from "./errors.ts";
import type { Machine } from "./machine.ts";
import type { PreparedMessage } from "./prepared.ts";

/** Where bytes go: a Transport is one. */
export interface WebSocketSink {
  write(data: Uint8Array): void;
  /** Text whose characters are all below U+0100, one byte each. */
  writeLatin1(text: string): void;
}

export class Writer {
  readonly #machine: Machine;
  /** Of a client. */
  readonly #keys: MaskKeys | undefined;
  readonly #deflate: DeflateAgreement | undefined;
  readonly #settings: CompleteDeflateSettings;
  #history: History | undefined = undefined;

  constructor(
    machine: Machine,
    keys: MaskKeys | undefined,
    deflate: DeflateAgreement | undefined,
    settings: CompleteDeflateSettings,
  ) {
    this.#machine = machine;
    this.#keys = keys;
    this.#deflate = deflate;
    this.#settings = settings;
  }

  text(text: string, to: WebSocketSink): void {
    this.#checkMessage();
    const length = TEXT.utf8Length(text);
    const isAscii = length === text.length;
    if (isAscii && length <= JOINED_BYTES && this.#keys === undefined && !this.#compresses(length)) {
      to.writeLatin1(headText(FIN | TEXT_FRAME, length) + text);
    } else {
      this.#message(TEXT_FRAME, isAscii ? TEXT.encodeLatin1(text) : TEXT.encodeUtf8(text), to);
    }
  }

  binary(data: Uint8Array, to: WebSocketSink): void {
    this.#checkMessage();
    this.#message(BINARY_FRAME, data, to);
  }

  /** The first fragment of a message, or one more; they are never compressed. */
  fragment(kind: "text" | "binary", data: string | Uint8Array, isLast: boolean, to: WebSocketSink): void {
    this.#checkOpen(kind);
    const { sending } = this.#machine;
    if (sending !== undefined && sending !== kind) {
      throw new LocalWebSocketError(`Cannot send ${kind} within a message of ${sending}: finish that one first`);
    }
    const opcode = sending !== undefined ? CONTINUATION : kind === "text" ? TEXT_FRAME : BINARY_FRAME;
    this.#machine.sending = isLast ? undefined : kind;
    this.#frame(isLast ? FIN | opcode : opcode, typeof data === "string" ? TEXT.encodeUtf8(data) : data, to);
  }

  control(type: "ping" | "pong", data: Uint8Array, to: WebSocketSink): void {
    this.#checkOpen(type);
    if (data.length > MAX_CONTROL_BYTES) {
      throw new LocalWebSocketError(`Cannot send a ${type} of ${data.length} bytes: 125 is the most`);
    }
    this.#frame(FIN | (type === "ping" ? PING_FRAME : PONG_FRAME), data, to);
  }

  close(code: number, reason: string, to: WebSocketSink): void {
    this.#checkOpen("close");
    const payload = closePayload(code, reason);
    this.#machine.sentClose = code;
    this.#history = undefined;
    this.#frame(FIN | CLOSE_FRAME, payload, to);
  }

  /** A message that was made for many connections. */
  prepared(message: PreparedMessage, to: WebSocketSink): void {
    this.#checkMessage();
    if (this.#keys !== undefined) {
      this.#message(message.kind === "text" ? TEXT_FRAME : BINARY_FRAME, message.bytes, to);
      return;
    }
    const compressed = this.#deflate === undefined ? undefined : message.compressedFrame(this.#deflate.sendWindowBits);
    // It refers to nothing before it, but what comes later may refer to it.
    if (compressed !== undefined) this.#remember(message.bytes);
    const frame = compressed ?? message.plainFrame;
    if (typeof frame === "string") to.writeLatin1(frame);
    else to.write(frame);
  }

  /** Whether a message of so many bytes is to be compressed. */
  #compresses(length: number): boolean {
    const { minBytes, maxBytes } = this.#settings;
    return this.#deflate !== undefined && length >= minBytes && length <= maxBytes;
  }

  #message(opcode: number, data: Uint8Array, to: WebSocketSink): void {
    if (this.#compresses(data.length)) {
      const { sendWindowBits } = this.#deflate as DeflateAgreement;
      const small = deflated(data, sendWindowBits, this.#settings, this.#history?.bytes);
      if (small.length < data.length) {
        this.#remember(data);
        this.#frame(FIN | RSV1 | opcode, small, to);
        return;
      }
    }
    this.#frame(FIN | opcode, data, to);
  }

  #remember(data: Uint8Array): void {
    const { sendTakeover, sendWindowBits } = this.#deflate as DeflateAgreement;
    if (!sendTakeover) return;
    this.#history ??= new History(sendWindowBits);
    this.#history.append(data);
  }

  #frame(first: number, data: Uint8Array, to: WebSocketSink): void {
    if (this.#keys !== undefined) {
      to.write(masked(first, data, this.#keys.next()));
    } else if (data.length <= JOINED_BYTES) {
      to.writeLatin1(smallFrame(first, data));
    } else {
      to.writeLatin1(headText(first, data.length));
      to.write(data);
    }
  }

  #checkMessage(): void {
    const { sending, maySpeak } = this.#machine;
    if (maySpeak && sending === undefined) return;
    this.#checkOpen("message");
    throw new LocalWebSocketError(
      `Cannot send a message within another one of ${sending}: send its last fragment first`,
    );
  }

  #checkOpen(what: string): void {
    if (this.#machine.maySpeak) return;
    const why = this.#machine.isLost ? "the peer is gone" : "a Close frame was sent";
    throw new LocalWebSocketError(`Cannot send a ${what}: ${why}`);
  }
}

function masked(first: number, data: Uint8Array, key: number): Uint8Array {
  const frame = new Uint8Array(headBytes(data.length, true) + data.length);
  const at = writeHead(frame, first, data.length, true);
  for (let index = 0; index < 4; index++) frame[at + index] = key >>> (8 * index);
  frame.set(data, at + 4);
  applyMask(frame, at + 4, frame.length, key);
  return frame;
}
