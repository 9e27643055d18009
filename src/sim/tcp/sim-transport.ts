import type { Address } from "../../core/address.ts";
import type { Deferred } from "../../core/deferred/deferred.ts";
import { fail } from "../../core/deferred/succeed.ts";
import { ConnectionAborted, ConnectionLost, TlsError, UnsupportedError } from "../../core/errors.ts";
import type { Protocol } from "../../core/protocol.ts";
import type { StreamOptions } from "../../core/reactor.ts";
import { StreamTransport } from "../../core/stream-transport.ts";
import { systemError } from "../../core/system-error.ts";
import type { TlsFacts } from "../../core/tls.ts";
import type { StartTlsOptions } from "../../core/transport.ts";
import type { Piece, TextEncoding } from "../../core/write-buffer.ts";
import { joinBytes } from "../../wire/join-bytes.ts";
import { PORTABLE_TEXT } from "../../wire/text-portable.ts";
import { below } from "../random-source.ts";
import type { SimEvent } from "../scheduler.ts";
import type { SimProcess } from "../sim-process.ts";
import type { TcpConnection, TcpUser } from "./tcp-connection.ts";
import { type SecuredUser, TlsLayer } from "./tls-layer.ts";

/** A connection as a simulated process has it: reads and writes in the turns of its process. */
export class SimTransport extends StreamTransport implements TcpUser, SecuredUser, SimEvent {
  timeMs = 0;
  order = 0;
  slot = -1;
  readonly peer: Address;
  readonly local: Address;
  tls: TlsFacts | undefined = undefined;
  readonly connection: TcpConnection;
  readonly #process: SimProcess;
  #layer: TlsLayer | undefined = undefined;
  #isReading = true;
  #willRead = false;
  /** A slow reader does not read before. */
  #nextReadMs = 0;
  #heardEnd = false;
  #ending: "no" | "writing" | "all" = "no";
  #isGone = false;

  constructor(owner: SimProcess, connection: TcpConnection, ends: Ends, options: StreamOptions) {
    super(owner, options);
    this.#process = owner;
    this.connection = connection;
    this.local = ends.local;
    this.peer = ends.peer;
    connection.user = this;
    owner.open.add(this);
    if (options.keepAliveMs) connection.keepAliveMs = options.keepAliveMs;
  }

  /** Gives the connection to its protocol. Returns what that threw. */
  open(protocol: Protocol): Error | undefined {
    const thrown = this.opened(protocol);
    this.readable();
    return thrown;
  }

  /** Shakes hands before there is a protocol. */
  secure(options: StartTlsOptions): Deferred<TlsFacts> {
    const layer = new TlsLayer(this.#process, this.connection, this, options, () => this.fail(new ConnectionAborted()));
    this.#layer = layer;
    this.#beginTls(layer);
    return layer.done;
  }

  /** Closes a connection that no protocol wants. */
  refuse(): void {
    this.close();
  }

  // From the kernel.

  established(): void {}

  readable(): void {
    if (this.#willRead || this.#isGone || !this.#hasInput()) return;
    this.#willRead = true;
    const { scheduler } = this.#process;
    if (this.#nextReadMs > scheduler.nowMs) scheduler.at(this.#nextReadMs, this);
    else scheduler.soon(this);
  }

  hasRoom(): void {
    if (this.unsentBytes > 0) return;
    this.loop.drainedSoon(this);
    if (this.#layer?.phase === "clearing" && this.#ending === "no") this.#beginTls(this.#layer);
    this.#makeProgress();
  }

  broken(): void {
    this.readable();
    if (this.#ending === "all") this.#process.soon(() => this.#lose());
  }

  /** A read of the process. */
  happen(): void {
    const owner = this.#process;
    const { machine, scheduler } = owner;
    if (!owner.isAlive) return;
    if (machine.pausedUntilMs > scheduler.nowMs) {
      scheduler.at(machine.pausedUntilMs, this);
      return;
    }
    this.#willRead = false;
    owner.enter(this.#readOnce);
  }

  /** The kernel closes what a dead process had open. */
  killed(): void {
    this.#isGone = true;
    this.#layer?.destroy();
    if (this.connection.unreadBytes > 0) this.connection.reset();
    else this.connection.close();
  }

  readonly #readOnce = (): void => {
    const { connection } = this;
    if (this.#isGone) return;
    if (connection.brokenBy !== undefined && (this.#ending === "all" || !this.#hasUnread())) {
      if (this.#layer?.phase === "shaking") this.#layer.takeBreak(this.#breakage());
      else if (this.#isReading || this.#ending === "all") this.#lose();
      return;
    }
    if (this.#layer !== undefined) {
      this.#readSecured(this.#layer);
      return;
    }
    if (!this.#isReading) return;
    const available = connection.unreadBytes;
    if (available > 0) {
      this.#hand(connection.read(this.#cut(available)));
    } else if (connection.hasEnded && !this.#heardEnd) {
      this.#heardEnd = true;
      this.ended();
    }
    this.readable();
  };

  #hand(data: Uint8Array): void {
    const { machine, scheduler } = this.#process;
    this.#nextReadMs = scheduler.nowMs + (data.length / machine.readBytesPerSecond) * 1_000;
    this.received(data);
  }

  #readSecured(layer: TlsLayer): void {
    const { clear } = layer;
    if (clear.weight > 0) {
      if (!this.#isReading) return;
      this.#hand(clear.take(this.#cut(clear.weight)));
    } else if (layer.end !== "no") {
      if (!this.#isReading || this.#heardEnd) return;
      this.#heardEnd = true;
      if (layer.end === "whole") this.ended();
      else this.broke(new ConnectionLost("Peer ended TLS without close_notify: what it sent may be cut short"));
    } else if (!layer.isThirsty || !(this.#isReading || layer.phase === "shaking")) {
      return;
    } else if (!layer.drink(this.#cut(this.connection.unreadBytes))) {
      return;
    }
    this.readable();
  }

  /** Where the stream is cut is nobody's promise: often there is all that came, sometimes less. */
  #cut(available: number): number {
    const { random } = this.connection.stack;
    const slow = Math.max(1, Math.floor(this.#process.machine.readBytesPerSecond * SLOW_READ_SECONDS));
    const limit = Math.min(available, MOST_BYTES_A_READ, slow);
    return limit > 1 && random() < CUT_SHARE ? 1 + below(random, limit - 1) : limit;
  }

  #hasUnread(): boolean {
    const layer = this.#layer;
    return this.connection.unreadBytes > 0 || (layer?.phase === "secured" && layer.isBusy);
  }

  #hasInput(): boolean {
    const { connection } = this;
    if (connection.brokenBy !== undefined) return true;
    const layer = this.#layer;
    if (layer?.phase === "clearing") return false;
    if (layer !== undefined && (layer.clear.weight > 0 || layer.end !== "no")) return true;
    return connection.unreadBytes > 0 || (connection.hasEnded && !this.#heardEnd);
  }

  // From StreamTransport.

  protected get unsentBytes(): number {
    const { unsentBytes } = this.connection;
    return this.#layer === undefined ? unsentBytes : unsentBytes + this.#layer.unencryptedBytes;
  }

  /** What is written during a handshake waits for its end. */
  override flush(): void {
    if (this.#layer?.isUnderWay !== true) super.flush();
  }

  sendOne(data: Uint8Array | string, encoding: TextEncoding): void {
    const bytes = encode(data, encoding);
    if (this.#layer !== undefined) {
      this.#layer.write(bytes);
      return;
    }
    this.connection.put(bytes);
    this.connection.push();
  }

  sendAll(pieces: readonly Piece[]): void {
    if (this.#layer !== undefined) {
      this.#layer.write(joinBytes(pieces.map(({ data, encoding }) => encode(data, encoding))));
      return;
    }
    for (const { data, encoding } of pieces) this.connection.put(encode(data, encoding));
    this.connection.push();
  }

  protected startReading(): void {
    this.#isReading = true;
    this.readable();
  }

  protected stopReading(): void {
    this.#isReading = false;
  }

  protected endWriting(): void {
    this.#ending = "writing";
    this.#makeProgress();
  }

  protected close(): void {
    const layer = this.#layer;
    if (layer?.isUnderWay) {
      // What was written since may leave under TLS only.
      layer.closesWhenSecured = this.bufferedBytes > this.unsentBytes;
      if (layer.closesWhenSecured) return;
      if (layer.phase === "shaking") {
        this.#letGo();
        return;
      }
    }
    this.#ending = "all";
    this.#makeProgress();
  }

  protected reset(): void {
    this.connection.reset();
    this.#layer?.destroy();
    this.#process.soon(() => this.#over(undefined));
  }

  startTls(options: StartTlsOptions): Deferred<TlsFacts> {
    if (this.#layer !== undefined) {
      return fail(new UnsupportedError("Cannot start TLS: the connection has it already"));
    }
    if (!this.connected) return fail(new ConnectionLost("Cannot start TLS: the connection is gone"));
    if (this.#ending !== "no") return fail(new UnsupportedError("Cannot start TLS: this side has ended its stream"));
    this.flush();
    const layer = new TlsLayer(this.#process, this.connection, this, options, () => this.abortConnection());
    this.#layer = layer;
    if (this.unsentBytes === 0) this.#beginTls(layer);
    return layer.done;
  }

  // From TLS.

  secured(facts: TlsFacts): void {
    const layer = this.#layer as TlsLayer;
    this.tls = facts;
    this.flush();
    if (layer.closesWhenSecured) this.#ending = "all";
    layer.done.callback(facts);
  }

  handshakeFailed(error: Error): void {
    this.fail(error);
    if (this.#layer?.done.called === false) this.#layer.done.errback(error);
  }

  /** TLS is over, and the connection with it. */
  broke(error: Error): void {
    this.#layer?.destroy();
    this.connection.close();
    this.#over(error);
  }

  tlsMoved(hasWritten: boolean): void {
    if (this.#isGone) return;
    if (hasWritten) this.hasRoom();
    else this.#makeProgress();
    this.readable();
  }

  #beginTls(layer: TlsLayer): void {
    layer.begin();
    this.readable();
  }

  setNoDelay(_enabled: boolean): void {}

  setKeepAlive(idleMs: number): void {
    this.connection.keepAliveMs = idleMs;
  }

  /** All that was written is the kernel's: what waited for that can go on. */
  #makeProgress(): void {
    if (this.#ending === "no" || this.#isGone || this.unsentBytes > 0) return;
    const layer = this.#layer;
    if (layer?.phase === "secured" && layer.farewell !== "made") {
      if (layer.farewell === "no") layer.sayGoodbye();
    } else if (this.#ending === "writing") {
      this.connection.endWriting();
      this.#process.soon(() => this.writeEnded());
    } else {
      this.#letGo();
    }
  }

  /** The kernel does the rest. */
  #letGo(): void {
    this.#layer?.destroy();
    this.connection.close();
    this.#process.soon(() => this.#over(undefined));
  }

  #breakage(): Error {
    return systemError(this.connection.brokenBy ?? "ECONNRESET", "read", "socket");
  }

  #lose(): void {
    const cause = this.#breakage();
    this.#over(new ConnectionLost(`Connection was lost: read ${this.connection.brokenBy ?? "ECONNRESET"}`, { cause }));
  }

  #over(error: Error | undefined): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#process.open.delete(this);
    const layer = this.#layer;
    layer?.destroy();
    this.closed(error);
    if (layer === undefined || layer.done.called) return;
    if (layer.hasBegun) layer.done.errback(new TlsError("TLS handshake failed: this side closed the connection"));
    else layer.done.errback(new ConnectionLost("Connection was lost before TLS began"));
  }
}

/** What the two ends are called. */
export interface Ends {
  readonly local: Address;
  readonly peer: Address;
}

function encode(data: Uint8Array | string, encoding: TextEncoding): Uint8Array {
  if (typeof data !== "string") return data;
  return encoding === "latin1" ? PORTABLE_TEXT.encodeLatin1(data) : PORTABLE_TEXT.encodeUtf8(data);
}

/** As the reactor on Node reads. */
const MOST_BYTES_A_READ = 65_536;
/** So that a slow reader reads small pieces often, not large ones seldom. */
const SLOW_READ_SECONDS = 0.1;
/** Often enough that a short run meets a cut line, seldom enough that most reads look like most reads. */
const CUT_SHARE = 0.25;
