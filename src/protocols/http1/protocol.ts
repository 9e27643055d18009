/** Carries an Http1Connection: bytes between it and a transport, events to whoever stands on it, a timer for its deadline. */
import { Logger } from "../../core/log/logger.ts";
import { Protocol } from "../../core/protocol.ts";
import type { Clock, DelayedCall } from "../../core/time/clock.ts";
import { EarlyBytesTransport } from "../../policies/early-bytes.ts";
import { Http1Connection, type Http1Options } from "./connection.ts";
import { RemoteProtocolError } from "./errors.ts";
import type { Http1Event, Http1Sendable, RequestHead, ResponseHead } from "./events.ts";

/**
 * What servers and clients of HTTP/1.1 have in common. Override `eventReceived` for what the peer says, and
 * `faultReceived` for what is no HTTP or comes too late.
 *
 * @example
 * ```ts
 * import { Http1Protocol, type Http1Event } from "ropewalk/http1";
 * import { Clock, MemoryTransport } from "ropewalk/testing";
 *
 * class Hello extends Http1Protocol {
 *   override eventReceived(event: Http1Event): void {
 *     if (event.type === "request") this.sendWhole({ type: "response", status: 200 }, `hello ${event.target}`);
 *   }
 * }
 * const hello = new Hello("server", new Clock());
 * const transport = new MemoryTransport();
 * hello.makeConnection(transport);
 * hello.dataReceived(new TextEncoder().encode("GET /rope HTTP/1.1\r\nHost: example.org\r\n\r\n"));
 * console.log(transport.text().endsWith("hello /rope")); // true
 * ```
 */
export abstract class Http1Protocol extends Protocol {
  readonly #http: Http1Connection;
  readonly #clock: Clock;
  #timer: DelayedCall | undefined = undefined;
  #stallTimer: DelayedCall | undefined = undefined;
  #isHearing = false;
  /** Who called `holdInput`: this side, and not the peer, is slow. */
  #isHeld = false;
  #isReadingPaused = false;
  #isWritingPaused = false;
  /** The peer closed its half, which a successor has to hear as well. */
  #hasReadEnded = false;
  /** Says nothing any more, and waits for the peer to hear what was said. */
  #lingeringBytes = -1;
  #successor: Protocol | undefined = undefined;

  constructor(role: "server" | "client", clock: Clock, options: Http1Options = {}) {
    super();
    this.#http = new Http1Connection(role, options);
    this.#clock = clock;
  }

  override get innermost(): Protocol {
    return this.#successor?.innermost ?? this;
  }

  /** What may be said, and what is waited for. */
  get http(): Http1Connection {
    return this.#http;
  }

  /** The transport's buffer is full: what is written now waits in memory. */
  get isWritingPaused(): boolean {
    return this.#isWritingPaused;
  }

  /** What the peer said. */
  protected abstract eventReceived(event: Http1Event): void;

  /** The peer said what is no HTTP, or nothing for too long. By default a server answers that, and the connection ends. */
  protected faultReceived(error: RemoteProtocolError): void {
    const refusal = this.#http.refusal(error);
    if (refusal.length > 0) this.transport.write(refusal);
    this.linger();
  }

  /** There is room again for what was held back while `isWritingPaused`. */
  protected roomReceived(): void {}

  /**
   * Whether to hear what comes next. A server does not begin with another request while the answers to the ones before wait in
   * memory: a client that asks and does not listen would fill it.
   */
  protected get mayHear(): boolean {
    return true;
  }

  override connectionMade(): void {
    this.#watch();
  }

  override dataReceived(data: Uint8Array): void {
    if (this.#successor !== undefined) {
      this.#successor.dataReceived(data);
    } else if (this.#lingeringBytes >= 0) {
      this.#lingeringBytes += data.length;
      if (this.#lingeringBytes > MAX_LINGERING_BYTES) this.transport.abortConnection();
    } else {
      this.#http.receive(data);
      this.hear();
    }
  }

  override readConnectionLost(): void {
    if (this.#successor !== undefined) {
      if (this.#successor.readConnectionLost === undefined) this.transport.loseConnection();
      else this.#successor.readConnectionLost();
    } else if (this.#lingeringBytes >= 0) {
      this.transport.loseConnection();
    } else {
      this.#hasReadEnded = true;
      this.#http.receiveEnd();
      this.hear();
    }
  }

  override writeConnectionLost(): void {
    this.#successor?.writeConnectionLost?.();
  }

  override connectionLost(reason: Error): void {
    this.#stopTimers();
    this.#successor?.connectionLost(reason);
  }

  override writingPaused(): void {
    if (this.#successor !== undefined) {
      this.#successor.writingPaused();
    } else {
      this.#isWritingPaused = true;
      this.#awaitRoom();
      if (!this.#isHearing) this.#steer();
    }
  }

  override writingResumed(): void {
    if (this.#successor !== undefined) {
      this.#successor.writingResumed();
    } else {
      this.#isWritingPaused = false;
      this.#stallTimer?.cancel();
      this.#stallTimer = undefined;
      this.roomReceived();
      this.hear();
    }
  }

  /** @throws LocalProtocolError as `Http1Connection.send` does. */
  send(event: Http1Sendable): void {
    this.#http.sendTo(this.transport, event);
    this.hear();
  }

  /** @throws LocalProtocolError as `Http1Connection.sendWhole` does. */
  sendWhole(head: RequestHead | ResponseHead, body: Uint8Array | string = ""): void {
    this.#http.sendWholeTo(this.transport, head, body);
    this.hear();
  }

  /** Reads no more until it is called with false: the one that takes bodies is slower than the peer. */
  protected holdInput(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (!isHeld) this.hear();
    else this.#steer();
  }

  /**
   * Ends the connection so that the peer hears what was said: bytes that it sends meanwhile are taken and dropped, since
   * closing upon unread ones would reset the connection and destroy the last words (RFC 9112 §9.6).
   */
  protected linger(): void {
    if (this.#lingeringBytes >= 0) return;
    this.#lingeringBytes = 0;
    this.#stopTimers();
    this.transport.resumeReading();
    this.transport.loseWriteConnection();
    this.#timer = this.#clock.callLater(LINGER_MS, () => {
      this.#timer = undefined;
      this.transport.loseConnection();
    });
  }

  /**
   * The connection belongs to `successor` from here on, beginning with bytes that came already. `onMade` is called between its
   * connectionMade and those. What its connectionMade throws is thrown on, and ends the connection.
   */
  protected handOver(successor: Protocol, rest: Uint8Array, onMade?: () => void): void {
    this.#stopTimers();
    this.#successor = successor;
    const early = rest.length === 0 ? undefined : new EarlyBytesTransport(this.transport, successor, rest);
    this.transport.resumeReading();
    try {
      successor.makeConnection(early ?? this.transport);
    } catch (error) {
      this.transport.abortConnection();
      throw error;
    }
    if (this.#isWritingPaused) successor.writingPaused();
    onMade?.();
    early?.deliverEarly();
    if (this.#hasReadEnded) this.readConnectionLost();
  }

  /**
   * Takes the events that are there. For who has sent by `http` itself: an answer that is complete makes way for the next
   * request. From within `eventReceived` it does nothing, since the events go on anyway.
   */
  protected hear(): void {
    if (this.#isHearing || !this.transport.connected) return;
    this.#isHearing = true;
    try {
      while (!this.#isHeld && this.mayHear) {
        const event = this.#http.next();
        if (event === undefined) break;
        this.eventReceived(event);
        if (this.#successor !== undefined || this.#lingeringBytes >= 0 || !this.transport.connected) return;
      }
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error;
      this.faultReceived(error);
      return;
    } finally {
      this.#isHearing = false;
    }
    this.#steer();
  }

  /** Reads if there is somebody to hear it, and sets the timer. */
  #steer(): void {
    if (this.#lingeringBytes >= 0 || this.#successor !== undefined) return;
    const isPaused = this.#isHeld || !this.#http.wantsInput || !this.mayHear;
    if (isPaused !== this.#isReadingPaused) {
      this.#isReadingPaused = isPaused;
      if (isPaused) this.transport.pauseReading();
      else this.transport.resumeReading();
    }
    this.#watch();
  }

  /** A timer that is due too early is left alone until it is: setting it anew with each request would cost more. */
  #watch(): void {
    const nowMs = this.#clock.now();
    const atMs = this.#http.deadlineAt(nowMs, this.#isHeld || !this.mayHear);
    if (atMs === Number.POSITIVE_INFINITY || (this.#timer !== undefined && this.#timer.time <= atMs)) return;
    this.#stopTimer();
    this.#timer = this.#clock.callLater(Math.max(0, atMs - nowMs), () => this.#timeIsUp());
  }

  #timeIsUp(): void {
    this.#timer = undefined;
    const isPeersTurn = !this.#isHeld && this.mayHear;
    const error = isPeersTurn ? this.#http.expire(this.#clock.now()) : undefined;
    if (error === undefined) this.#watch();
    else this.faultReceived(error);
  }

  /** A peer that takes nothing of what it asked for is cut off. One that takes a little has as long again. */
  #awaitRoom(): void {
    const { bufferedBytes } = this.transport;
    this.#stallTimer = this.#clock.callLater(this.#http.sendTimeoutMs, () => {
      this.#stallTimer = undefined;
      if (this.transport.bufferedBytes < bufferedBytes) {
        this.#awaitRoom();
        return;
      }
      const { peer } = this.transport;
      log.info("{peer} took none of {bufferedBytes} bytes for {ms} ms: the connection is cut", {
        peer,
        bufferedBytes,
        ms: this.#http.sendTimeoutMs,
      });
      this.transport.abortConnection();
    });
  }

  #stopTimers(): void {
    this.#stopTimer();
    this.#stallTimer?.cancel();
    this.#stallTimer = undefined;
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

const log = new Logger("ropewalk.http1");
/** Two round trips on a bad line: by then the peer has heard the last words, or never will. */
const LINGER_MS = 2_000;
/** What a peer may still have under way: an upload of some windows. Who sends more is not listening. */
const MAX_LINGERING_BYTES = 4_194_304;
