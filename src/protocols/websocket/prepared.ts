import { TEXT } from "../../wire/text.ts";
import {
  type CompleteDeflateSettings,
  completeDeflateSettings,
  type DeflateSettings,
  deflated,
} from "./codec/deflate.ts";
import { BINARY_FRAME, FIN, JOINED_BYTES, RSV1, smallFrame, TEXT_FRAME, wholeFrame } from "./codec/frames.ts";

/**
 * A message that is framed and compressed once, for any number of server connections: those that agreed to compression and
 * those that did not, with or without context takeover. A client's frames are masked, each with a key of its own, so there it
 * saves nothing.
 *
 * The bytes are kept and shared: do not write to them.
 *
 * @example
 * ```ts
 * import { PreparedMessage, WebSocketConnection } from "ropewalk/websocket";
 *
 * const message = new PreparedMessage("news");
 * const [one, other] = [new WebSocketConnection("server"), new WebSocketConnection("server")];
 * for (const connection of [one, other]) {
 *   connection.sendPreparedTo({ write: () => undefined, writeLatin1: (text) => console.log(text.length) }, message); // 6, twice
 * }
 * ```
 */
export class PreparedMessage {
  readonly kind: "text" | "binary";
  /** The message; of text, its UTF-8. */
  readonly bytes: Uint8Array;
  readonly #settings: CompleteDeflateSettings;
  #plain: Uint8Array | string | undefined = undefined;
  /** By window bits; `false` where it is not worth while. */
  readonly #compressed: (Uint8Array | string | false | undefined)[] = [];

  constructor(data: string | Uint8Array, settings?: DeflateSettings) {
    this.kind = typeof data === "string" ? "text" : "binary";
    this.bytes = typeof data === "string" ? TEXT.encodeUtf8(data) : data;
    this.#settings = completeDeflateSettings(settings);
  }

  /** The frame of a server that does not compress; a string has a character for each byte. */
  get plainFrame(): Uint8Array | string {
    this.#plain ??= frameOf(FIN | this.#opcode, this.bytes);
    return this.#plain;
  }

  /** The frame for those who agreed to so large a window; undefined if the plain one is better. */
  compressedFrame(windowBits: number): Uint8Array | string | undefined {
    let frame = this.#compressed[windowBits];
    if (frame === undefined) {
      frame = this.#compress(windowBits);
      this.#compressed[windowBits] = frame;
    }
    return frame === false ? undefined : frame;
  }

  get #opcode(): number {
    return this.kind === "text" ? TEXT_FRAME : BINARY_FRAME;
  }

  #compress(windowBits: number): Uint8Array | string | false {
    const { bytes } = this;
    const { minBytes, maxBytes } = this.#settings;
    if (bytes.length < minBytes || bytes.length > maxBytes) return false;
    const small = deflated(bytes, windowBits, this.#settings);
    return small.length < bytes.length && frameOf(FIN | RSV1 | this.#opcode, small);
  }
}

function frameOf(first: number, data: Uint8Array): Uint8Array | string {
  return data.length <= JOINED_BYTES ? smallFrame(first, data) : wholeFrame(first, data);
}
