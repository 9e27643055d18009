/** Reads bodies (RFC 9112 §6, §7): of a length, chunked, or up to the end of the connection. */

import { HeaderMap } from "../../../wire/header-map.ts";
import { TEXT } from "../../../wire/text.ts";
import { RemoteProtocolError } from "../errors.ts";
import type { Http1Data, Http1End } from "../events.ts";
import type { Http1Limits } from "../limits.ts";
import { isExtensions } from "./extensions.ts";
import type { Framing } from "./framing.ts";
import type { HeadReader } from "./head-reader.ts";
import type { Inbox } from "./inbox.ts";
import { CR, HEX, LF, SEMICOLON } from "./tables.ts";

export class BodyReader {
  readonly #limits: Http1Limits;
  readonly #trailers: HeadReader;
  #framing: Framing = "none";
  #step: "size" | "data" | "data-end" | "trailers" = "data";
  /** Bytes to come: of the body, or of its chunk. */
  #left = 0;
  #total = 0;
  #extensionBytes = 0;
  #extensions = "";
  readonly #isServer: boolean;

  constructor(limits: Http1Limits, trailers: HeadReader, isServer: boolean) {
    this.#limits = limits;
    this.#trailers = trailers;
    this.#isServer = isServer;
  }

  begin(framing: Framing, length: number): void {
    this.#framing = framing;
    this.#step = framing === "chunked" ? "size" : "data";
    this.#left = framing === "length" ? length : 0;
    this.#total = 0;
    this.#extensionBytes = 0;
    this.#extensions = "";
  }

  /** @throws RemoteProtocolError for what is no body of this framing, or more than a limit allows. */
  read(inbox: Inbox): Http1Data | Http1End | undefined {
    switch (this.#framing) {
      case "none":
        return newEnd();
      case "length":
        return this.#left === 0 ? newEnd() : this.#data(inbox);
      case "chunked":
        return this.#chunked(inbox);
      default:
        return this.#untilClose(inbox);
    }
  }

  /** What the end of the connection is to this body: its end, or undefined where it came too early. */
  readEnd(): Http1End | undefined {
    return this.#framing === "until-close" ? newEnd() : undefined;
  }

  #data(inbox: Inbox): Http1Data | undefined {
    if (inbox.at === inbox.end) return undefined;
    const data = inbox.take(this.#left);
    this.#left -= data.length;
    const extensions = this.#extensions;
    this.#extensions = "";
    return { type: "data", data, extensions };
  }

  #untilClose(inbox: Inbox): Http1Data | undefined {
    const { maxBodyBytes } = this.#limits;
    if (this.#total === maxBodyBytes && inbox.length > 0) throw this.#tooLarge();
    this.#left = maxBodyBytes - this.#total;
    const event = this.#data(inbox);
    this.#total = maxBodyBytes - this.#left;
    return event;
  }

  #chunked(inbox: Inbox): Http1Data | Http1End | undefined {
    for (;;) {
      switch (this.#step) {
        case "size":
          if (!this.#readSize(inbox)) return undefined;
          break;
        case "data": {
          const event = this.#data(inbox);
          if (this.#left === 0) this.#step = "data-end";
          return event;
        }
        case "data-end":
          if (!this.#readDataEnd(inbox)) return undefined;
          break;
        default:
          return this.#readTrailers(inbox);
      }
    }
  }

  /** `chunk-size [chunk-ext] CRLF` (RFC 9112 §7.1), judged when its LF is there. Blanks are nowhere allowed. */
  #readSize(inbox: Inbox): boolean {
    const { bytes, at: start, end } = inbox;
    let at = start;
    let size = 0;
    while (at < end && isHex(bytes[at])) {
      // Beyond 53 bits a number is no longer exact; as many zeros are no better.
      if (at - start === 13) return this.#badSize(inbox, "a chunk size of more than 13 digits");
      size = 16 * size + (HEX[bytes[at] as number] as number);
      at++;
    }
    if (at + 1 < end && at > start && bytes[at] === CR && bytes[at + 1] === LF) return this.#begin(inbox, size, at, at);
    if (at === end || at === start || (bytes[at] !== SEMICOLON && bytes[at] !== CR)) {
      return this.#badSize(inbox, "a chunk without a hexadecimal size");
    }
    const lineEnd = TEXT.indexOfByte(bytes, LF, at);
    if (lineEnd === -1 || lineEnd >= end || lineEnd - start >= this.#limits.maxChunkLineBytes) {
      return this.#badSize(inbox, "");
    }
    if (bytes[lineEnd - 1] !== CR) return this.#badSize(inbox, "a chunk's line that ends with LF alone");
    return this.#begin(inbox, size, at, lineEnd - 1);
  }

  /** What is wrong with the line is said once it is complete, or too long to be one. */
  #badSize(inbox: Inbox, problem: string): false {
    const found = TEXT.indexOfByte(inbox.bytes, LF, inbox.at);
    const length = found === -1 || found >= inbox.end ? -1 : found + 1 - inbox.at;
    const { maxChunkLineBytes } = this.#limits;
    if (length > maxChunkLineBytes || (length === -1 && inbox.length >= maxChunkLineBytes)) {
      throw this.#fault(`a chunk's line of more than ${maxChunkLineBytes} bytes`);
    }
    if (length !== -1) throw this.#fault(problem);
    return false;
  }

  #begin(inbox: Inbox, size: number, extensionsAt: number, lineEnd: number): true {
    if (lineEnd + 2 - inbox.at > this.#limits.maxChunkLineBytes) this.#badSize(inbox, "");
    if (lineEnd > extensionsAt) this.#noteExtensions(TEXT.decodeLatin1(inbox.bytes, extensionsAt, lineEnd));
    this.#total += size;
    if (this.#total > this.#limits.maxBodyBytes) throw this.#tooLarge();
    inbox.at = lineEnd + 2;
    this.#left = size;
    if (size > 0) {
      this.#step = "data";
    } else {
      this.#step = "trailers";
      this.#trailers.begin("trailers");
    }
    return true;
  }

  #noteExtensions(text: string): void {
    if (!isExtensions(text)) throw this.#fault("something else than extensions behind the size of a chunk");
    this.#extensionBytes += text.length;
    const { maxExtensionBytes } = this.#limits;
    if (this.#extensionBytes > maxExtensionBytes) {
      throw this.#fault(`chunk extensions of more than ${maxExtensionBytes} bytes`);
    }
    this.#extensions = text;
  }

  #readDataEnd(inbox: Inbox): boolean {
    const { bytes, at, end } = inbox;
    if (at === end) return false;
    if (bytes[at] !== CR || (at + 1 < end && bytes[at + 1] !== LF)) throw this.#fault("a chunk longer than its size");
    if (at + 1 === end) return false;
    inbox.at = at + 2;
    this.#step = "size";
    return true;
  }

  #readTrailers(inbox: Inbox): Http1End | undefined {
    if (!this.#trailers.read(inbox)) return undefined;
    const { draft, text } = this.#trailers;
    if (draft.places.length === 0) return newEnd();
    return { type: "end", trailers: HeaderMap.ofText(text, draft.places) };
  }

  #tooLarge(): RemoteProtocolError {
    const status = this.#isServer ? 413 : 502;
    return new RemoteProtocolError(status, `a body of more than ${this.#limits.maxBodyBytes} bytes`);
  }

  #fault(problem: string): RemoteProtocolError {
    return new RemoteProtocolError(this.#isServer ? 400 : 502, problem);
  }
}

/** A new one each time: its map is the receiver's own. */
function newEnd(): Http1End {
  return { type: "end", trailers: new HeaderMap() };
}

function isHex(byte: number | undefined): boolean {
  return (HEX[byte as number] as number) < 16;
}
