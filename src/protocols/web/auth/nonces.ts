/*
 * Theory of operation. A nonce is its time, some random bytes, and an HMAC of both: nothing is kept of those that are only given
 * out, so that asking for many costs memory to nobody. Of a nonce with which somebody has logged in, the counts that were
 * used are kept: the highest, and a window of 32 below it, since a browser's requests overtake one another. When there are too
 * many of these, the oldest is forgotten, and with it go all nonces of its time or before that are not kept: what is
 * forgotten must not count as new.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

/** What nonces ask of the reactor. */
export interface NonceSource {
  now(): number;
  randomBytes(count: number): Uint8Array;
}

/** How long nonces live, and how many are watched. */
export interface NonceOptions {
  /** From the challenge to the last request with it; default 300 000 ms. Clients get a new one without asking their user. */
  readonly lifetimeMs?: number | undefined;
  /** Nonces in use whose counts are kept; default 10 000, which are two megabytes. */
  readonly maxInUse?: number | undefined;
}

export class Nonces {
  readonly #reactor: NonceSource;
  readonly #lifetimeMs: number;
  readonly #maxInUse: number;
  readonly #key: Uint8Array;
  /** In the order of their first use. */
  readonly #used = new Map<string, Counts>();
  /** Nonces that are as old and not in use count as used. */
  #forgottenMs = Number.NEGATIVE_INFINITY;

  constructor(reactor: NonceSource, options: NonceOptions = {}) {
    this.#reactor = reactor;
    this.#lifetimeMs = options.lifetimeMs ?? DEFAULT_LIFETIME_MS;
    this.#maxInUse = options.maxInUse ?? DEFAULT_MAX_IN_USE;
    if (!(this.#lifetimeMs > 0 && this.#maxInUse >= 1)) {
      throw new RangeError(
        `Cannot make nonces for ${this.#lifetimeMs} ms and keep ${this.#maxInUse}: both are positive`,
      );
    }
    this.#key = reactor.randomBytes(MAC_BYTES);
  }

  make(): string {
    const head = new Uint8Array(HEAD_BYTES);
    new DataView(head.buffer).setFloat64(0, this.#reactor.now());
    head.set(this.#reactor.randomBytes(HEAD_BYTES - TIME_BYTES), TIME_BYTES);
    return Buffer.concat([head, this.#mac(head)]).toString("base64url");
  }

  /** Whether a request may still use this nonce with this count. */
  isFresh(nonce: string, count: number): boolean {
    const issuedMs = this.#issuedMs(nonce);
    if (issuedMs === undefined || this.#reactor.now() - issuedMs >= this.#lifetimeMs) return false;
    const counts = this.#used.get(nonce);
    return counts === undefined ? issuedMs > this.#forgottenMs : counts.isNew(count);
  }

  /** Uses it up; false if it is not fresh any more. */
  spend(nonce: string, count: number): boolean {
    if (!this.isFresh(nonce, count)) return false;
    let counts = this.#used.get(nonce);
    if (counts === undefined) {
      counts = new Counts(this.#issuedMs(nonce) as number);
      this.#makeRoom();
      this.#used.set(nonce, counts);
    }
    counts.add(count);
    return true;
  }

  #makeRoom(): void {
    const now = this.#reactor.now();
    for (const [nonce, { issuedMs }] of this.#used) {
      const hasExpired = now - issuedMs >= this.#lifetimeMs;
      if (!hasExpired && this.#used.size < this.#maxInUse) return;
      this.#used.delete(nonce);
      if (!hasExpired) this.#forgottenMs = Math.max(this.#forgottenMs, issuedMs);
    }
  }

  /** Undefined if it is none of ours. */
  #issuedMs(nonce: string): number | undefined {
    const bytes = Buffer.from(nonce, "base64url");
    // One spelling only: another would be another nonce to the counts.
    if (bytes.length !== HEAD_BYTES + MAC_BYTES || bytes.toString("base64url") !== nonce) return undefined;
    const head = bytes.subarray(0, HEAD_BYTES);
    return timingSafeEqual(this.#mac(head), bytes.subarray(HEAD_BYTES)) ? bytes.readDoubleBE(0) : undefined;
  }

  #mac(head: Uint8Array): Uint8Array {
    return createHmac("sha256", this.#key).update(head).digest();
  }
}

/** The counts that came with one nonce. */
class Counts {
  readonly issuedMs: number;
  #highest = 0;
  /** Bit n: the count that is n below the highest was used. */
  #window = 0;

  constructor(issuedMs: number) {
    this.issuedMs = issuedMs;
  }

  isNew(count: number): boolean {
    const below = this.#highest - count;
    if (below < 0) return true;
    return below < WINDOW && (this.#window & (1 << below)) === 0;
  }

  add(count: number): void {
    const above = count - this.#highest;
    if (above > 0) {
      this.#window = above >= WINDOW ? 1 : (this.#window << above) | 1;
      this.#highest = count;
    } else {
      this.#window |= 1 << -above;
    }
  }
}

const TIME_BYTES = 8;
/** Eight random ones, so that two of one instant differ. */
const HEAD_BYTES = 16;
const MAC_BYTES = 32;
const WINDOW = 32;
const DEFAULT_LIFETIME_MS = 300_000;
const DEFAULT_MAX_IN_USE = 10_000;
