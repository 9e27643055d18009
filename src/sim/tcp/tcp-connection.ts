/*
 * Theory of operation. This is the kernel's half of one end of a connection: enough of TCP (RFC 9293) that everything a
 * network does to packets has the effect it has in the world. Segments are numbered and acknowledged; what is not
 * acknowledged is sent again, by a timer (RFC 6298) or after three duplicate acknowledgments (RFC 6582); the window of the
 * receiver and that of congestion (RFC 5681) hold the sender back. Acknowledgments of one instant are joined, and ride on
 * data that leaves in it. Numbers are not reduced to 32 bits, and there is no TIME-WAIT: a segment that comes late is told
 * that nobody is there.
 */
import type { NetworkInterface } from "../network/interface.ts";
import { ACK, FIN, FlyingPacket, type Receiver, RST, SYN } from "../network/packet.ts";
import type { Chore, SimEvent } from "../scheduler.ts";
import { type Line, Outgoing } from "./outgoing.ts";
import { Reassembly } from "./reassembly.ts";
import type { Segment } from "./segment.ts";
import type { PeerEnd, TcpStack } from "./tcp-stack.ts";

/** The process's half. The kernel calls it at any time; it goes to its own turns by itself. */
export interface TcpUser {
  /** The handshake is done. */
  established(): void;
  /** Bytes, the end of the stream or a reset can be read. */
  readable(): void;
  /** All that was written is the kernel's: `unsentBytes` is 0 again. */
  hasRoom(): void;
  /** It is over: `ECONNREFUSED`, `ECONNRESET`, `ETIMEDOUT`. */
  broken(code: string): void;
}

export class TcpConnection implements Receiver, SimEvent, Chore, Line {
  timeMs = 0;
  order = 0;
  slot = -1;
  readonly stack: TcpStack;
  readonly local: NetworkInterface;
  readonly localPort: number;
  /** Undefined if nobody has that address. */
  readonly remote: NetworkInterface | undefined;
  readonly remoteHost: string;
  readonly remotePort: number;
  phase: "syn-sent" | "syn-received" | "open" | "gone" = "syn-sent";
  user: TcpUser | undefined = undefined;
  /** The code that `user` is to hear, once it looks. */
  brokenBy: string | undefined = undefined;
  /** A packet of this end gets to this one directly. */
  other: TcpConnection | undefined = undefined;
  /** Everything of this connection vanishes on the way, as when a NAT has forgotten it. */
  isMuted = false;

  readonly #outgoing: Outgoing;
  #wasBlocked = false;
  /** There is ciphertext in either direction. */
  #hasOpaque = false;

  readonly #incoming = new Reassembly();
  #owesAck = false;
  #lastArrivalMs = 0;
  /** The process has let go of it: what comes is dropped, and refused after that time. */
  #isOrphan = false;
  #lingersUntilMs = Number.POSITIVE_INFINITY;
  /** Silence after which the peer is asked whether it lives; 0 never. */
  #keepAliveMs = 0;
  #heardMs = 0;

  constructor(stack: TcpStack, local: NetworkInterface, localPort: number, peer: PeerEnd) {
    this.stack = stack;
    this.local = local;
    this.localPort = localPort;
    this.remote = peer.networkInterface;
    this.remoteHost = peer.host;
    this.remotePort = peer.port;
    this.#outgoing = new Outgoing(this);
  }

  /** Written and not yet the kernel's. */
  get unsentBytes(): number {
    return Math.max(0, this.#outgoing.weight - SEND_BUFFER_BYTES);
  }

  get unreadBytes(): number {
    return this.#incoming.queue.weight;
  }

  /** All was read, and the peer has ended its direction. */
  get hasEnded(): boolean {
    return this.#incoming.isReadOut;
  }

  // What the process's half asks.

  dial(): void {
    this.#outgoing.sendSyn(SYN);
  }

  /** Takes bytes over; `push` sends them. `weight`: see SendQueue. */
  put(data: Uint8Array, weight: number = data.length, isOpaque: boolean = false): void {
    if (data.length === 0 || this.phase === "gone") return;
    // A view without the ways of a Buffer, whose slices are no copies.
    const plain = data.constructor === Uint8Array ? data : new Uint8Array(data.buffer, data.byteOffset, data.length);
    this.#hasOpaque ||= isOpaque;
    this.#outgoing.put(plain, weight, isOpaque);
  }

  push(): void {
    this.#pump();
    if (this.unsentBytes > 0) this.#wasBlocked = true;
  }

  /** FIN after all that was sent. */
  endWriting(): void {
    this.#outgoing.end();
    if (this.phase === "open") this.#pump();
  }

  /** Takes up to `limit` bytes; empty if there are none. */
  read(limit: number): Uint8Array {
    const windowBefore = this.#incoming.windowBytes;
    const data = this.#incoming.queue.take(limit);
    // A sender that was stopped has to hear that it can go on.
    if (windowBefore < UPDATE_WINDOW_BYTES && this.#incoming.windowBytes >= UPDATE_WINDOW_BYTES) this.#oweAck();
    return data;
  }

  /** The process has let go of it: what it wrote still leaves, what comes is dropped. */
  close(): void {
    this.user = undefined;
    this.#isOrphan = true;
    this.#incoming.isDropping = true;
    this.#incoming.queue.clear();
    if (this.phase === "gone") return;
    this.#lingersUntilMs = this.stack.scheduler.nowMs + LINGER_MS;
    this.#oweAck();
    this.endWriting();
    this.#leaveIfDone();
  }

  /** RST, and no more. */
  reset(): void {
    this.user = undefined;
    if (this.phase === "gone") return;
    if (this.phase !== "syn-sent") this.#emitBare(RST | ACK);
    this.vanish(this.phase === "syn-sent" ? "gave up" : "reset");
  }

  /** The kernel forgets it, and tells nobody but those who look: `what` has become of it. */
  vanish(what: string = ""): void {
    if (what !== "") this.stack.note(this, what);
    this.phase = "gone";
    this.#outgoing.clear();
    this.stack.forget(this);
    this.stack.scheduler.remove(this);
  }

  /** What a broken network tells: the process hears of it, the peer does not. */
  break(code: string): void {
    const { user } = this;
    // What came before can still be read, as on Linux.
    this.brokenBy ??= code;
    this.stack.note(this, this.phase === "syn-sent" ? "cannot reach" : "lost", `: ${code}`);
    this.vanish();
    user?.broken(code);
  }

  set keepAliveMs(idleMs: number) {
    this.#keepAliveMs = idleMs;
    this.#heardMs = this.stack.scheduler.nowMs;
    this.deadlineSet();
  }

  // What comes from the network.

  /** The SYN that made this end. */
  answer(syn: FlyingPacket): void {
    this.phase = "syn-received";
    this.#incoming.expected = syn.sequence + 1;
    this.#outgoing.peerWindow = syn.windowBytes;
    this.#outgoing.startWindow();
    this.#outgoing.sendSyn(SYN | ACK);
  }

  arrive(packet: FlyingPacket): void {
    if (this.phase === "gone") {
      this.stack.refuse(packet);
      return;
    }
    this.#heardMs = this.stack.scheduler.nowMs;
    this.#hasOpaque ||= packet.countsOpaque;
    const { flags } = packet;
    if ((flags & RST) !== 0) {
      this.#resetByPeer();
    } else if ((flags & SYN) !== 0) {
      this.#synArrived(packet);
    } else if (this.phase === "syn-sent") {
      // The peer still has a connection of these ports, from before this host restarted (RFC 9293 §3.5.1).
      if (packet.acknowledgment !== this.#outgoing.next) this.stack.refuse(packet);
    } else {
      if (this.phase === "syn-received") this.#opened();
      this.#acknowledged(packet);
      if (packet.data.length > 0 || (flags & FIN) !== 0) this.#dataArrived(packet);
      // A probe: a byte that was acknowledged long ago, to see whether somebody answers.
      else if (packet.sequence < this.#incoming.expected) this.#oweAck();
      this.#leaveIfDone();
    }
  }

  #synArrived(packet: FlyingPacket): void {
    if (this.phase === "syn-sent" && (packet.flags & ACK) !== 0) {
      this.#incoming.expected = packet.sequence + 1;
      this.#outgoing.startWindow();
      this.#acknowledged(packet);
      this.#emitBare(ACK);
      this.#opened();
    } else if (this.phase === "syn-received") {
      this.#outgoing.sendFirstAgain();
    } else {
      // That was there already: its acknowledgment got lost.
      this.#oweAck();
    }
  }

  #opened(): void {
    this.stack.note(this, this.phase === "syn-sent" ? "connected to" : "accepted");
    this.phase = "open";
    this.user?.established();
    this.stack.established(this);
    this.#pump();
  }

  #resetByPeer(): void {
    this.break(this.phase === "syn-sent" ? "ECONNREFUSED" : "ECONNRESET");
  }

  #dataArrived(packet: FlyingPacket): void {
    if (this.stack.scheduler.nowMs >= this.#lingersUntilMs && packet.data.length > 0) {
      // Nobody will ever read it, and the peer should know.
      this.reset();
      return;
    }
    if (this.#incoming.take(packet, HEADER_BYTES)) {
      this.#oweAck();
      this.user?.readable();
    } else {
      // Something before it is missing, and the sender should count how often it hears that (RFC 5681 §4.2).
      this.#emitBare(ACK);
    }
  }

  #acknowledged(packet: FlyingPacket): void {
    this.#outgoing.acknowledged(packet);
    this.#pump();
    if (this.#wasBlocked && this.unsentBytes === 0) {
      this.#wasBlocked = false;
      this.user?.hasRoom();
    }
  }

  // Sending.

  get nowMs(): number {
    return this.stack.scheduler.nowMs;
  }

  get random(): () => number {
    return this.stack.random;
  }

  get segmentBytes(): number {
    return this.stack.segmentBytes(this);
  }

  emit({ sequence, data, weight, flags, isOpaque, sentAgain }: Segment): void {
    this.#emit(sequence, data, weight, flags, isOpaque, sentAgain);
  }

  emitProbe(): void {
    this.#emit(this.#outgoing.next - 1, EMPTY, 0, ACK, false, true);
  }

  #emitBare(flags: number): void {
    this.#emit(this.#outgoing.next, EMPTY, 0, flags, false, false);
  }

  #pump(): void {
    if (this.phase === "open") this.#outgoing.pump();
  }

  #emit(sequence: number, data: Uint8Array, weight: number, flags: number, isOpaque: boolean, again: boolean): void {
    const packet = new FlyingPacket(
      "tcp",
      this.local,
      this.remote,
      this.localPort,
      this.remoteHost,
      this.remotePort,
      data,
      HEADER_BYTES + weight,
    );
    packet.sequence = sequence;
    packet.flags = flags;
    if ((flags & ACK) !== 0) {
      packet.acknowledgment = this.#incoming.expected;
      this.#owesAck = false;
    }
    packet.windowBytes = this.#incoming.windowBytes;
    packet.isOpaque = isOpaque;
    packet.countsOpaque = this.#hasOpaque;
    packet.isRetransmission = again;
    packet.target = this.other;
    // A stream does not overtake itself: what jitter would do to it, the receiver would undo.
    this.stack.send(packet, this, this.#lastArrivalMs);
    if (packet.timeMs > this.#lastArrivalMs) this.#lastArrivalMs = packet.timeMs;
  }

  #oweAck(): void {
    if (this.#owesAck) return;
    this.#owesAck = true;
    this.stack.scheduler.beforeTime(this);
  }

  /** The time is about to move, and no data has taken the acknowledgment along. */
  perform(): void {
    if (!this.#owesAck || this.phase === "gone") return;
    this.#emitBare(ACK);
  }

  // Time.

  /** A timer that is set stays where it is; when it comes up too early, it goes on to the deadline of then. */
  deadlineSet(): void {
    const keepAlive = this.#keepAliveMs > 0 ? this.#heardMs + this.#keepAliveMs : Number.POSITIVE_INFINITY;
    const dueMs = Math.min(this.#outgoing.deadlineMs, keepAlive);
    const { scheduler } = this.stack;
    if (dueMs === Number.POSITIVE_INFINITY || (this.slot >= 0 && this.timeMs <= dueMs)) return;
    scheduler.remove(this);
    scheduler.at(dueMs, this);
  }

  happen(): void {
    const { nowMs } = this.stack.scheduler;
    if (this.phase === "gone") return;
    if (this.#outgoing.deadlineMs <= nowMs) this.#timedOut();
    else if (this.#keepAliveMs > 0 && this.#heardMs + this.#keepAliveMs <= nowMs) this.#probe();
    if ((this.phase as string) !== "gone") this.deadlineSet();
  }

  #timedOut(): void {
    const outgoing = this.#outgoing;
    outgoing.deadlineMs = Number.POSITIVE_INFINITY;
    if (!outgoing.hasInFlight && !outgoing.waits) {
      // The peer has had all and taken its time to end its own direction.
      if (this.#isOrphan) this.vanish("closed");
    } else if (outgoing.retries === (this.phase === "open" ? RETRIES : SYN_RETRIES)) {
      this.break("ETIMEDOUT");
    } else {
      outgoing.timedOut();
    }
  }

  /** There has been silence for long. */
  #probe(): void {
    if (this.#outgoing.waits) {
      this.#outgoing.probeWindow();
      return;
    }
    this.emitProbe();
    this.#heardMs += KEEP_ALIVE_INTERVAL_MS;
    this.#outgoing.retries += 1;
    if (this.#outgoing.retries > KEEP_ALIVE_PROBES) this.break("ETIMEDOUT");
  }

  /** Both directions have ended, or the process is gone and the peer has had everything. */
  #leaveIfDone(): void {
    if (this.phase !== "open" || !this.#isOrphan || !this.#outgoing.hasSentFin || this.#outgoing.hasInFlight) return;
    if (this.#incoming.isComplete) {
      this.perform();
      this.vanish("closed");
    } else if (this.#outgoing.deadlineMs === Number.POSITIVE_INFINITY) {
      this.#outgoing.deadlineMs = this.stack.scheduler.nowMs + ORPHAN_MS;
      this.deadlineSet();
    }
  }
}

const EMPTY = new Uint8Array(0);

/** IPv4 and TCP without options. (IPv6 has 20 more; nothing here hangs on them.) */
export const HEADER_BYTES = 40;

/** What a kernel takes of a connection whose peer does not read; Linux begins near that, and grows. */
const SEND_BUFFER_BYTES = 65_536;
/** Half a buffer, so that a slow reader is not sent byte by byte (RFC 9293 §3.8.6.2.2). */
const UPDATE_WINDOW_BYTES = 32_768;

/** tcp_retries2 and tcp_syn_retries of Linux: about a quarter of an hour, and two minutes. */
const RETRIES = 15;
const SYN_RETRIES = 6;
/** tcp_fin_timeout of Linux. */
const ORPHAN_MS = 60_000;
/** As the reactor on Node does: a reset would cost the peer what it has not read. */
const LINGER_MS = 2_000;
/** tcp_keepalive_intvl and tcp_keepalive_probes of Linux. */
const KEEP_ALIVE_INTERVAL_MS = 75_000;
const KEEP_ALIVE_PROBES = 9;
