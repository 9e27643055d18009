import { createHmac } from "node:crypto";
import { Deferred } from "../core/deferred/deferred.ts";
import { maybeDeferred } from "../core/deferred/succeed.ts";
import type { Reactor } from "../core/reactor.ts";
import type { AvatarId, Checker } from "./checker.ts";
import type { PasswordCredentials } from "./credentials.ts";

/** What is remembered of right passwords. */
export interface RememberedOptions {
  /** From the check; default 60 000 ms. That long a changed password, and a user who was removed, are still let in. */
  readonly lifetimeMs?: number | undefined;
  /** Users at a time; default 1 000. One more, and the oldest is forgotten. */
  readonly maxUsers?: number | undefined;
}

/**
 * A checker of passwords that remembers those that were right for a while, as a keyed hash: for protocols that show the
 * password with each request (HTTP Basic), where scrypt would take a tenth of a second each time. Who asks while the
 * same password is being checked waits for that. Wrong passwords are always checked.
 *
 * @example
 * ```ts
 * import { MemoryPasswords, PasswordHasher, remembered } from "ropewalk/cred";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * const passwords = new MemoryPasswords(new PasswordHasher(reactor));
 * await passwords.set("ann", "correct horse");
 * const checker = remembered(reactor, passwords);
 * const credentials = { kind: "password", username: "ann", password: "correct horse" } as const;
 * console.log(await checker.check(credentials), await checker.check(credentials)); // ann ann: the second at once
 * ```
 */
export function remembered(
  reactor: Pick<Reactor, "now" | "randomBytes">,
  checker: Checker<PasswordCredentials>,
  options: RememberedOptions = {},
): Checker<PasswordCredentials> {
  return new RememberingChecker(reactor, checker, options);
}

class RememberingChecker implements Checker<PasswordCredentials> {
  readonly kinds: readonly string[] = ["password"];
  readonly #reactor: Pick<Reactor, "now">;
  readonly #checker: Checker<PasswordCredentials>;
  readonly #lifetimeMs: number;
  readonly #maxUsers: number;
  readonly #key: Uint8Array;
  /** In the order of checking, which is that of expiry. */
  readonly #known = new Map<string, { readonly avatarId: AvatarId; readonly expiresMs: number }>();
  readonly #checking = new Map<string, Deferred<AvatarId | undefined>[]>();

  constructor(
    reactor: Pick<Reactor, "now" | "randomBytes">,
    checker: Checker<PasswordCredentials>,
    { lifetimeMs = DEFAULT_LIFETIME_MS, maxUsers = DEFAULT_MAX_USERS }: RememberedOptions,
  ) {
    if (!(lifetimeMs > 0 && maxUsers >= 1)) {
      throw new RangeError(`Cannot remember ${maxUsers} users for ${lifetimeMs} ms: give positive numbers`);
    }
    this.#reactor = reactor;
    this.#checker = checker;
    this.#lifetimeMs = lifetimeMs;
    this.#maxUsers = maxUsers;
    this.#key = reactor.randomBytes(32);
  }

  check(credentials: PasswordCredentials): AvatarId | Deferred<AvatarId | undefined> {
    this.#expire();
    const digest = this.#digest(credentials);
    const known = this.#known.get(digest);
    if (known !== undefined) return known.avatarId;
    const result = new Deferred<AvatarId | undefined>();
    const others = this.#checking.get(digest);
    if (others !== undefined) {
      others.push(result);
      return result;
    }
    const waiting = [result];
    this.#checking.set(digest, waiting);
    const settle = (tell: (each: Deferred<AvatarId | undefined>) => void): void => {
      this.#checking.delete(digest);
      for (const each of waiting) tell(each);
    };
    maybeDeferred(() => this.#checker.check(credentials)).addCallbacks(
      (avatarId) => {
        if (avatarId !== undefined) this.#remember(digest, avatarId);
        settle((each) => each.callback(avatarId));
      },
      (error) => settle((each) => each.errback(error)),
    );
    return result;
  }

  #remember(digest: string, avatarId: AvatarId): void {
    if (this.#known.size >= this.#maxUsers) this.#known.delete(this.#known.keys().next().value as string);
    this.#known.set(digest, { avatarId, expiresMs: this.#reactor.now() + this.#lifetimeMs });
  }

  #expire(): void {
    const now = this.#reactor.now();
    for (const [digest, { expiresMs }] of this.#known) {
      if (expiresMs > now) return;
      this.#known.delete(digest);
    }
  }

  #digest({ username, password }: PasswordCredentials): string {
    return createHmac("sha256", this.#key)
      .update(JSON.stringify([username, password]))
      .digest("base64");
  }
}

const DEFAULT_LIFETIME_MS = 60_000;
const DEFAULT_MAX_USERS = 1_000;
