import { ACK, FIN, type FlyingPacket, PSH, SYN } from "../network/packet.ts";
import { below } from "../random-source.ts";
import { Congestion } from "./congestion.ts";
import { type Cargo, type Segment, SendQueue } from "./segment.ts";

/** What the sending half of a connection needs of the whole. */
export interface Line {
  readonly nowMs: number;
  readonly random: () => number;
  /** The largest segment that the way there takes. */
  readonly segmentBytes: number;
  emit(segment: Segment): void;
  /** Asks the peer for an acknowledgment, with nothing new. */
  emitProbe(): void;
  /** `timedOut` is to be called at `deadlineMs`, or later. */
  deadlineSet(): void;
}

/**
 * The sending half of a connection: what waits, what is in flight, and what has to be sent again. The first number is drawn,
 * as systems do, so that nothing of an earlier connection passes for a part of this one.
 */
export class Outgoing {
  /** When an answer is overdue. */
  deadlineMs: number = Number.POSITIVE_INFINITY;
  /** Tries without an answer. */
  retries = 0;
  peerWindow = 0;
  /** The number of the byte that is sent next. */
  next: number;
  hasSentFin = false;
  readonly #line: Line;
  readonly #queue = new SendQueue();
  readonly #inFlight: Segment[] = [];
  #inFlightWeight = 0;
  #unacknowledged: number;
  readonly #congestion = new Congestion();
  #duplicates = 0;
  /** What was in flight when one went missing: until that is acknowledged, each gap is filled at once (RFC 6582). */
  #recoverUntil = 0;
  /** How often in a row it has asked whether the shut window has opened. */
  #windowProbes = 0;
  #endsAfterQueue = false;

  constructor(line: Line) {
    this.#line = line;
    this.next = below(line.random, 0x4000_0000) * 2;
    this.#unacknowledged = this.next;
  }

  /** Of what was put and not acknowledged. */
  get weight(): number {
    return this.#queue.weight + this.#inFlightWeight;
  }

  get hasInFlight(): boolean {
    return this.#inFlight.length > 0;
  }

  get waits(): boolean {
    return this.#queue.weight > 0;
  }

  put(data: Uint8Array, weight: number, isOpaque: boolean): void {
    this.#queue.put(data, weight, isOpaque);
  }

  /** FIN after all that was put. */
  end(): void {
    this.#endsAfterQueue = true;
  }

  clear(): void {
    this.#queue.clear();
    this.#inFlight.length = 0;
    this.#inFlightWeight = 0;
  }

  /** The way is known: sending may begin with the usual window. */
  startWindow(): void {
    this.#congestion.start(this.#line.segmentBytes);
  }

  /** The first segment of a connection. */
  sendSyn(flags: number): void {
    this.#transmit(this.#segment(NOTHING, flags));
  }

  /** Sends what the windows have room for. */
  pump(): void {
    const { segmentBytes } = this.#line;
    while (this.#queue.weight > 0) {
      const window = Math.min(this.peerWindow, this.#congestion.window);
      const room = Math.min(window - this.#inFlightWeight, segmentBytes);
      // Small pieces of a large window are not worth a packet, unless nothing else will ask for more.
      if (room < Math.min(segmentBytes, this.#queue.weight) && this.hasInFlight) return;
      if (room <= 0) {
        this.#armTimer();
        return;
      }
      this.#transmit(this.#segment(this.#queue.take(this.#cut(Math.min(room, this.#queue.weight))), PSH | ACK));
    }
    if (!this.#endsAfterQueue || this.hasSentFin) return;
    this.hasSentFin = true;
    this.#transmit(this.#segment(NOTHING, FIN | ACK));
  }

  acknowledged(packet: FlyingPacket): void {
    const { acknowledgment, windowBytes, data, flags } = packet;
    this.peerWindow = windowBytes;
    if (windowBytes > 0) this.#windowProbes = 0;
    if (acknowledgment > this.#unacknowledged) {
      this.#advance(acknowledgment);
    } else if (this.hasInFlight && data.length === 0 && (flags & FIN) === 0) {
      this.#duplicates += 1;
      if (this.#duplicates === DUPLICATES_BEFORE_RESENDING) this.#fillGap();
    }
    if (!this.hasInFlight) this.retries = 0;
  }

  /** Nothing was heard until the deadline: sends the first segment again, or asks whether the window has opened. */
  timedOut(): void {
    this.retries += 1;
    this.#duplicates = 0;
    const first = this.#inFlight[0];
    if (first === undefined) {
      this.probeWindow();
      return;
    }
    this.#congestion.timedOut(this.#inFlightWeight, this.#line.segmentBytes);
    this.#recoverUntil = this.next;
    this.#sendAgain(first);
  }

  probeWindow(): void {
    this.#line.emitProbe();
    this.#windowProbes += 1;
    this.#armTimer();
  }

  /** The peer has not heard the first one. */
  sendFirstAgain(): void {
    const first = this.#inFlight[0];
    if (first !== undefined) this.#sendAgain(first);
  }

  #advance(acknowledgment: number): void {
    const { nowMs, segmentBytes } = this.#line;
    let weight = 0;
    let count = 0;
    for (const segment of this.#inFlight) {
      if (segment.end > acknowledgment) break;
      weight += segment.weight;
      count += 1;
      if (!segment.sentAgain) this.#congestion.measured(nowMs - segment.sentMs);
    }
    this.#inFlight.splice(0, count);
    this.#inFlightWeight -= weight;
    this.#unacknowledged = acknowledgment;
    this.#duplicates = 0;
    this.retries = 0;
    this.#congestion.acknowledged(weight, segmentBytes);
    this.deadlineMs = this.hasInFlight ? nowMs + this.#congestion.timeoutMs : Number.POSITIVE_INFINITY;
    if (acknowledgment < this.#recoverUntil) this.sendFirstAgain();
  }

  #fillGap(): void {
    this.#congestion.lost(this.#inFlightWeight, this.#line.segmentBytes);
    this.#recoverUntil = this.next;
    this.sendFirstAgain();
  }

  /** Ciphertext is cut here, by its weight, because nobody can cut it where it is read. */
  #cut(limit: number): number {
    const { random } = this.#line;
    return this.#queue.isOpaque && limit > 1 && random() < CUT_SHARE ? 1 + below(random, limit - 1) : limit;
  }

  #segment({ data, weight, isOpaque }: Cargo, flags: number): Segment {
    const sequence = this.next;
    this.next += data.length + ((flags & (SYN | FIN)) === 0 ? 0 : 1);
    const segment = { sequence, end: this.next, data, weight, flags, isOpaque, sentMs: 0, sentAgain: false };
    this.#inFlight.push(segment);
    this.#inFlightWeight += weight;
    return segment;
  }

  #sendAgain(segment: Segment): void {
    segment.sentAgain = true;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#transmit(segment);
  }

  #transmit(segment: Segment): void {
    segment.sentMs = this.#line.nowMs;
    this.#armTimer();
    this.#line.emit(segment);
  }

  #armTimer(): void {
    if (this.deadlineMs !== Number.POSITIVE_INFINITY) return;
    // Silence, and a window that stays shut, are asked about less and less often.
    const tries = Math.max(this.retries, this.#windowProbes);
    this.deadlineMs = this.#line.nowMs + this.#congestion.timeoutAfter(tries);
    this.#line.deadlineSet();
  }
}

const NOTHING: Cargo = { data: new Uint8Array(0), weight: 0, isOpaque: false };

/** RFC 5681 §3.2. */
const DUPLICATES_BEFORE_RESENDING = 3;
/** One in three: often enough that a short run meets it, seldom enough that packets look like packets. */
const CUT_SHARE = 1 / 3;
