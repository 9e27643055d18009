import type { Checker } from "./checker.ts";
import type { PasswordCredentials, ProofCredentials } from "./credentials.ts";
import { sameSecret } from "./same-secret.ts";

/**
 * Users and their secrets as they are, not hashed: what protocols need in which the password is never sent (HTTP Digest,
 * CRAM-MD5, APOP). Whoever reads this memory, or the file it came from, has everybody's password; where TLS is to be had, take
 * passwords over TLS and {@link PasswordFile}. Takes passwords, too, so that a server can offer both.
 *
 * @example
 * ```ts
 * import { createHmac } from "node:crypto";
 * import { InsecureSecrets, sameSecret } from "ropewalk/cred";
 *
 * const secrets = new InsecureSecrets({ tim: "tanstaaftanstaaf" });
 * const verify = (secret: string) =>
 *   sameSecret(createHmac("md5", secret).update("<1896.697170952@postoffice.reston.mci.net>").digest("hex"), "b913a602c7eda7a495b4e6e7334d3890");
 * console.log(secrets.check({ kind: "proof", username: "tim", verify })); // tim
 * ```
 */
export class InsecureSecrets implements Checker<PasswordCredentials | ProofCredentials> {
  readonly kinds: readonly string[] = ["password", "proof"];
  readonly #secrets: Map<string, string>;

  constructor(secrets: Readonly<Record<string, string>> = {}) {
    this.#secrets = new Map(Object.entries(secrets).map(([name, secret]) => [name.normalize("NFC"), secret]));
  }

  /** Adds a user, or changes the secret. */
  set(username: string, secret: string): void {
    this.#secrets.set(username.normalize("NFC"), secret);
  }

  /** Removes a user; says whether there was one. */
  remove(username: string): boolean {
    return this.#secrets.delete(username.normalize("NFC"));
  }

  check(credentials: PasswordCredentials | ProofCredentials): string | undefined {
    const name = this.#nameOf(credentials);
    const secret = name === undefined ? undefined : this.#secrets.get(name);
    // Somebody who is not there has a secret to compare with, too, which takes as long and is never right.
    const isRight = matches(credentials, secret ?? NOBODYS);
    return isRight && secret !== undefined ? name : undefined;
  }

  #nameOf(credentials: PasswordCredentials | ProofCredentials): string | undefined {
    const isUser = credentials.kind === "proof" ? credentials.isUser : undefined;
    if (isUser === undefined) return credentials.username.normalize("NFC");
    let found: string | undefined;
    // All of them, even after one has matched: the time must not tell how far down the list it was.
    for (const name of this.#secrets.keys()) if (isUser(name)) found = name;
    return found;
  }
}

function matches(credentials: PasswordCredentials | ProofCredentials, secret: string): boolean {
  if (credentials.kind === "proof") return credentials.verify(secret);
  return sameSecret(credentials.password.normalize("NFC"), secret.normalize("NFC"));
}

const NOBODYS = "nobody's";
