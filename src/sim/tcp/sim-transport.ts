import type { Address } from "../../core/address.ts";
import type { Deferred } from "../../core/deferred/deferred.ts";
import { fail } from "../../core/deferred/succeed.ts";
import { ConnectionLost, UnsupportedError } from "../../core/errors.ts";
import type { Protocol } from "../../core/protocol.ts";
import type { StreamOptions } from "../../core/reactor.ts";
import { StreamTransport } from "../../core/stream-transport.ts";
import { systemError } from "../../core/system-error.ts";
import type { TlsFacts } from "../../core/tls.ts";
import type { StartTlsOptions } from "../../core/transport.ts";
import type { Piece, TextEncoding } from "../../core/write-buffer.ts";
import { PORTABLE_TEXT } from "../../wire/text-portable.ts";
import { below } from "../random-source.ts";
import type { SimEvent } from "../scheduler.ts";
import type { SimProcess } from "../sim-process.ts";
import type { TcpConnection, TcpUser } from "./tcp-connection.ts";

/** A connection as a simulated process has it: reads and writes in the turns of its process. */
export class SimTransport extends StreamTransport implements TcpUser, SimEvent {
  timeMs = 0;
  order = 0;
  slot = -1;
  readonly peer: Address;
  readonly local: Address;
  tls: TlsFacts | undefined = undefined;
  readonly connection: TcpConnection;
  readonly #process: SimProcess;
  #isReading = true;
  #willRead = false;
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
    return this.startTls(options);
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
    this.#process.scheduler.soon(this);
  }

  hasRoom(): void {
    this.loop.drainedSoon(this);
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
    if (this.connection.unreadBytes > 0) this.connection.reset();
    else this.connection.close();
  }

  readonly #readOnce = (): void => {
    const { connection } = this;
    if (this.#isGone) return;
    if (connection.brokenBy !== undefined) {
      if (this.#isReading || this.#ending === "all") this.#lose();
      return;
    }
    if (!this.#isReading) return;
    const available = connection.unreadBytes;
    if (available > 0) {
      this.received(connection.read(this.#cut(available)));
    } else if (connection.hasEnded && !this.#heardEnd) {
      this.#heardEnd = true;
      this.ended();
    }
    this.readable();
  };

  /** Where the stream is cut is nobody's promise: often there is all that came, sometimes less. */
  #cut(available: number): number {
    const { random } = this.connection.stack;
    const limit = Math.min(available, MOST_BYTES_A_READ);
    return limit > 1 && random() < CUT_SHARE ? 1 + below(random, limit - 1) : limit;
  }

  #hasInput(): boolean {
    const { connection } = this;
    if (connection.brokenBy !== undefined) return true;
    return connection.unreadBytes > 0 || (connection.hasEnded && !this.#heardEnd);
  }

  // From StreamTransport.

  protected get unsentBytes(): number {
    return this.connection.unsentBytes;
  }

  sendOne(data: Uint8Array | string, encoding: TextEncoding): void {
    this.connection.put(encode(data, encoding));
    this.connection.push();
  }

  sendAll(pieces: readonly Piece[]): void {
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
    this.#ending = "all";
    this.#makeProgress();
  }

  protected reset(): void {
    this.connection.reset();
    this.#process.soon(() => this.#over(undefined));
  }

  startTls(_options: StartTlsOptions): Deferred<TlsFacts> {
    return fail(new UnsupportedError("Cannot start TLS: not there yet"));
  }

  setNoDelay(_enabled: boolean): void {}

  setKeepAlive(idleMs: number): void {
    this.connection.keepAliveMs = idleMs;
  }

  /** All that was written is the kernel's: what waited for that can go on. */
  #makeProgress(): void {
    if (this.#ending === "no" || this.#isGone || this.connection.unsentBytes > 0) return;
    if (this.#ending === "writing") {
      this.connection.endWriting();
      this.#process.soon(() => this.writeEnded());
    } else {
      this.connection.close();
      this.#process.soon(() => this.#over(undefined));
    }
  }

  #lose(): void {
    const code = this.connection.brokenBy ?? "ECONNRESET";
    this.#over(new ConnectionLost(`Connection was lost: read ${code}`, { cause: systemError(code, "read", "socket") }));
  }

  #over(error: Error | undefined): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#process.open.delete(this);
    this.closed(error);
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
/** Often enough that a short run meets a cut line, seldom enough that most reads look like most reads. */
const CUT_SHARE = 0.25;
