import { createHash, X509Certificate } from "node:crypto";
import type { TlsClientOptions } from "../core/tls.ts";

/*
 * OpenSSL's own form of a session forgets which certificate chain it was made with, and Node checks no name on a resumed
 * one. So a session leaves this project in an envelope: who was shown, by what trust; and it is offered again only where
 * the same trust holds and the certificate would pass as if it were shown now. Otherwise there is a full handshake.
 *
 *   SHA-256 of the trust (32) · length of the certificate (4, big-endian) · certificate, DER · OpenSSL's session
 */

/** A session that can be offered, and the certificate that it vouches for. */
export interface Resumable {
  readonly ticket: Buffer;
  readonly certificate: X509Certificate;
}

/** Puts a session into its envelope. `authorized`: the certificate was verified under `options`. */
export function packSession(
  ticket: Uint8Array,
  certificate: X509Certificate,
  options: TlsClientOptions,
  authorized: boolean,
): Uint8Array {
  const der = certificate.raw;
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(der.length);
  return Buffer.concat([trustOf(options, authorized), length, der, ticket]);
}

/** Opens `options.session`, if it may be offered; `passes` says whether its certificate would be accepted now. */
export function unpackSession(
  options: TlsClientOptions,
  passes: (certificate: X509Certificate) => boolean,
): Resumable | undefined {
  const packed = options.session;
  if (packed === undefined || packed.length < HEAD_BYTES) return undefined;
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const end = HEAD_BYTES + bytes.readUInt32BE(TRUST_BYTES);
  if (end >= bytes.length) return undefined;
  const certificate = readCertificate(bytes.subarray(HEAD_BYTES, end));
  if (certificate === undefined) return undefined;
  const isTrusted = bytes.subarray(0, TRUST_BYTES).equals(trustOf(options, true)) && passes(certificate);
  if (options.insecureSkipVerification !== true && !isTrusted) return undefined;
  return { ticket: bytes.subarray(end), certificate };
}

function readCertificate(der: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    // Not an envelope of ours, or a spoilt one: the handshake is a full one then, and needs nothing from it.
    return undefined;
  }
}

function trustOf({ trustRoots }: TlsClientOptions, authorized: boolean): Buffer {
  const hash = createHash("sha256").update(authorized ? "verified by " : "not verified");
  if (authorized && trustRoots !== undefined) {
    const roots = typeof trustRoots === "string" || trustRoots instanceof Uint8Array ? [trustRoots] : trustRoots;
    for (const root of roots) hash.update(root).update("\0");
  }
  return hash.digest();
}

const TRUST_BYTES = 32;
const LENGTH_BYTES = 4;
const HEAD_BYTES = TRUST_BYTES + LENGTH_BYTES;
