import { createHmac } from "node:crypto";
import type { Deferred } from "../core/deferred/deferred.ts";
import type { PasswordCredentials } from "./credentials.ts";
import type { PasswordHasher } from "./password-hasher.ts";

/** The stored password hash of each user. */
export type UserHashes = ReadonlyMap<string, string>;

/**
 * Checks a password against the user's hash. A user who is not there gets the cost of one who is, always the same one: where
 * hashes of several costs are mixed, the time it takes must not tell either.
 */
export function checkUser(
  hasher: PasswordHasher,
  hashes: UserHashes,
  { username, password }: PasswordCredentials,
): Deferred<string | undefined> {
  const name = username.normalize("NFC");
  const found = hashes.get(name);
  const like = standIn(hashes, name);
  return hasher.verify(password, found, like).addCallback((isRight) => (isRight ? name : undefined));
}

function standIn(hashes: UserHashes, name: string): string | undefined {
  if (hashes.size === 0) return undefined;
  const stored = [...hashes.values()];
  // Keyed by a hash that is a secret already, lest somebody computes which name stands for whom.
  const index = createHmac("sha256", stored[0] as string)
    .update(name)
    .digest()
    .readUInt32BE();
  return stored[index % stored.length];
}
