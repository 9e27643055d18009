import { scrypt, timingSafeEqual } from "node:crypto";
import { Deferred } from "../core/deferred/deferred.ts";
import { DeferredSemaphore } from "../core/deferred/lock.ts";
import { fail, maybeDeferred } from "../core/deferred/succeed.ts";
import { outsideWork } from "../core/outside-work.ts";
import type { Reactor } from "../core/reactor.ts";
import { LoginThrottled } from "./errors.ts";
import { checkCost, formatScrypt, memoryBytes, parseScrypt, type ScryptCost } from "./scrypt-hash.ts";

/** How passwords are hashed. */
export interface PasswordHasherOptions {
  /**
   * What a new hash costs; default `{ ln: 14, r: 8, p: 5 }`: 16 MiB, and some 180 ms of a thread. OWASP's cheat sheet counts that as
   * strong as ln=17, p=1, which takes eight times the memory: several logins at a time should fit into a small machine.
   */
  readonly cost?: ScryptCost | undefined;
  /** Passwords hashed at the same time; default 2: half of Node's threads; the others are left to the disk. */
  readonly concurrency?: number | undefined;
  /** Passwords that may wait to be hashed; default 64, some six seconds of waiting. */
  readonly maxWaiting?: number | undefined;
}

/**
 * Hashes passwords with scrypt (RFC 7914), outside of the event loop, and compares them with stored hashes, which are text in
 * the PHC format: `$scrypt$ln=14,r=8,p=5$salt$hash`. A password is taken in Unicode's form NFC, so that it is the same from
 * any keyboard. Too many at a time fail with {@link LoginThrottled}.
 *
 * @example
 * ```ts
 * import { PasswordHasher } from "ropewalk/cred";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const hasher = new PasswordHasher(new MemoryReactor());
 * const stored = await hasher.hash("correct horse battery staple");
 * console.log(stored.slice(0, 22)); // $scrypt$ln=14,r=8,p=5$
 * console.log(await hasher.verify("correct horse", stored)); // false
 * ```
 */
export class PasswordHasher {
  readonly cost: ScryptCost;
  readonly #reactor: Pick<Reactor, "randomBytes">;
  readonly #threads: DeferredSemaphore;
  readonly #maxWaiting: number;

  /** @throws PasswordHashError for a cost that is not possible, or too much. */
  constructor(reactor: Pick<Reactor, "randomBytes">, options: PasswordHasherOptions = {}) {
    this.cost = options.cost ?? DEFAULT_COST;
    checkCost(this.cost);
    this.#reactor = reactor;
    this.#threads = new DeferredSemaphore(options.concurrency ?? DEFAULT_CONCURRENCY);
    this.#maxWaiting = options.maxWaiting ?? DEFAULT_MAX_WAITING;
  }

  /** A hash to be stored. Fails with a RangeError if the password is empty, or longer than 1 024 bytes of UTF-8. */
  hash(password: string): Deferred<string> {
    const bytes = bytesOf(password);
    if (bytes === undefined) {
      return fail(new RangeError(`Cannot hash a password that is empty or longer than ${MAX_PASSWORD_BYTES} bytes`));
    }
    const salt = this.#reactor.randomBytes(SALT_BYTES);
    return this.#derive(bytes, salt, HASH_BYTES, this.cost).addCallback((hash) =>
      formatScrypt({ ...this.cost, salt, hash }),
    );
  }

  /**
   * Whether the password is the one that was hashed. With `stored` undefined it is not, and finding out takes as long: that is
   * the user who is not there, and `like` is then a stored hash of somebody else's, for its cost (default: a hash of this hasher's).
   * Fails with a {@link PasswordHashError} if `stored` is not what `hash` makes.
   */
  verify(password: string, stored: string | undefined, like?: string): Deferred<boolean> {
    return maybeDeferred(() => {
      const pattern = stored ?? like;
      const { salt, hash, ...cost } = pattern === undefined ? { ...this.cost, ...NOBODY } : parseScrypt(pattern);
      const bytes = bytesOf(password);
      return this.#derive(bytes ?? EMPTY, salt, hash.length, cost).addCallback(
        // All three are known by now, so that nothing is left out early.
        (derived) => timingSafeEqual(derived, hash) && stored !== undefined && bytes !== undefined,
      );
    });
  }

  /**
   * Whether a stored hash is of another cost than new ones: hash the password again when its owner logs in next.
   *
   * @throws PasswordHashError as `verify` fails.
   */
  isOutdated(stored: string): boolean {
    const { ln, r, p } = parseScrypt(stored);
    return ln !== this.cost.ln || r !== this.cost.r || p !== this.cost.p;
  }

  // To cancel is not to stop a thread: the token comes back when the thread is free, and what it found is dropped.
  #derive(password: Uint8Array, salt: Uint8Array, length: number, cost: ScryptCost): Deferred<Uint8Array> {
    if (this.#threads.waiting >= this.#maxWaiting) return fail(new LoginThrottled(BUSY_MS));
    const wanted = new Deferred<Uint8Array>();
    this.#threads
      .run(() => (wanted.called ? undefined : outsideWork(() => derive(password, salt, length, cost))))
      .addCallbacks(
        (hash) => {
          if (hash !== undefined) wanted.callback(hash);
        },
        (error) => wanted.errback(error),
      );
    return wanted;
  }
}

function derive(password: Uint8Array, salt: Uint8Array, length: number, cost: ScryptCost): Promise<Uint8Array> {
  const options = { N: 2 ** cost.ln, r: cost.r, p: cost.p, maxmem: memoryBytes(cost) };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, length, options, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
}

/** Undefined for what cannot be a password. */
function bytesOf(password: string): Uint8Array | undefined {
  // What is far too long is not even looked at: to normalise it costs, too.
  if (password.length > MAX_PASSWORD_BYTES) return undefined;
  const bytes = Buffer.from(password.normalize("NFC"));
  return bytes.length === 0 || bytes.length > MAX_PASSWORD_BYTES ? undefined : bytes;
}

const DEFAULT_COST: ScryptCost = { ln: 14, r: 8, p: 5 };
const DEFAULT_CONCURRENCY = 2;
const DEFAULT_MAX_WAITING = 64;
/** What a full line needs to become half as long, about. */
const BUSY_MS = 2_000;
/** As NIST SP 800-132 wants it. */
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Ten times what people type; hashing it costs nothing beside scrypt. */
const MAX_PASSWORD_BYTES = 1_024;
const EMPTY = new Uint8Array();
const NOBODY = { salt: new Uint8Array(SALT_BYTES), hash: new Uint8Array(HASH_BYTES) };
