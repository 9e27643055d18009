/** Carries a WebSocketConnection: bytes between it and a transport, events to the protocol on top, a timer for its deadline. */
import { ConnectionDone, ConnectionLost } from "../../../core/errors.ts";
import { Protocol } from "../../../core/protocol.ts";
import type { Clock, DelayedCall } from "../../../core/time/clock.ts";
import type { Transport } from "../../../core/transport.ts";
import type { Leaving } from "../../http1/draining.ts";
import { NO_CLOSE } from "../codec/close.ts";
import type { DeflateAgreement } from "../codec/deflate.ts";
import { WebSocketConnection, type WebSocketOptions } from "../connection.ts";
import { RemoteWebSocketError } from "../errors.ts";
import type { WebSocketEvent } from "../events.ts";
import type { UpgradeRequest } from "../handshake/accept.ts";
import type { DeflateOptions } from "../handshake/deflate.ts";
import type { PreparedMessage } from "../prepared.ts";
import type { WebSocketHold, WebSocketProtocol } from "../protocol.ts";

/** What the handshake decided. */
export interface Agreement {
  readonly subprotocol: string;
  readonly deflate: DeflateAgreement | undefined;
  readonly request?: UpgradeRequest | undefined;
}

/** What is behind a handshake: this is the transport's protocol, and the user's is its inner one. */
export class WebSocketSession extends Protocol implements WebSocketHold, Leaving {
  readonly subprotocol: string;
  readonly request: UpgradeRequest | undefined;
  readonly #connection: WebSocketConnection;
  readonly #inner: WebSocketProtocol;
  readonly #clock: Clock;
  readonly #whenMade: (() => void) | undefined;
  #timer: DelayedCall | undefined = undefined;
  #isHearing = false;
  #isPaused = false;
  #isWritingPaused = false;
  /** The last ping that came while the peer takes nothing: one answer is enough for all of them (RFC 6455 §5.5.3). */
  #unanswered: Uint8Array | undefined = undefined;
  #hasHeardClose = false;
  #fault: RemoteWebSocketError | undefined = undefined;

  constructor(
    connection: WebSocketConnection,
    clock: Clock,
    inner: WebSocketProtocol,
    agreement: Agreement,
    whenMade?: () => void,
  ) {
    super();
    this.#connection = connection;
    this.#clock = clock;
    this.#inner = inner;
    this.#whenMade = whenMade;
    this.subprotocol = agreement.subprotocol;
    this.request = agreement.request;
  }

  override get innermost(): Protocol {
    return this.#inner.innermost;
  }

  get isOpen(): boolean {
    return this.#connection.maySend && this.#connection.receivedClose === undefined && this.transport.connected;
  }

  // From below.
  override makeConnection(transport: Transport): void {
    this.transport = transport;
    this.#watch();
    this.#inner.beginWebSocket(this, transport);
    this.#whenMade?.();
  }

  override dataReceived(data: Uint8Array): void {
    this.#connection.receive(data);
    this.#hear();
  }

  override writingPaused(): void {
    this.#isWritingPaused = true;
    this.#inner.writingPaused();
  }

  override writingResumed(): void {
    this.#isWritingPaused = false;
    const data = this.#unanswered;
    this.#unanswered = undefined;
    if (data !== undefined) this.#pong(data);
    this.#inner.writingResumed();
  }

  override connectionLost(reason: Error): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const isCutShort = !this.#hasHeardClose && reason instanceof ConnectionDone;
    const cut = isCutShort ? new ConnectionLost("Connection ended without a Close frame", { cause: reason }) : reason;
    try {
      this.#closeHeard(NO_CLOSE, "");
    } finally {
      this.#inner.connectionLost(this.#fault ?? cut);
    }
  }

  // From above.
  sendMessage(data: string | Uint8Array): void {
    if (!this.#maySend()) return;
    if (typeof data === "string") this.#connection.sendTextTo(this.transport, data);
    else this.#connection.sendBinaryTo(this.transport, data);
  }

  sendPrepared(message: PreparedMessage): void {
    if (this.#maySend()) this.#connection.sendPreparedTo(this.transport, message);
  }

  sendFragment(data: string | Uint8Array, isLast: boolean): void {
    if (!this.#maySend()) return;
    const kind = typeof data === "string" ? "text" : "binary";
    this.#connection.sendTo(this.transport, { type: "fragment", kind, data, isLast });
  }

  sendPing(data: Uint8Array): void {
    if (this.#maySend()) this.#connection.sendTo(this.transport, { type: "ping", data });
  }

  close(code: number, reason: string): void {
    if (!this.#maySend()) return;
    this.#connection.sendTo(this.transport, { type: "close", code, reason });
    // The peer's answer has to be heard.
    this.resumeReading();
    this.#watch();
  }

  /** The server stops. */
  goAway(): void {
    this.close(GOING_AWAY, "");
  }

  pauseReading(): void {
    if (!this.isOpen) return;
    this.#isPaused = true;
    this.transport.pauseReading();
  }

  resumeReading(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.transport.resumeReading();
    this.#hear();
  }

  #maySend(): boolean {
    return this.#connection.maySend && this.transport.connected;
  }

  #hear(): void {
    if (this.#isHearing) return;
    this.#isHearing = true;
    try {
      while (!this.#isPaused && this.transport.connected) {
        const event = this.#connection.next();
        if (event === undefined) break;
        this.#deliver(event);
      }
    } catch (error) {
      if (!(error instanceof RemoteWebSocketError)) {
        // The protocol on top threw: the transport closes, and the peer is told whose fault it was.
        if (this.#maySend()) this.#connection.sendTo(this.transport, { type: "close", code: 1011, reason: "" });
        throw error;
      }
      this.#fail(error);
    } finally {
      this.#isHearing = false;
    }
    this.#watch();
  }

  #deliver(event: WebSocketEvent): void {
    const isClosing = this.#connection.sentClose !== undefined;
    switch (event.type) {
      case "text":
      case "binary":
        if (!isClosing) this.#inner.messageReceived(event.data);
        return;
      case "fragment":
        if (!isClosing) this.#inner.fragmentReceived(event.data, event.isLast);
        return;
      case "ping":
        if (this.#isWritingPaused) this.#unanswered = event.data;
        else this.#pong(event.data);
        if (!isClosing) this.#inner.pingReceived(event.data);
        return;
      case "pong":
        if (!isClosing) this.#inner.pongReceived(event.data);
        return;
      default:
        if (this.#maySend()) this.#connection.sendTo(this.transport, { ...event, reason: "" });
        this.#closeHeard(event.code, event.reason);
        // The server closes the connection first, so that it is not the one to wait (RFC 6455 §7.1.1).
        if (this.#connection.role === "server") this.transport.loseConnection();
    }
  }

  #pong(data: Uint8Array): void {
    if (this.#maySend()) this.#connection.sendTo(this.transport, { type: "pong", data });
  }

  #closeHeard(code: number, reason: string): void {
    if (this.#hasHeardClose) return;
    this.#hasHeardClose = true;
    this.#inner.closeReceived(code, reason);
  }

  /** The peer is told why, and then nothing more is read. */
  #fail(error: RemoteWebSocketError): void {
    this.#fault ??= error;
    const refusal = this.#connection.refusal(error);
    if (refusal.length > 0) this.transport.write(refusal);
    this.transport.loseConnection();
  }

  /** A timer that is due too early is left alone until it is: setting it anew with each message would cost more. */
  #watch(): void {
    const nowMs = this.#clock.now();
    const atMs = this.#deadlineAt(nowMs);
    if (atMs === Number.POSITIVE_INFINITY || (this.#timer !== undefined && this.#timer.time <= atMs)) return;
    this.#timer?.cancel();
    this.#timer = this.#clock.callLater(Math.max(0, atMs - nowMs), () => this.#timeIsUp());
  }

  #deadlineAt(nowMs: number): number {
    const { connected, bufferedBytes } = this.transport;
    return connected ? this.#connection.deadlineAt(nowMs, this.#isPaused, bufferedBytes) : Number.POSITIVE_INFINITY;
  }

  #timeIsUp(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.now();
    const isDue = nowMs >= this.#deadlineAt(nowMs);
    const error = isDue ? this.#connection.expire(this.transport, nowMs, this.transport.bufferedBytes) : undefined;
    if (error === undefined) {
      this.#watch();
    } else if (this.#hasHeardClose) {
      // All is said; the server only left the closing of the connection to this side.
      this.transport.loseConnection();
    } else {
      this.#fault = error;
      this.transport.abortConnection();
    }
  }
}

/** What a session takes of the options of a server or a client. */
export interface SessionOptions extends WebSocketOptions {
  readonly deflate?: boolean | DeflateOptions | undefined;
  readonly randomBytes?: ((count: number) => Uint8Array) | undefined;
}

/** The session of a connection whose handshake is over. */
export function sessionOf(
  role: "server" | "client",
  clock: Clock,
  inner: WebSocketProtocol,
  agreement: Agreement,
  options: SessionOptions,
  whenMade?: () => void,
): WebSocketSession {
  const { limits, timeouts, fragments, randomBytes } = options;
  const compression = typeof options.deflate === "object" ? options.deflate : undefined;
  const { deflate } = agreement;
  const connection = new WebSocketConnection(role, { limits, timeouts, fragments, compression, randomBytes, deflate });
  return new WebSocketSession(connection, clock, inner, agreement, whenMade);
}

/** RFC 6455 §7.4.1: a server that goes down, or a page that is left. */
const GOING_AWAY = 1001;
