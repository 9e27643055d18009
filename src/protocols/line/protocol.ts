import { FrameProtocol } from "../../core/frame-protocol.ts";
import { encodeLine, LineDecoder, type LineEncoding, type LineSettings } from "./codec.ts";
import type { RemoteLineLengthError } from "./errors.ts";

/**
 * A protocol of lines. Override `lineReceived`, send with `sendLine`; `setRawMode` turns to bytes and `setLineMode` back
 * to lines, at exactly the byte where it is called. The four settings are fields: override or assign them; a change takes
 * effect at the next line.
 *
 * Lines are UTF-8 by default, and what is malformed becomes U+FFFD: decoding never fails. Where that is not good
 * enough, choose `latin1` (every byte is one character), or declare `lineBytesReceived` and get each line as it was sent.
 *
 * @example
 * ```ts
 * import { LineProtocol } from "ropewalk/line";
 * import { MemoryTransport } from "ropewalk/testing";
 *
 * class Greeter extends LineProtocol {
 *   override lineReceived(line: string): void {
 *     this.sendLine(`Hello, ${line}`);
 *   }
 * }
 * const greeter = new Greeter();
 * const transport = new MemoryTransport();
 * greeter.makeConnection(transport);
 * greeter.dataReceived(new TextEncoder().encode("Ann\r\nBob\r\nCh"));
 * console.log(transport.text().trimEnd().split("\r\n")); // [ 'Hello, Ann', 'Hello, Bob' ]
 * ```
 */
export class LineProtocol extends FrameProtocol implements LineSettings {
  /** What ends a line, sent and received. */
  delimiter: string = "\r\n";
  /** A received line may also end with `\n` alone, as people at `nc` send it; one `\r` before it is not in the line. */
  acceptBareNewline: boolean = false;
  /** Bytes in a received line, without its delimiter. */
  maxLength: number = MAX_LENGTH;
  encoding: LineEncoding = "utf8";

  readonly #decoder: LineDecoder = new LineDecoder(this);
  #raw = false;

  /** One line, without its delimiter. */
  lineReceived(_line: string): void {}

  /** One line as bytes, without its delimiter. Declaring this method replaces `lineReceived`. */
  lineBytesReceived?(line: Uint8Array): void;

  /** Bytes that came in raw mode, cut anywhere. */
  rawDataReceived(_data: Uint8Array): void {}

  /**
   * A line is longer than `maxLength`. Closes the connection by default; if it is left open, the rest of that line is
   * dropped and the next one is received as usual. Called once a line, as soon as it is too long. In here, `setRawMode`
   * and `clearLineBuffer` begin after `error.start`.
   */
  lineLengthExceeded(_error: RemoteLineLengthError): void {
    this.transport.loseConnection();
  }

  /**
   * Sends a line and the delimiter.
   *
   * @throws LocalLineError if `line` holds a line's end, or a character that Latin-1 lacks while `encoding` is that.
   */
  sendLine(line: string): void {
    const text = encodeLine(line, this.delimiter, this.encoding);
    if (this.encoding === "latin1") this.transport.writeLatin1(text);
    else this.transport.write(text);
  }

  /**
   * From the next byte on, bytes go to `rawDataReceived`. Called by `lineReceived`, that byte is the one after the line,
   * and what came with the line follows at once. Called at another time, the start of an unfinished line comes with the
   * bytes that arrive next.
   */
  setRawMode(): void {
    this.#raw = true;
  }

  /** From now on, bytes are lines; first `extra`, which is what `rawDataReceived` got and does not want. */
  setLineMode(extra?: Uint8Array): void {
    this.#raw = false;
    if (extra !== undefined && extra.length > 0) this.dataReceived(extra);
  }

  /** Takes everything that is received and not delivered yet: an unfinished line, and whatever came with the present one. */
  clearLineBuffer(): Uint8Array {
    return this.#decoder.takeRest();
  }

  protected override bytesReceived(data: Uint8Array): void {
    this.#decoder.push(data);
  }

  protected override discardBytes(): void {
    this.#decoder.takeRest();
  }

  protected override deliverFrame(): boolean {
    if (this.#raw) return this.#deliverRaw();
    if (this.lineBytesReceived !== undefined) return this.#deliverBytes();
    const line = this.#decoder.next();
    if (line === undefined) return false;
    if (typeof line === "string") this.lineReceived(line);
    else this.lineLengthExceeded(line);
    return true;
  }

  #deliverBytes(): boolean {
    const line = this.#decoder.nextBytes();
    if (line === undefined) return false;
    if (line instanceof Uint8Array) this.lineBytesReceived?.(line);
    else this.lineLengthExceeded(line);
    return true;
  }

  #deliverRaw(): boolean {
    const data = this.#decoder.takeRest();
    if (data.length === 0) return false;
    this.rawDataReceived(data);
    return true;
  }
}

/** Twisted's limit, which its users' peers live with; a connection holds this much of an unfinished line at most. */
const MAX_LENGTH = 16_384;
