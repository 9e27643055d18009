/** How much may be in flight (RFC 5681), and how long an answer may take (RFC 6298). */
export class Congestion {
  /** Bytes. */
  window = 0;
  /** Of inactivity, before the first retry. */
  timeoutMs: number = INITIAL_TIMEOUT_MS;
  #threshold = Number.POSITIVE_INFINITY;
  #smoothedRttMs = 0;

  start(segmentBytes: number): void {
    this.window = INITIAL_WINDOW_SEGMENTS * segmentBytes;
  }

  measured(rttMs: number): void {
    this.#smoothedRttMs = this.#smoothedRttMs === 0 ? rttMs : this.#smoothedRttMs * 0.875 + rttMs * 0.125;
    this.timeoutMs = Math.max(LEAST_TIMEOUT_MS, 3 * this.#smoothedRttMs);
  }

  /** Of inactivity, when so many tries had no answer. */
  timeoutAfter(tries: number): number {
    return Math.min(this.timeoutMs * 2 ** tries, MOST_TIMEOUT_MS);
  }

  acknowledged(bytes: number, segmentBytes: number): void {
    const growth = this.window < this.#threshold ? bytes : (segmentBytes * segmentBytes) / this.window;
    this.window = Math.min(this.window + growth, MOST_IN_FLIGHT_BYTES);
  }

  /** A segment is missing, and later ones came. */
  lost(bytesInFlight: number, segmentBytes: number): void {
    this.#threshold = Math.max(bytesInFlight / 2, 2 * segmentBytes);
    this.window = this.#threshold;
  }

  /** No answer at all. */
  timedOut(bytesInFlight: number, segmentBytes: number): void {
    this.lost(bytesInFlight, segmentBytes);
    this.window = segmentBytes;
  }
}

/** RFC 6928. */
const INITIAL_WINDOW_SEGMENTS = 10;
/** RFC 6298 §2.1. */
const INITIAL_TIMEOUT_MS = 1_000;
/** As Linux has it: RFC 6298 asks for a second, and nobody waits that long. */
const LEAST_TIMEOUT_MS = 200;
/** TCP_RTO_MAX of Linux. */
const MOST_TIMEOUT_MS = 120_000;
const MOST_IN_FLIGHT_BYTES = 1_048_576;
