import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Address } from "../core/address.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { CancelledError } from "../core/deferred/errors.ts";
import { fail } from "../core/deferred/succeed.ts";
import { ConnectionAborted, ConnectionLost, UnsupportedError } from "../core/errors.ts";
import type { Protocol } from "../core/protocol.ts";
import type { StreamOptions } from "../core/reactor.ts";
import { StreamTransport } from "../core/stream-transport.ts";
import type { TlsFacts } from "../core/tls.ts";
import type { StartTlsOptions } from "../core/transport.ts";
import type { Piece, TextEncoding } from "../core/write-buffer.ts";
import { type Connected, DirectSocket, type SocketOwner } from "./direct-socket.ts";
import { type DirectWriter, writeDirectly } from "./direct-write.ts";
import { laterTls } from "./later-tls.ts";
import type { NodeLoop } from "./node-loop.ts";
import { localAddressOf, peerAddressOf } from "./socket-address.ts";
import type { TlsSession } from "./tls-session.ts";
import { TlsUpgrade } from "./tls-upgrade.ts";

/** The engine over a `net.Socket`: TCP, UNIX, and TLS on either. */
export class NodeTransport extends StreamTransport implements SocketOwner, DirectWriter {
  declare protected readonly loop: NodeLoop;
  /** What bytes go through: the plain socket, or the TLS socket on it. */
  #socket: Socket | TLSSocket = NO_SOCKET;
  /** The plain socket, which owns the descriptor. */
  #plain: Socket = NO_SOCKET;
  #upgrade: TlsUpgrade | undefined = undefined;
  readonly ends: Ends;
  #peer: Address | undefined = undefined;
  #local: Address | undefined = undefined;
  #error: Error | undefined = undefined;
  /** Reads in a row that filled the buffer: the sign of a peer that could keep the others waiting. */
  #fullReads = 0;
  #reading = true;
  /** What is sent goes past the streams; in TLS it cannot. */
  #writesDirectly = false;
  /** Bytes that did, and have not left yet. */
  #directBytes = 0;
  #stalled = false;
  #shuttingDown = false;
  #resetWaits = false;
  #inputEnded = false;
  /** What to do once the socket has taken everything. */
  #whenSent: (() => void) | undefined = undefined;
  #onSent: (() => void) | undefined = undefined;

  /** `ends`: what to call an end that the system does not tell of, because it has no name, or no descriptor any more. */
  constructor(loop: NodeLoop, options: StreamOptions, ends: Ends = {}) {
    super(loop, options);
    this.ends = ends;
  }

  get peer(): Address {
    this.#peer ??= peerAddressOf(this.#plain) ?? this.ends.peer ?? UNNAMED;
    return this.#peer;
  }

  get local(): Address {
    this.#local ??= localAddressOf(this.#plain) ?? this.ends.local ?? UNNAMED;
    return this.#local;
  }

  get tls(): TlsFacts | undefined {
    return this.#upgrade?.session?.facts;
  }

  /** What the socket has carried so far, TLS and its handshake included: Node counts it anyway. */
  get bytesIn(): number {
    return this.#plain.bytesRead;
  }

  /** As `bytesIn`; what waits in the socket is counted. */
  get bytesOut(): number {
    return this.#plain.bytesWritten;
  }

  protected get unsentBytes(): number {
    return this.#socket.writableLength + this.#directBytes;
  }

  /** A socket whose reads come straight here; for `attach` as soon as it is connected. */
  makeSocket(connected: Connected = {}): DirectSocket {
    return new DirectSocket(this, this.loop.buffers.next, connected);
  }

  /** Takes over a connected socket. */
  attach(socket: Socket): void {
    this.loop.transports.add(this);
    this.#plain = socket;
    this.#socket = socket;
    // Asked for now, the socket remembers it; once the descriptor is gone nobody could tell who it was.
    void socket.remoteAddress;
    if (this.ends.local === undefined) this.#local = localAddressOf(socket);
    this.#writesDirectly = socket instanceof DirectSocket;
    if (socket instanceof DirectSocket) socket.owner = this;
    else this.#listenTo(socket).on("end", onEnd).on("data", onData);
  }

  /** Runs the TLS handshake on the attached socket; fires when it is done and the peer verified. */
  handshake(options: StartTlsOptions): Deferred<TlsFacts> {
    const plain = this.#plain;
    // From here on the TLS socket reads the descriptor and reports its end.
    if (plain instanceof DirectSocket) {
      plain.owner = undefined;
      this.#listenTo(plain);
    } else {
      plain.off("end", onEnd).off("data", onData);
    }
    this.#upgrade ??= new TlsUpgrade();
    const upgrade = this.#upgrade;
    upgrade.phase = "shaking";
    return this.#secure(plain, options).addCallbacks(
      (session) => this.#secured(upgrade, session),
      (error: Error) => {
        upgrade.phase = "failed";
        // Whoever called it off knows why; the protocol hears that this side ended the connection.
        this.fail(error instanceof CancelledError ? new ConnectionAborted(undefined, { cause: error }) : error);
        throw error;
      },
    );
  }

  /** The first handshake of a process waits for its code, and what the peer says meanwhile for that. */
  #secure(plain: Socket, options: StartTlsOptions): Deferred<TlsSession> {
    if (!laterTls.isLoaded) plain.pause();
    return laterTls.use(({ secureSocket }) => {
      if (plain.destroyed) return fail(new ConnectionLost("Connection was lost before TLS began"));
      // In the same turn a TLS socket takes out what waits in the plain one, before it reads the descriptor.
      if (options.received?.length) plain.unshift(options.received);
      return secureSocket(plain, options, this.loop);
    });
  }

  /** Makes the connection usable. Returns what the protocol threw, if it did. */
  open(protocol: Protocol): Error | undefined {
    this.loop.beginDispatch();
    const thrown = this.opened(protocol);
    this.loop.endDispatch();
    return thrown;
  }

  /** Closes a connection that no protocol wants. */
  refuse(): void {
    this.close();
  }

  override fail(reason: Error): void {
    super.fail(reason);
  }

  startTls(options: StartTlsOptions): Deferred<TlsFacts> {
    if (this.#upgrade !== undefined) {
      return fail(new UnsupportedError("Cannot start TLS: the connection has it already"));
    }
    if (!this.connected) return fail(new ConnectionLost("Cannot start TLS: the connection is gone"));
    if (this.#plain.writableEnded || this.#whenSent !== undefined) {
      return fail(new UnsupportedError("Cannot start TLS: this side has ended its stream"));
    }
    this.flush();
    this.#upgrade = new TlsUpgrade();
    this.#plain.pause();
    const clearSent = new Deferred<void>(() => this.abortConnection());
    this.#upgrade.clearSent = clearSent;
    this.#afterSent(() => clearSent.callback());
    return clearSent.addCallback(() => this.handshake(options));
  }

  setNoDelay(enabled: boolean): void {
    this.#plain.setNoDelay(enabled);
  }

  setKeepAlive(idleMs: number): void {
    this.#plain.setKeepAlive(idleMs > 0, idleMs);
  }

  /** What is written during a handshake waits for its end. */
  override flush(): void {
    if (!this.#isUpgrading()) super.flush();
  }

  sendOne(data: Uint8Array | string, encoding: TextEncoding): void {
    const socket = this.#socket;
    if (this.#writesDirectly && !this.#stalled) {
      const waiting = writeDirectly(socket, data, encoding, this);
      if (waiting >= 0) {
        this.#directBytes = waiting;
        this.#stalled = waiting > 0;
        return;
      }
    }
    socket.write(data as string, typeof data === "string" ? encoding : BYTES, this.#whenTaken());
    this.#stalled = this.unsentBytes > 0;
  }

  sendAll(pieces: readonly Piece[]): void {
    const socket = this.#socket;
    socket.cork();
    for (const { data, encoding } of pieces) socket.write(data as string, encoding);
    socket.uncork();
    this.#stalled = this.unsentBytes > 0;
    if (this.#stalled) socket.write("", this.#whenTaken());
  }

  protected startReading(): void {
    this.#reading = true;
    if (this.#isUpgrading()) return;
    this.#socket.resume();
    if (this.#inputEnded) setImmediate(() => this.#tellEnd());
  }

  protected stopReading(): void {
    this.#reading = false;
    if (!this.#isUpgrading()) this.#socket.pause();
  }

  protected endWriting(): void {
    this.#afterSent(() => this.#shutDown(() => this.writeEnded()));
  }

  protected close(): void {
    const upgrade = this.#upgrade;
    if (upgrade?.isUnderWay) {
      // What was written since may leave under TLS only.
      upgrade.closesWhenSecured = this.bufferedBytes > this.unsentBytes;
      if (upgrade.closesWhenSecured) return;
      if (upgrade.hasDescriptor) {
        this.#plain.destroy();
        return;
      }
    }
    this.#afterSent(() => this.#closeNow());
  }

  protected reset(): void {
    this.#whenSent = undefined;
    // While a callback of TLS runs, and in the microtasks after it, OpenSSL still works on the socket: freeing it there
    // crashes the process.
    if (this.#upgrade?.hasDescriptor) setImmediate(() => this.#resetTls());
    else if (this.#shuttingDown) this.#resetWaits = true;
    else resetSocket(this.#plain);
  }

  // What the socket tells: a DirectSocket by itself, others through the listeners below.

  deliver(data: Uint8Array): void {
    this.loop.beginDispatch();
    this.received(data);
    this.loop.endDispatch();
  }

  readInto(length: number, buffer: Uint8Array): boolean {
    const { loop } = this;
    this.deliver(loop.buffers.take(buffer, length));
    loop.buffers.chooseNext(buffer, length);
    if (length < buffer.length) {
      this.#fullReads = 0;
      return this.#reading;
    }
    this.#fullReads += 1;
    if (this.#fullReads < FULL_READS_PER_TURN) return this.#reading;
    this.#fullReads = 0;
    loop.readAgainSoon(this);
    return false;
  }

  directlySent(): void {
    this.#directBytes = 0;
    this.#sent();
  }

  inputEnded(): void {
    this.#inputEnded = true;
    this.#upgrade?.session?.noteEnd();
    this.#tellEnd();
  }

  broke(error: Error): void {
    this.#error ??= error;
    // After an error of TLS, Node would keep the descriptor until the peer lets go of it.
    if (this.#upgrade?.hasDescriptor) setImmediate(() => this.#plain.destroy());
  }

  gone(): void {
    this.loop.transports.delete(this);
    this.closed(this.#error);
    const { clearSent } = this.#upgrade ?? {};
    if (clearSent?.called === false) clearSent.errback(new ConnectionLost("Connection was lost before TLS began"));
  }

  /** Goes on reading after a turn was left to the others. */
  readAgain(): void {
    if (this.#reading && !this.#isUpgrading() && !this.#socket.destroyed) this.#socket.resume();
  }

  #resetTls(): void {
    // Behind bytes that nobody takes a shutdown never ends, and a reset fails during one. The peer misses close_notify.
    if (this.#shuttingDown) this.#plain.destroy();
    else resetSocket(this.#plain);
    this.#socket.destroy();
  }

  #tellEnd(): void {
    // Held back while reading is paused, unless nobody is told anyway.
    if (!this.#reading && this.connected) return;
    if (this.#upgrade?.session?.endedEarly === true) {
      this.broke(new ConnectionLost("Peer ended TLS without close_notify: what it sent may be cut short"));
      this.#plain.destroy();
    } else {
      this.ended();
    }
  }

  #isUpgrading(): boolean {
    return this.#upgrade?.isUnderWay === true;
  }

  #secured(upgrade: TlsUpgrade, session: TlsSession): TlsFacts {
    upgrade.phase = "secured";
    upgrade.session = session;
    this.#plain.off("close", onClose);
    this.#socket = session.socket;
    this.#writesDirectly = false;
    this.#listenTo(session.socket).on("end", onEnd).on("data", onData);
    if (this.#reading) session.socket.resume();
    this.flush();
    if (upgrade.closesWhenSecured) this.#afterSent(() => this.#closeNow());
    return session.facts;
  }

  #listenTo(socket: Socket | TLSSocket): Socket | TLSSocket {
    (socket as Owned)[owner] = this;
    return socket.on("error", onError).on("close", onClose);
  }

  #afterSent(step: () => void): void {
    if (this.unsentBytes === 0) step();
    else this.#whenSent = step;
  }

  #whenTaken(): () => void {
    this.#onSent ??= () => this.#sent();
    return this.#onSent;
  }

  #sent(): void {
    if (!this.#stalled || this.unsentBytes > 0) return;
    this.#stalled = false;
    const step = this.#whenSent;
    this.#whenSent = undefined;
    step?.();
    this.drained();
  }

  #closeNow(): void {
    const socket = this.#socket;
    // A system call and two events less: a third of what a connection costs that is made for one request.
    if ((this.#inputEnded || this.peerIsDone) && this.#upgrade === undefined) {
      socket.destroy();
      return;
    }
    this.#shutDown(() => {
      if (socket.destroyed) return;
      if (this.#inputEnded) {
        socket.destroy();
      } else {
        this.#reading = true;
        this.loop.lingering.add(socket);
        this.gone();
      }
    });
  }

  /** Sends FIN; the socket has taken everything. A reset has to wait for it: the system would refuse that. */
  #shutDown(then: () => void): void {
    this.#shuttingDown = true;
    // From inside the callback that ends the handshake, OpenSSL sends no close_notify.
    if (this.#upgrade === undefined) this.#endStream(then);
    else setImmediate(() => this.#endStream(then));
  }

  #endStream(then: () => void): void {
    this.#socket.end(() => {
      this.#shuttingDown = false;
      if (this.#resetWaits) resetSocket(this.#plain);
      else then();
    });
  }
}

function resetSocket(socket: Socket): void {
  if (socket.remoteFamily === undefined) socket.destroy();
  else socket.resetAndDestroy();
}

/** The two ends of a connection, as far as they are known beforehand. */
export interface Ends {
  readonly peer?: Address;
  readonly local?: Address;
}

const UNNAMED: Address = { kind: "unix", path: "" };

/** Shared by all sockets that are not direct ones: TLS, and those that Node accepted. They find their transport on the socket. */
function onData(this: Owned, data: Uint8Array): void {
  this[owner].deliver(data);
}

function onEnd(this: Owned): void {
  this[owner].inputEnded();
}

function onError(this: Owned, error: Error): void {
  this[owner].broke(error);
}

function onClose(this: Owned): void {
  this[owner].gone();
}

type Owned = Socket & { [owner]: NodeTransport };

const owner: unique symbol = Symbol("owner");

/** Stands in until `attach`, so that the fields keep one shape. */
const NO_SOCKET = undefined as unknown as Socket;

/** What the types call an encoding of a string, and Writable takes as "these are bytes": it then looks no further. */
const BYTES = "buffer" as BufferEncoding;

/** One MiB is about half a millisecond of one connection before the others' turn; to stop at each read costs a tenth of bulk. */
const FULL_READS_PER_TURN = 16;
