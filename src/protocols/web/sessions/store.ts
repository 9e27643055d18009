/** Where sessions are kept between requests. */

/**
 * Keeps a text for each session. Ids are hashes, 64 hex digits: who reads the store cannot take a session over. `expiresMs` is on
 * the wall clock, for stores that forget by themselves; sessions that have expired are not used in any case.
 */
export interface SessionStore {
  /** Undefined if there is none. */
  read(id: string): PromiseLike<string | undefined> | string | undefined;
  /** A new one. */
  create(id: string, text: string, expiresMs: number): PromiseLike<void> | void;
  /**
   * Only if it is still there: a session that another request has ended meanwhile must not come back.
   */
  update(id: string, text: string, expiresMs: number): PromiseLike<void> | void;
  /** One that is not there is no error. */
  remove(id: string): PromiseLike<void> | void;
}

/** How much a MemorySessionStore keeps. */
export interface MemorySessionStoreOptions {
  /** Default 10 000. One more ends the one that was written the longest ago. */
  readonly maxSessions?: number | undefined;
}

/**
 * Sessions in memory, which end with the process.
 *
 * @example
 * ```ts
 * import { MemorySessionStore } from "ropewalk/web";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * const store = new MemorySessionStore(reactor, { maxSessions: 100 });
 * store.create("ab12", "{}", reactor.wallTimeMs() + 1_000);
 * console.log(store.read("ab12"), store.size); // {} 1
 * reactor.advance(1_000);
 * console.log(store.read("ab12")); // undefined
 * ```
 */
export class MemorySessionStore implements SessionStore {
  readonly #reactor: { wallTimeMs(): number };
  readonly #maxSessions: number;
  /** Those that were written last come last. */
  readonly #sessions = new Map<string, { readonly text: string; readonly expiresMs: number }>();

  /** @throws RangeError if it may not keep any. */
  constructor(
    reactor: { wallTimeMs(): number },
    { maxSessions = DEFAULT_MAX_SESSIONS }: MemorySessionStoreOptions = {},
  ) {
    if (!(maxSessions >= 1)) throw new RangeError(`Cannot keep ${maxSessions} sessions: give at least 1`);
    this.#reactor = reactor;
    this.#maxSessions = maxSessions;
  }

  /** How many there are, with those that have expired and were not looked for. */
  get size(): number {
    return this.#sessions.size;
  }

  read(id: string): string | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined) return undefined;
    if (session.expiresMs > this.#reactor.wallTimeMs()) return session.text;
    this.#sessions.delete(id);
    return undefined;
  }

  create(id: string, text: string, expiresMs: number): void {
    if (this.#sessions.size >= this.#maxSessions) this.#makeRoom();
    this.#sessions.set(id, { text, expiresMs });
  }

  update(id: string, text: string, expiresMs: number): void {
    if (this.#sessions.delete(id)) this.#sessions.set(id, { text, expiresMs });
  }

  remove(id: string): void {
    this.#sessions.delete(id);
  }

  #makeRoom(): void {
    const now = this.#reactor.wallTimeMs();
    for (const [id, { expiresMs }] of this.#sessions) {
      if (expiresMs <= now) this.#sessions.delete(id);
    }
    if (this.#sessions.size >= this.#maxSessions) this.#sessions.delete(this.#sessions.keys().next().value as string);
  }
}

const DEFAULT_MAX_SESSIONS = 10_000;
