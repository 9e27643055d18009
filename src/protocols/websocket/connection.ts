/**
 * One end of a WebSocket after its handshake, without a socket and without a clock.
 *
 * reader.ts hears (codec/frames.ts parses heads, mask.ts, utf8.ts, deflate.ts what is in them), writer.ts speaks, and
 * machine.ts between them knows what may be said when. A binding does no more than carry: bytes to `receive`, events from
 * `next`, what is to be said to one of the `send…` methods and from there to its transport, and a timer for `deadlineAt`.
 */

import { EMPTY } from "../../wire/byte-queue.ts";
import { joinBytes } from "../../wire/join-bytes.ts";
import { TEXT } from "../../wire/text.ts";
import { shortReason } from "./codec/close.ts";
import { completeDeflateSettings, type DeflateAgreement, type DeflateSettings } from "./codec/deflate.ts";
import { MaskKeys } from "./codec/mask-keys.ts";
import { Deadlines, type SomeWebSocketTimeouts, type WebSocketWait } from "./deadlines.ts";
import { RemoteWebSocketError } from "./errors.ts";
import type { WebSocketEvent } from "./events.ts";
import { limitsWith, type SomeWebSocketLimits, type WebSocketLimits } from "./limits.ts";
import { Machine } from "./machine.ts";
import type { PreparedMessage } from "./prepared.ts";
import { Reader } from "./reader.ts";
import { type WebSocketSink, Writer } from "./writer.ts";

/** What a connection puts up with, and how it gives messages. */
export interface WebSocketOptions {
  readonly limits?: SomeWebSocketLimits | undefined;
  readonly timeouts?: SomeWebSocketTimeouts | undefined;
  /** Messages come in fragments, as they arrive, and are not held; compressed ones come whole. Default false. */
  readonly fragments?: boolean | undefined;
}

/** What the handshake decided, and where a client's masks come from. */
export interface WebSocketConnectionOptions extends WebSocketOptions {
  /** What both sides agreed on (RFC 7692); default: no compression. */
  readonly deflate?: DeflateAgreement | undefined;
  /** How to compress what is sent, where both sides agreed to it. */
  readonly compression?: DeflateSettings | undefined;
  /** For a client: `(count) => reactor.randomBytes(count)`. */
  readonly randomBytes?: ((count: number) => Uint8Array) | undefined;
}

/**
 * Push what comes with `receive`, and ask `next` for events until there is none. Answer a `ping` by a `pong` of the same
 * data, and a `close` by one of the same code; then `isOver` is true, and the server closes the connection.
 *
 * @example
 * ```ts
 * import { WebSocketConnection } from "ropewalk/websocket";
 *
 * const server = new WebSocketConnection("server");
 * const client = new WebSocketConnection("client", { randomBytes: (count) => new Uint8Array(count).fill(7) });
 * server.receive(client.send({ type: "text", data: "hello" }));
 * console.log(server.next()); // { type: 'text', data: 'hello' }
 * client.receive(server.send({ type: "close", code: 1000, reason: "" }));
 * console.log(client.next()); // { type: 'close', code: 1000, reason: '' }
 * ```
 */
export class WebSocketConnection {
  readonly role: "server" | "client";
  readonly #limits: WebSocketLimits;
  readonly #machine: Machine = new Machine();
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #deadlines: Deadlines;
  #receivedBytes = 0;
  /** How much had been received when the last ping of `expire` went out; -1: none did. */
  #pingedAtBytes = -1;

  /** @throws TypeError for a client without `randomBytes`. */
  constructor(role: "server" | "client", options: WebSocketConnectionOptions = {}) {
    const { randomBytes, deflate } = options;
    this.role = role;
    this.#limits = limitsWith(options.limits);
    const isServer = role === "server";
    if (!isServer && randomBytes === undefined) {
      throw new TypeError("Cannot make a client's connection without random bytes for its masks: give randomBytes");
    }
    const keys = isServer || randomBytes === undefined ? undefined : new MaskKeys(randomBytes);
    this.#reader = new Reader(isServer, this.#machine, this.#limits, deflate, options.fragments ?? false);
    this.#writer = new Writer(this.#machine, keys, deflate, completeDeflateSettings(options.compression));
    this.#deadlines = new Deadlines(options.timeouts);
  }

  /** Both sides said their last word. The server closes the transport; a client waits for that, up to the deadline. */
  get isOver(): boolean {
    return this.#machine.isOver;
  }

  /** Messages may be sent: this side did not say its last word. */
  get maySend(): boolean {
    return this.#machine.maySpeak;
  }

  /** The code of this side's Close frame; undefined if none was sent. */
  get sentClose(): number | undefined {
    return this.#machine.sentClose;
  }

  /** The code of the peer's last word, 1006 if it went without one; undefined if it may still speak. */
  get receivedClose(): number | undefined {
    return this.#machine.receivedClose;
  }

  /** Whether to go on reading the transport. False when enough is held that nobody asked for. */
  get wantsInput(): boolean {
    return this.#reader.heldBytes < this.#limits.maxHeldBytes / 4;
  }

  /** What is waited for; undefined if it is this side's turn, or nobody is there to wait for. */
  get waitsFor(): WebSocketWait | undefined {
    const { sentClose, isListening, isLost } = this.#machine;
    if (isLost) return undefined;
    if (sentClose !== undefined) return "close";
    if (!isListening) return undefined;
    return this.#pingedAtBytes === this.#receivedBytes ? "pong" : "ping";
  }

  /** Bytes from the peer. They are kept, and a server unmasks them where they are: they belong to the connection from here on. */
  receive(data: Uint8Array): void {
    if (data.length === 0) return;
    this.#receivedBytes += data.length;
    this.#reader.receive(data);
  }

  /** The peer will send nothing any more: its connection ended. */
  receiveEnd(): void {
    this.#reader.receiveEnd();
  }

  /**
   * The next event; undefined if it is not complete. `close` is the last one: what comes behind it is dropped.
   *
   * @throws RemoteWebSocketError for what breaks the protocol or a limit, from then on each time. Send what `refusal` gives,
   * and close.
   */
  next(): WebSocketEvent | undefined {
    return this.#reader.next();
  }

  /**
   * What goes on the wire for this event.
   *
   * @throws LocalWebSocketError for what is not due, or cannot be said. Then nothing has changed.
   */
  send(event: WebSocketEvent): Uint8Array {
    const pieces = new Pieces();
    this.sendTo(pieces, event);
    return pieces.joined();
  }

  /** `send` right to a transport. */
  sendTo(to: WebSocketSink, event: WebSocketEvent): void {
    const writer = this.#writer;
    if (event.type === "text") writer.text(event.data, to);
    else if (event.type === "binary") writer.binary(event.data, to);
    else if (event.type === "fragment") writer.fragment(event.kind, event.data, event.isLast, to);
    else if (event.type === "close") writer.close(event.code, event.reason, to);
    else writer.control(event.type, event.data, to);
  }

  /** A message of text, without the event. @throws LocalWebSocketError as `send` does. */
  sendTextTo(to: WebSocketSink, text: string): void {
    this.#writer.text(text, to);
  }

  /** A message of bytes, without the event; a server hands large ones on as they are. @throws LocalWebSocketError as `send` does. */
  sendBinaryTo(to: WebSocketSink, data: Uint8Array): void {
    this.#writer.binary(data, to);
  }

  /** A message that others get, too. @throws LocalWebSocketError as `send` does. */
  sendPreparedTo(to: WebSocketSink, message: PreparedMessage): void {
    this.#writer.prepared(message, to);
  }

  /** The Close frame for what the peer did; no bytes if one was sent already. */
  refusal(error: RemoteWebSocketError): Uint8Array {
    if (!this.#machine.maySpeak) return EMPTY;
    return this.send({ type: "close", code: error.code, reason: shortReason(error.problem) });
  }

  /**
   * When to call `expire`, on the clock of `nowMs`; Infinity if nothing is waited for. Ask after each `receive` and `send`,
   * with `isPaused` if it is this side that does not read, and with the bytes that the transport has not sent yet.
   */
  deadlineAt(nowMs: number, isPaused = false, unsentBytes = 0): number {
    const wait = this.waitsFor;
    // Who does not listen cannot hear an answer; the end of the connection is waited for all the same.
    return this.#deadlines.at(isPaused && wait !== "close" ? undefined : wait, this.#receivedBytes, unsentBytes, nowMs);
  }

  /**
   * If the deadline is over: sends the ping that is due, or ends the connection and says why. Then send what `refusal` gives,
   * and abort the transport.
   */
  expire(to: WebSocketSink, nowMs: number, unsentBytes = 0): RemoteWebSocketError | undefined {
    const wait = this.waitsFor;
    if (nowMs < this.deadlineAt(nowMs, false, unsentBytes)) return undefined;
    if (wait === "ping") {
      this.#pingedAtBytes = this.#receivedBytes;
      this.#writer.control("ping", EMPTY, to);
      return undefined;
    }
    const what =
      wait === "pong" ? "no answer to a ping came for too long" : "no end of the connection came for too long";
    const error = new RemoteWebSocketError(1011, what);
    this.#reader.fail(error);
    return error;
  }
}

/** What is sent, in one piece. */
class Pieces implements WebSocketSink {
  readonly #pieces: Uint8Array[] = [];

  write(data: Uint8Array): void {
    this.#pieces.push(data);
  }

  writeLatin1(text: string): void {
    this.#pieces.push(TEXT.encodeLatin1(text));
  }

  joined(): Uint8Array {
    const [first = EMPTY] = this.#pieces;
    return this.#pieces.length <= 1 ? first : joinBytes(this.#pieces);
  }
}
