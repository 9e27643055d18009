/** CRC32c (Castagnoli, RFC 3720 appendix B.4) of some bytes. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return (crc ^ 0xffff_ffff) >>> 0;
}

function remainderOf(byte: number): number {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
  return remainder >>> 0;
}

/** 0x1EDC6F41 with its bits reversed. */
const POLYNOMIAL = 0x82f6_3b78;
const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => remainderOf(byte));
