/** How much a peer may say. Each limit stands for what this side would have to hold, or to do, before it can judge. */
export interface Http1Limits {
  /** Bytes of a request line or status line: 8 192. RFC 9112 §3 asks for 8 000 at least. More is answered by 414. */
  readonly maxStartLineBytes: number;
  /** Bytes of a head's fields: 32 KiB, twice Node's; logins by Kerberos and single sign-on fill 16. More: 431. */
  readonly maxFieldsBytes: number;
  /** Lines of a head, or of trailers: 128; Apache has 100, and browsers send 25. More: 431. */
  readonly maxFields: number;
  /** Bytes of a chunk's line, size and extensions: 256. Nobody is known to use extensions. More: 400. */
  readonly maxChunkLineBytes: number;
  /** Bytes of extensions in all chunks of a body: 4 096. Else chunks of one byte each cost 256 times what they bring. */
  readonly maxExtensionBytes: number;
  /** Bytes of trailers: 8 192. Those in use are a checksum, a status, timings. */
  readonly maxTrailersBytes: number;
  /**
   * Bytes of a body: 1 GiB. Bodies pass through and cost no memory here, so this only ends what never ends; who keeps
   * bodies sets it to what it can keep. More: 413, before the first byte where the length is announced.
   */
  readonly maxBodyBytes: number;
  /**
   * Bytes that a server holds while an answer is due: 256 KiB, four reads. `wantsInput` says when to pause the transport;
   * a peer that sends more all the same is cut off.
   */
  readonly maxHeldBytes: number;
  /** Requests of a client that are unanswered: 128. */
  readonly maxUnanswered: number;
  /** Informational answers to one request: 32. Each costs as much as a final one, and nothing else would end them. */
  readonly maxInformational: number;
}

/** Some of the limits. */
export type SomeHttp1Limits = { readonly [K in keyof Http1Limits]?: Http1Limits[K] | undefined };

/** All limits: those that are given, and the defaults of the others. */
export function limitsWith(given: SomeHttp1Limits | undefined): Http1Limits {
  if (given === undefined) return LIMITS;
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...LIMITS, ...Object.fromEntries(entries) };
}

const LIMITS: Http1Limits = {
  maxStartLineBytes: 8_192,
  maxFieldsBytes: 32_768,
  maxFields: 128,
  maxChunkLineBytes: 256,
  maxExtensionBytes: 4_096,
  maxTrailersBytes: 8_192,
  maxBodyBytes: 2 ** 30,
  maxHeldBytes: 262_144,
  maxUnanswered: 128,
  maxInformational: 32,
};
