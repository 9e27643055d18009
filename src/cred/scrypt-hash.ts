import { PasswordHashError } from "./errors.ts";

/** What scrypt costs (RFC 7914): memory of 128 · 2^ln · r bytes, and time that grows with 2^ln · r · p. */
export interface ScryptCost {
  /** The binary logarithm of the number of blocks. */
  readonly ln: number;
  /** The size of a block, in 128 bytes. */
  readonly r: number;
  /** How many times it is all done. */
  readonly p: number;
}

/** A password hash in parts. */
export interface ScryptHash extends ScryptCost {
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

/** `$scrypt$ln=14,r=8,p=5$c2FsdA$aGFzaA`: the PHC string format, with base64 that is not padded. */
export function formatScrypt({ ln, r, p, salt, hash }: ScryptHash): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${base64(salt)}$${base64(hash)}`;
}

/** @throws PasswordHashError if it is malformed, of another scheme, or costs more than is allowed. */
export function parseScrypt(text: string): ScryptHash {
  const match = PHC.exec(text)?.groups;
  if (match === undefined) {
    const scheme = /^\$([a-z0-9-]{1,32})\$/.exec(text)?.[1];
    const seen = scheme === undefined || scheme === "scrypt" ? "it is malformed" : `it is of scheme "${scheme}"`;
    // Not quoted: whoever put a password where its hash belongs does not want to read it in a log.
    throw new PasswordHashError(
      `Cannot use a stored password hash: ${seen}; it should read $scrypt$ln=…,r=…,p=…$salt$hash`,
    );
  }
  const cost = { ln: Number(match["ln"]), r: Number(match["r"]), p: Number(match["p"]) };
  checkCost(cost);
  const salt = Buffer.from(match["salt"] as string, "base64");
  const hash = Buffer.from(match["hash"] as string, "base64");
  if (salt.length < SALT_BYTES_LEAST || hash.length < HASH_BYTES_LEAST) {
    const sizes = `its salt is of ${salt.length} bytes, its hash of ${hash.length}`;
    throw new PasswordHashError(
      `Cannot use a stored password hash: ${sizes}; at least ${SALT_BYTES_LEAST} and ${HASH_BYTES_LEAST} are wanted`,
    );
  }
  return { ...cost, salt, hash };
}

/** @throws PasswordHashError if one of the numbers is not possible, or all together cost more than is allowed. */
export function checkCost({ ln, r, p }: ScryptCost): void {
  const shown = `ln=${ln},r=${r},p=${p}`;
  if (![ln, r, p].every((number) => Number.isInteger(number) && number >= 1)) {
    throw new PasswordHashError(`Cannot use scrypt with ${shown}: give integers of at least 1`);
  }
  if (memoryBytes({ ln, r, p }) > MAX_MEMORY_BYTES || 2 ** ln * r * p > MAX_WORK) {
    const most = `${MAX_MEMORY_BYTES / 2 ** 20} MiB and 2^ln · r · p = ${MAX_WORK}`;
    throw new PasswordHashError(`Cannot use scrypt with ${shown}: it costs more than ${most}`);
  }
}

/** What OpenSSL takes for it. */
export function memoryBytes({ ln, r, p }: ScryptCost): number {
  return 128 * r * (2 ** ln + p + 2);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replace(/=+$/, "");
}

// At most 86 characters of base64 are 64 bytes, as long as a salt or a hash ever is.
const PHC =
  /^\$scrypt\$ln=(?<ln>\d{1,2}),r=(?<r>\d{1,4}),p=(?<p>\d{1,4})\$(?<salt>[A-Za-z0-9+/]{1,86})\$(?<hash>[A-Za-z0-9+/]{1,86})$/;

/**
 * Twice the strongest that OWASP's cheat sheet names (ln=17, r=8, p=1: 128 MiB, 2^20), so that a file from elsewhere works;
 * beyond that each login would be an attack on the server.
 */
const MAX_MEMORY_BYTES = 257 * 2 ** 20;
const MAX_WORK = 2 ** 21;
/** 64 bits of salt are the least in RFC 8018; 128 bits of hash are the least that nobody guesses. */
const SALT_BYTES_LEAST = 8;
const HASH_BYTES_LEAST = 16;
