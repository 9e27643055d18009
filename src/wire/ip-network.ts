import { parseIp } from "./ip.ts";

/** The addresses that begin with the same bits: `10.0.0.0/8`, `2001:db8::/32`; one without bits is itself alone. */
export class IpNetwork {
  readonly #bytes: Uint8Array;
  readonly #bits: number;

  /** @throws TypeError for what is no network. */
  constructor(description: string) {
    const [host = "", bits, ...more] = description.split("/");
    const bytes = parseIp(host);
    if (bytes === undefined || more.length > 0 || (bits !== undefined && !isBits(bits, 8 * bytes.length))) {
      throw new TypeError(
        `Cannot understand ${JSON.stringify(description)}: a network is an IP address, and perhaps /bits`,
      );
    }
    this.#bytes = bytes;
    this.#bits = bits === undefined ? 8 * bytes.length : Number(bits);
  }

  /** Whether an address, as `parseIp` gives it, is one of these. */
  covers(bytes: Uint8Array): boolean {
    if (bytes.length !== this.#bytes.length) return false;
    for (let at = 0; 8 * at < this.#bits; at++) {
      const shift = Math.max(0, 8 - (this.#bits - 8 * at));
      if (((bytes[at] as number) ^ (this.#bytes[at] as number)) >> shift !== 0) return false;
    }
    return true;
  }
}

function isBits(text: string, most: number): boolean {
  return /^\d{1,3}$/.test(text) && Number(text) <= most;
}
