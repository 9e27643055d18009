/** Frames (RFC 6455 §5.2): the head of one that comes, judged byte by byte, and of one that goes. */
import { TEXT } from "../../../wire/text.ts";
import { RemoteWebSocketError } from "../errors.ts";
import { readKey } from "./mask.ts";

export const CONTINUATION = 0;
export const TEXT_FRAME = 1;
export const BINARY_FRAME = 2;
export const CLOSE_FRAME = 8;
export const PING_FRAME = 9;
export const PONG_FRAME = 10;

/** Added to the opcode in a frame's first byte. */
export const FIN = 0x80;
/** "Compressed", in the first frame of a message (RFC 7692 §6). */
export const RSV1 = 0x40;

/** The head of the frame that is being read. What depends on other frames is the reader's to judge. */
export class FrameHead {
  opcode = 0;
  isFinal = false;
  isCompressed = false;
  length = 0;
  key = 0;
  readonly #isMasked: boolean;
  readonly #allowsCompression: boolean;
  readonly #maxFrameBytes: number;

  constructor(isMasked: boolean, allowsCompression: boolean, maxFrameBytes: number) {
    this.#isMasked = isMasked;
    this.#allowsCompression = allowsCompression;
    this.#maxFrameBytes = maxFrameBytes;
  }

  get isControl(): boolean {
    return this.opcode >= CLOSE_FRAME;
  }

  /**
   * Reads a head from `bytes[at…end)`. Returns where its payload begins, or -1 if more bytes are needed.
   *
   * @throws RemoteWebSocketError at the first byte that is wrong.
   */
  read(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end) return -1;
    this.#readFirst(bytes[at] as number);
    if (at + 1 >= end) return -1;
    const second = bytes[at + 1] as number;
    if (second >= 0x80 !== this.#isMasked) {
      throw new RemoteWebSocketError(
        1002,
        this.#isMasked ? "a client's frame without a mask" : "a server's masked frame",
      );
    }
    const short = second & 0x7f;
    if (short > MAX_CONTROL_BYTES && this.isControl) {
      throw new RemoteWebSocketError(1002, "a control frame of more than 125 bytes");
    }
    this.length = short;
    let next = at + 2;
    if (short > MAX_CONTROL_BYTES) {
      next += short === 126 ? 2 : 8;
      if (short === 127 && at + 2 < end && (bytes[at + 2] as number) >= 0x80) {
        throw new RemoteWebSocketError(1002, "a length of 64 bits");
      }
      if (next > end) return -1;
      this.#readLength(bytes, at + 2, short);
    }
    if (this.length > this.#maxFrameBytes) {
      throw new RemoteWebSocketError(1009, `a frame of ${this.length} bytes; ${this.#maxFrameBytes} are allowed`);
    }
    if (!this.#isMasked) return next;
    if (next + 4 > end) return -1;
    this.key = readKey(bytes, next);
    return next + 4;
  }

  #readFirst(byte: number): void {
    const opcode = byte & 0x0f;
    this.opcode = opcode;
    this.isFinal = byte >= FIN;
    this.isCompressed = (byte & RSV1) !== 0;
    if ((byte & 0x30) !== 0) throw new RemoteWebSocketError(1002, "a reserved bit that nobody agreed on");
    if ((opcode > BINARY_FRAME && opcode < CLOSE_FRAME) || opcode > PONG_FRAME) {
      throw new RemoteWebSocketError(1002, `opcode ${opcode}, which is reserved`);
    }
    if (this.isCompressed && (!this.#allowsCompression || opcode === CONTINUATION || opcode >= CLOSE_FRAME)) {
      const what = this.#allowsCompression ? "the bit for compression, where it may not be" : "a reserved bit";
      throw new RemoteWebSocketError(1002, what);
    }
    if (opcode >= CLOSE_FRAME && !this.isFinal) throw new RemoteWebSocketError(1002, "a control frame in fragments");
  }

  #readLength(bytes: Uint8Array, at: number, short: number): void {
    if (short === 126) {
      this.length = (bytes[at] as number) * 0x100 + (bytes[at + 1] as number);
    } else {
      const high = word(bytes, at);
      // More than a number holds is more than any limit allows, so it need not be exact.
      this.length = high * 2 ** 32 + word(bytes, at + 4);
    }
    if (this.length <= (short === 126 ? MAX_CONTROL_BYTES : MAX_16_BITS)) {
      throw new RemoteWebSocketError(1002, `a length of ${this.length} in more bytes than it takes`);
    }
  }
}

/** How many bytes a frame's head has. */
export function headBytes(length: number, isMasked: boolean): number {
  return (length <= MAX_CONTROL_BYTES ? 2 : length <= MAX_16_BITS ? 4 : 10) + (isMasked ? 4 : 0);
}

/** Writes a head without its key, and returns where that begins. */
export function writeHead(bytes: Uint8Array, first: number, length: number, isMasked: boolean): number {
  const mask = isMasked ? 0x80 : 0;
  bytes[0] = first;
  if (length <= MAX_CONTROL_BYTES) {
    bytes[1] = mask | length;
    return 2;
  }
  if (length <= MAX_16_BITS) {
    bytes[1] = mask | 126;
    bytes[2] = length >> 8;
    bytes[3] = length;
    return 4;
  }
  bytes[1] = mask | 127;
  const high = Math.floor(length / 2 ** 32);
  for (let at = 0; at < 4; at++) {
    bytes[2 + at] = high >>> (24 - 8 * at);
    bytes[6 + at] = length >>> (24 - 8 * at);
  }
  return 10;
}

/** The head of an unmasked frame as text, a character for each byte. */
export function headText(first: number, length: number): string {
  if (length <= MAX_CONTROL_BYTES) {
    SHORT_HEADS[first] ??= shortHeads(first);
    return (SHORT_HEADS[first] as string[])[length] as string;
  }
  const bytes = new Uint8Array(headBytes(length, false));
  writeHead(bytes, first, length, false);
  return String.fromCharCode(...bytes);
}

/** An unmasked frame as text, a character for each byte: for those of at most `JOINED_BYTES`. */
export function smallFrame(first: number, data: Uint8Array): string {
  return headText(first, data.length) + TEXT.decodeLatin1(data, 0, data.length);
}

/** An unmasked frame in one array. */
export function wholeFrame(first: number, data: Uint8Array): Uint8Array {
  const size = headBytes(data.length, false);
  const frame = new Uint8Array(size + data.length);
  writeHead(frame, first, data.length, false);
  frame.set(data, size);
  return frame;
}

function shortHeads(first: number): string[] {
  return Array.from({ length: MAX_CONTROL_BYTES + 1 }, (_, length) => String.fromCharCode(first, length));
}

function word(bytes: Uint8Array, at: number): number {
  const [one, two, three, four] = bytes.subarray(at, at + 4) as unknown as [number, number, number, number];
  return one * 2 ** 24 + ((two << 16) | (three << 8) | four);
}

/** What the seven bits of the second byte can say; the most of a control frame, too (RFC 6455 §5.5). */
export const MAX_CONTROL_BYTES = 125;
/** Copying so much into one text is cheaper than another piece to write. */
export const JOINED_BYTES = 2_048;
const MAX_16_BITS = 0xffff;
/** By first byte, made when the first of them is sent. */
const SHORT_HEADS: (string[] | undefined)[] = new Array(256);
