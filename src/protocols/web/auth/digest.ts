/** The Digest scheme's arithmetic (RFC 7616 §3.4), the same at both ends. */
import { createHash } from "node:crypto";

/** The algorithms, strongest first. Those that end in `-sess` mix the nonces into the hash of the password. */
export type DigestAlgorithm = "SHA-512-256" | "SHA-512-256-sess" | "SHA-256" | "SHA-256-sess" | "MD5" | "MD5-sess";

/** Who asks, with what. */
export interface DigestUser {
  readonly username: string;
  readonly password: string;
  readonly realm: string;
}

/** What is asked for, and the numbers that make it unique. */
export interface DigestQuestion {
  readonly method: string;
  readonly uri: string;
  readonly nonce: string;
  readonly cnonce: string;
  /** Eight hex digits. */
  readonly nc: string;
}

/** The proof, in hex, for `qop=auth`. */
export function digestResponse(algorithm: DigestAlgorithm, user: DigestUser, question: DigestQuestion): string {
  const { method, uri, nonce, cnonce, nc } = question;
  const plain = hash(algorithm, `${user.username}:${user.realm}:${user.password}`.normalize("NFC"));
  const secret = algorithm.endsWith("-sess") ? hash(algorithm, `${plain}:${nonce}:${cnonce}`) : plain;
  return hash(algorithm, `${secret}:${nonce}:${nc}:${cnonce}:auth:${hash(algorithm, `${method}:${uri}`)}`);
}

/** What stands for a name that is not shown (RFC 7616 §3.4.4). */
export function hashedUsername(algorithm: DigestAlgorithm, username: string, realm: string): string {
  return hash(algorithm, `${username}:${realm}`.normalize("NFC"));
}

/** The algorithm of this name, in any spelling; MD5 if none is named; undefined if it is not known. */
export function algorithmOf(name: string | undefined): DigestAlgorithm | undefined {
  if (name === undefined) return "MD5";
  return DIGEST_ALGORITHMS.find((each) => each.toLowerCase() === name.toLowerCase());
}

export const DIGEST_ALGORITHMS: readonly DigestAlgorithm[] = [
  "SHA-512-256",
  "SHA-512-256-sess",
  "SHA-256",
  "SHA-256-sess",
  "MD5",
  "MD5-sess",
];

function hash(algorithm: DigestAlgorithm, text: string): string {
  return createHash(OPENSSL_NAMES[algorithm]).update(text).digest("hex");
}

const OPENSSL_NAMES: Readonly<Record<DigestAlgorithm, string>> = {
  "SHA-512-256": "sha512-256",
  "SHA-512-256-sess": "sha512-256",
  "SHA-256": "sha256",
  "SHA-256-sess": "sha256",
  MD5: "md5",
  "MD5-sess": "md5",
};
