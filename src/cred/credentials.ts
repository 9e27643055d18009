import type { PeerCertificate } from "../core/tls.ts";

/**
 * What somebody shows to be let in. `kind` says what it is, and finds the checkers for it; a protocol may have kinds of its
 * own. Make them as plain objects: `{ kind: "password", username, password }`.
 */
export interface Credentials {
  readonly kind: string;
}

/** A name and a password, in the clear. */
export interface PasswordCredentials extends Credentials {
  readonly kind: "password";
  readonly username: string;
  readonly password: string;
}

/**
 * A name, and a proof that its owner knows a secret which was not sent: HTTP Digest, CRAM-MD5, APOP. Only a checker that has
 * the secrets themselves can check it, not one that has hashes of passwords.
 */
export interface ProofCredentials extends Credentials {
  readonly kind: "proof";
  /** Empty where the peer sends a hash of it; `isUser` then knows. */
  readonly username: string;
  /** Whether the proof was made with this secret. Compares in constant time, and costs the same for any secret. */
  verify(secret: string): boolean;
  /** Whether this is the user who is meant, where the peer hides the name. */
  readonly isUser?: ((username: string) => boolean) | undefined;
}

/** Nothing at all. */
export interface AnonymousCredentials extends Credentials {
  readonly kind: "anonymous";
}

/** Whoever has it is let in: a bearer token, a link that was mailed. */
export interface TokenCredentials extends Credentials {
  readonly kind: "token";
  readonly token: string;
}

/** The certificate of a TLS client, from `transport.tls`; only one that was verified (`TlsFacts.authorized`) says who it is. */
export interface CertificateCredentials extends Credentials {
  readonly kind: "certificate";
  readonly certificate: PeerCertificate;
}

/** The kinds that are known to every protocol. */
export type KnownCredentials =
  | PasswordCredentials
  | ProofCredentials
  | AnonymousCredentials
  | TokenCredentials
  | CertificateCredentials;
