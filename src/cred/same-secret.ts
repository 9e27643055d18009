import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * Whether two secrets are the same. How long it takes says nothing of where they differ, or which is longer: what is compared is
 * an HMAC of each. Text counts as UTF-8.
 *
 * @example
 * ```ts
 * import { sameSecret } from "ropewalk/cred";
 *
 * console.log(sameSecret("open sesame", "open sesame"), sameSecret("open sesame", "open")); // true false
 * ```
 */
export function sameSecret(a: string | Uint8Array, b: string | Uint8Array): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(secret: string | Uint8Array): Uint8Array {
  return createHmac("sha256", PURPOSE).update(secret).digest();
}

const PURPOSE = "ropewalk.cred";
