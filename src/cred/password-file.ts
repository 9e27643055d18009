import { coroutine } from "../core/deferred/coroutine.ts";
import type { Deferred } from "../core/deferred/deferred.ts";
import { DeferredLock } from "../core/deferred/lock.ts";
import { toError } from "../core/errors.ts";
import type { Reactor } from "../core/reactor.ts";
import type { Checker } from "./checker.ts";
import type { PasswordCredentials } from "./credentials.ts";
import { PasswordFileError } from "./errors.ts";
import type { PasswordHasher } from "./password-hasher.ts";
import { parseScrypt } from "./scrypt-hash.ts";
import { checkUser, type UserHashes } from "./user-hashes.ts";

/**
 * Users and their passwords in a file: `name:$scrypt$…` on each line, as `PasswordHasher.hash` makes it; empty lines and those
 * that begin with `#` are passed over. It is read again when its size or its time has changed, so write it in one go
 * (`files.write(…, { atomic: true })`). A file that is missing or malformed lets nobody in: checking fails with a
 * {@link PasswordFileError} that names the line.
 *
 * @example
 * ```ts
 * import { PasswordFile, PasswordHasher } from "ropewalk/cred";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * const hasher = new PasswordHasher(reactor);
 * await reactor.files.write("/users", `# staff\nann:${await hasher.hash("correct horse")}\n`, { mode: 0o600 });
 * const passwords = new PasswordFile(reactor, "/users", hasher);
 * console.log(await passwords.check({ kind: "password", username: "ann", password: "correct horse" })); // ann
 * ```
 */
export class PasswordFile implements Checker<PasswordCredentials> {
  readonly kinds: readonly string[] = ["password"];
  readonly path: string;
  readonly #reactor: Pick<Reactor, "files">;
  readonly #hasher: PasswordHasher;
  // One reads, and the others wait for what it finds.
  readonly #reading = new DeferredLock();
  #stamp = "";
  #hashes: UserHashes = new Map();

  constructor(reactor: Pick<Reactor, "files">, path: string, hasher: PasswordHasher) {
    this.#reactor = reactor;
    this.path = path;
    this.#hasher = hasher;
  }

  check(credentials: PasswordCredentials): Deferred<string | undefined> {
    return this.load().addCallback((hashes) => checkUser(this.#hasher, hashes, credentials));
  }

  /** Reads the file if it has changed, and gives what is in it. Call it at the start, to hear of errors before the first login. */
  load(): Deferred<UserHashes> {
    return this.#reading.run(() => coroutine(this.#load()));
  }

  *#load(): Generator<Deferred<unknown>, UserHashes, unknown> {
    const { files } = this.#reactor;
    try {
      const { modifiedMs, size } = (yield* files.stat(this.path)) as { modifiedMs: number; size: number };
      const stamp = `${modifiedMs} ${size}`;
      if (stamp === this.#stamp) return this.#hashes;
      this.#hashes = parsePasswordFile(this.path, yield* files.readText(this.path));
      this.#stamp = stamp;
      return this.#hashes;
    } catch (error) {
      if (error instanceof PasswordFileError) throw error;
      throw new PasswordFileError(this.path, undefined, toError(error).message, { cause: error });
    }
  }
}

/** @throws PasswordFileError. */
function parsePasswordFile(path: string, text: string): UserHashes {
  const hashes = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const refuse = (reason: string, cause?: unknown): never => {
      throw new PasswordFileError(path, index + 1, reason, { cause });
    };
    const colon = line.indexOf(":");
    if (colon < 1) refuse(`it should read "name:$scrypt$…"`);
    const name = line.slice(0, colon).normalize("NFC");
    if (hashes.has(name)) refuse(`user "${name}" is there already`);
    const hash = line.slice(colon + 1);
    try {
      parseScrypt(hash);
    } catch (error) {
      refuse(`user "${name}": ${toError(error).message}`, error);
    }
    hashes.set(name, hash);
  }
  return hashes;
}
