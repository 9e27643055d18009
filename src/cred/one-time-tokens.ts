import { createHash } from "node:crypto";
import type { Reactor } from "../core/reactor.ts";
import type { Checker } from "./checker.ts";
import type { TokenCredentials } from "./credentials.ts";

/** How long tokens live, and how many. */
export interface OneTimeTokensOptions {
  /** From `issue` to the last moment of use; default 900 000 ms, fifteen minutes: a mail that is read today. */
  readonly lifetimeMs?: number | undefined;
  /** Tokens that may be out at a time; default 1 024. One more ends the oldest. */
  readonly maxTokens?: number | undefined;
}

/**
 * Tokens that let somebody in once: a link in a mail, or on the terminal where the server was started. Only their hashes are kept.
 *
 * @example
 * ```ts
 * import { OneTimeTokens, Portal } from "ropewalk/cred";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const tokens = new OneTimeTokens(new MemoryReactor(), { lifetimeMs: 600_000 });
 * const portal = new Portal((avatarId) => ({ avatar: avatarId }), [tokens]);
 * const token = tokens.issue("admin");
 * console.log((await portal.login({ kind: "token", token })).avatar); // admin
 * await portal.login({ kind: "token", token }).addErrback((error: Error) => console.log(error.name)); // LoginFailed
 * ```
 */
export class OneTimeTokens implements Checker<TokenCredentials> {
  readonly kinds: readonly string[] = ["token"];
  readonly #reactor: Pick<Reactor, "now" | "randomBytes">;
  readonly #lifetimeMs: number;
  readonly #maxTokens: number;
  /** By the hash of the token. All live equally long, so the order of making is that of expiry. */
  readonly #issued = new Map<string, { readonly avatarId: string; readonly expiresMs: number }>();

  /** @throws RangeError for a lifetime or number that is not positive. */
  constructor(reactor: Pick<Reactor, "now" | "randomBytes">, options: OneTimeTokensOptions = {}) {
    const { lifetimeMs = DEFAULT_LIFETIME_MS, maxTokens = DEFAULT_MAX_TOKENS } = options;
    if (!(lifetimeMs > 0)) throw new RangeError(`Cannot make tokens that live for ${lifetimeMs} ms`);
    if (!(maxTokens >= 1)) throw new RangeError(`Cannot make ${maxTokens} tokens at most: give at least 1`);
    this.#reactor = reactor;
    this.#lifetimeMs = lifetimeMs;
    this.#maxTokens = maxTokens;
  }

  /** How many can still be used. */
  get size(): number {
    this.#expire();
    return this.#issued.size;
  }

  /** A new token for this user: 43 characters that may stand in a URL. */
  issue(avatarId: string): string {
    this.#expire();
    if (this.#issued.size >= this.#maxTokens) this.#drop(this.#issued.keys().next().value as string);
    const token = Buffer.from(this.#reactor.randomBytes(TOKEN_BYTES)).toString("base64url");
    this.#issued.set(hashOf(token), { avatarId, expiresMs: this.#reactor.now() + this.#lifetimeMs });
    return token;
  }

  /** Ends all tokens of this user that were not used. */
  revoke(avatarId: string): void {
    for (const [hash, issued] of this.#issued) if (issued.avatarId === avatarId) this.#drop(hash);
  }

  check({ token }: TokenCredentials): string | undefined {
    this.#expire();
    const hash = hashOf(token);
    const issued = this.#issued.get(hash);
    this.#drop(hash);
    return issued?.avatarId;
  }

  #expire(): void {
    const now = this.#reactor.now();
    for (const [hash, { expiresMs }] of this.#issued) {
      if (expiresMs > now) return;
      this.#drop(hash);
    }
  }

  #drop(hash: string): void {
    this.#issued.delete(hash);
  }
}

// 256 random bits need no salt and no slow hash. That it is a hash which is looked up keeps time from telling about tokens.
function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}

const TOKEN_BYTES = 32;
const DEFAULT_LIFETIME_MS = 900_000;
const DEFAULT_MAX_TOKENS = 1_024;
