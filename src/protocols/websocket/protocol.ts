/** What users extend: a WebSocket as messages. The work is done by session/protocol.ts, which the transport talks to. */
import { Protocol } from "../../core/protocol.ts";
import type { Transport } from "../../core/transport.ts";
import { LocalWebSocketError } from "./errors.ts";
import type { UpgradeRequest } from "./handshake/accept.ts";
import type { PreparedMessage } from "./prepared.ts";

/**
 * One end of a WebSocket. Override what you need: `connectionMade` when it is open, `messageReceived` for messages,
 * `closeReceived` and `connectionLost` for its end, `writingPaused` and `writingResumed` for a peer that is slow.
 *
 * Pings are answered and sent by themselves. `transport` is the connection below, for its `peer`, `tls` and
 * `abortConnection`; what is written to it does not go through here.
 *
 * @example
 * ```ts
 * import { listen, NodeReactor } from "ropewalk";
 * import { connectWebSocket, WebSocketProtocol, webSocketFactory } from "ropewalk/websocket";
 *
 * class Echo extends WebSocketProtocol {
 *   override messageReceived(data: string | Uint8Array): void {
 *     this.sendMessage(data);
 *   }
 * }
 * class Caller extends WebSocketProtocol {
 *   override connectionMade(): void {
 *     this.sendMessage("hello");
 *   }
 *   override messageReceived(data: string | Uint8Array): void {
 *     console.log(data); // hello
 *     this.close();
 *   }
 * }
 * const reactor = new NodeReactor();
 * const port = await listen(reactor, "tcp:0:interface=127.0.0.1", webSocketFactory(reactor, () => new Echo()));
 * if (port.address.kind !== "tcp") throw new Error("no TCP port");
 * const caller = await connectWebSocket(reactor, `ws://127.0.0.1:${port.address.port}/`, () => new Caller());
 * await caller.transport.whenClosed();
 * await port.stopListening();
 * ```
 */
export class WebSocketProtocol extends Protocol {
  #session: WebSocketHold | undefined = undefined;

  /** What both sides agreed to speak; "" if nothing was agreed on. */
  get subprotocol(): string {
    return this.#open().subprotocol;
  }

  /** What the client asked for, at a server's end. */
  get request(): UpgradeRequest | undefined {
    return this.#open().request;
  }

  /** Messages can be sent: it is open, and neither side said close. */
  get isOpen(): boolean {
    return this.#session?.isOpen ?? false;
  }

  /** Bytes that were sent and that the kernel has not taken yet. */
  get bufferedBytes(): number {
    return this.#session === undefined ? 0 : this.transport.bufferedBytes;
  }

  /** Called by whoever did the handshake; override connectionMade instead. */
  beginWebSocket(session: WebSocketHold, transport: Transport): void {
    this.#session = session;
    this.transport = transport;
    this.connectionMade();
  }

  /** A message. Its bytes belong to this side; they may be a view on a larger piece that was read. */
  messageReceived(_data: string | Uint8Array): void {}

  /** With the option `fragments`, instead of messages: what came of one, cut anywhere but in a character. */
  fragmentReceived(_data: string | Uint8Array, _isLast: boolean): void {}

  /** The peer asked for a sign of life, and was answered. */
  pingReceived(_data: Uint8Array): void {}

  /** The peer gave a sign of life. */
  pongReceived(_data: Uint8Array): void {}

  /**
   * The peer said its last word: its code and reason, 1005 for a close without a code. 1006 if it never did: it broke the
   * protocol, or the connection broke. Called once; `connectionLost` follows.
   */
  closeReceived(_code: number, _reason: string): void {}

  /**
   * Sends text, or bytes: they belong to the transport from here on. After `close` or a loss it does nothing.
   *
   * @throws LocalWebSocketError before connectionMade, and between the fragments of another message.
   */
  sendMessage(data: string | Uint8Array): void {
    this.#open().sendMessage(data);
  }

  /** Sends a message that others get, too. @throws LocalWebSocketError as `sendMessage` does. */
  sendPrepared(message: PreparedMessage): void {
    this.#open().sendPrepared(message);
  }

  /**
   * Sends a message in parts: all text, or all bytes, and the last one with `isLast`.
   *
   * @throws LocalWebSocketError for text within bytes, or bytes within text.
   */
  sendFragment(data: string | Uint8Array, isLast: boolean): void {
    this.#open().sendFragment(data, isLast);
  }

  /** Asks the peer for a sign of life. @throws LocalWebSocketError for more than 125 bytes. */
  sendPing(data: Uint8Array = NOTHING): void {
    this.#open().sendPing(data);
  }

  /**
   * Says the last word; what was sent before leaves first. No more messages come. The connection ends when the peer has
   * answered, or after `closeTimeoutMs`.
   *
   * @throws LocalWebSocketError for a code that may not be sent (1000 to 1003, 1007 to 1014 and 3000 to 4999 may), and a reason
   * of more than 123 bytes.
   */
  close(code: number = 1000, reason: string = ""): void {
    this.#open().close(code, reason);
  }

  /** Stops reading: no more messages come, those included that have been read already. Signs of life are not heard either. */
  pauseReading(): void {
    this.#open().pauseReading();
  }

  /** Goes on reading. */
  resumeReading(): void {
    this.#open().resumeReading();
  }

  /** Closes it and waits for its end. */
  override async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.transport.whenClosed();
  }

  #open(): WebSocketHold {
    if (this.#session !== undefined) return this.#session;
    throw new LocalWebSocketError("Cannot use a WebSocket before its connectionMade: it is not connected");
  }
}

/** What a WebSocketProtocol holds its connection by. */
export interface WebSocketHold {
  readonly subprotocol: string;
  readonly request: UpgradeRequest | undefined;
  readonly isOpen: boolean;
  sendMessage(data: string | Uint8Array): void;
  sendPrepared(message: PreparedMessage): void;
  sendFragment(data: string | Uint8Array, isLast: boolean): void;
  sendPing(data: Uint8Array): void;
  close(code: number, reason: string): void;
  pauseReading(): void;
  resumeReading(): void;
}

const NOTHING: Uint8Array = new Uint8Array(0);
