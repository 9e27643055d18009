/** What the bulk loads agree on with the servers, in bytes. The C and Python sources say the same in their words. */

/** The server acknowledges each of these, and sends one for each byte that asks. */
export const mib: number = 1 << 20;

/** The piece that bulk is written in: byte i is i mod 251, so that a lost or doubled piece shows. */
export const chunk: Uint8Array = Uint8Array.from({ length: 65_536 }, (_, i) => i % 251);

/** Chunks that answer one byte from the client. */
export const chunksPerAsk: number = mib / chunk.length;
