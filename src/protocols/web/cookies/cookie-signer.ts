import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * Signs the values of cookies, so that nobody else can make or change them: HMAC-SHA256 over name and value. Everybody can
 * still read them, and send old ones again: what may be used once or must end belongs into a session.
 *
 * The first key signs; all of them are tried on what comes back, so that a key can be replaced while cookies live.
 *
 * @example
 * ```ts
 * import { CookieSigner, setCookie, Response } from "ropewalk/web";
 *
 * const signer = new CookieSigner(["a key that nobody else has, from a file"]);
 * const signed = signer.sign("cart", "17 ropes");
 * setCookie(new Response("bought"), "cart", signed);
 * console.log(signer.verify("cart", signed)); // 17 ropes
 * console.log(signer.verify("cart", signed.replace("17", "99"))); // undefined
 * ```
 */
export class CookieSigner {
  readonly #keys: readonly (string | Uint8Array)[];

  /** @throws RangeError without keys, or for one of less than 16 bytes. */
  constructor(keys: readonly (string | Uint8Array)[]) {
    if (keys.length === 0) throw new RangeError("Cannot sign cookies without a key");
    for (const [index, key] of keys.entries()) {
      const bytes = Buffer.byteLength(key);
      if (bytes < MIN_KEY_BYTES) {
        throw new RangeError(`Cannot sign cookies with key ${index} of ${bytes} bytes: give at least ${MIN_KEY_BYTES}`);
      }
    }
    this.#keys = [...keys];
  }

  /** The value to set the cookie of this name to. */
  sign(name: string, value: string): string {
    return `${value}.${macOf(this.#keys[0] as string, name, value).toString("base64url")}`;
  }

  /** The value that was signed; undefined if it was not, or for a cookie of another name. */
  verify(name: string, signed: string): string | undefined {
    return this.#find(name, signed)?.value;
  }

  /** Whether it was signed with a key that is not the first any more: sign it again. */
  isOutdated(name: string, signed: string): boolean {
    return (this.#find(name, signed)?.key ?? 0) > 0;
  }

  #find(name: string, signed: string): { readonly value: string; readonly key: number } | undefined {
    const dot = signed.lastIndexOf(".");
    if (dot === -1) return undefined;
    const [value, text] = [signed.slice(0, dot), signed.slice(dot + 1)];
    const mac = Buffer.from(text, "base64url");
    if (mac.length !== MAC_BYTES || mac.toString("base64url") !== text) return undefined;
    let found: number | undefined;
    // All keys, even after one has fitted: the time must not tell which.
    for (const [key, secret] of this.#keys.entries()) {
      if (timingSafeEqual(macOf(secret, name, value), mac)) found ??= key;
    }
    return found === undefined ? undefined : { value, key: found };
  }
}

/** A name has no "=" in it, so that no part of one can pass for a part of the other. */
function macOf(key: string | Uint8Array, name: string, value: string): Buffer {
  return createHmac("sha256", key).update(`${name}=${value}`).digest();
}

const MAC_BYTES = 32;
/** 128 bits are the least that nobody guesses. */
const MIN_KEY_BYTES = 16;
