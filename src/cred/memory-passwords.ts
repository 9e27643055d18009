import type { Deferred } from "../core/deferred/deferred.ts";
import type { Checker } from "./checker.ts";
import type { PasswordCredentials } from "./credentials.ts";
import type { PasswordHasher } from "./password-hasher.ts";
import { parseScrypt } from "./scrypt-hash.ts";
import { checkUser } from "./user-hashes.ts";

/**
 * Users and their passwords, hashed, in memory. The avatar id is the user's name.
 *
 * @example
 * ```ts
 * import { MemoryPasswords, PasswordHasher } from "ropewalk/cred";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const passwords = new MemoryPasswords(new PasswordHasher(new MemoryReactor()));
 * await passwords.set("ann", "correct horse");
 * console.log(await passwords.check({ kind: "password", username: "ann", password: "correct horse" })); // ann
 * console.log(await passwords.check({ kind: "password", username: "bob", password: "correct horse" })); // undefined
 * ```
 */
export class MemoryPasswords implements Checker<PasswordCredentials> {
  readonly kinds: readonly string[] = ["password"];
  readonly #hasher: PasswordHasher;
  readonly #hashes = new Map<string, string>();

  constructor(hasher: PasswordHasher) {
    this.#hasher = hasher;
  }

  /** Adds a user, or changes the password. Fails as `PasswordHasher.hash` does. */
  set(username: string, password: string): Deferred<void> {
    return this.#hasher.hash(password).addCallback((hash) => this.setHash(username, hash));
  }

  /** The same with a hash that was made before. @throws PasswordHashError if it is not one. */
  setHash(username: string, hash: string): void {
    parseScrypt(hash);
    this.#hashes.set(username.normalize("NFC"), hash);
  }

  /** Removes a user; says whether there was one. */
  remove(username: string): boolean {
    return this.#hashes.delete(username.normalize("NFC"));
  }

  check(credentials: PasswordCredentials): Deferred<string | undefined> {
    return checkUser(this.#hasher, this.#hashes, credentials);
  }
}
