/** Adds the 16-bit words of `bytes[start…end)` to `sum` (RFC 1071); an odd byte at the end counts as a high one. */
export function addWords(bytes: Uint8Array, start: number, end: number, sum: number): number {
  let total = sum;
  const even = end - ((end - start) % 2);
  for (let at = start; at < even; at += 2) total += ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  return even < end ? total + ((bytes[even] as number) << 8) : total;
}

/** The one's complement of a sum, folded to 16 bits: what the header's field has to be. */
export function checksumOf(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x1_0000);
  return ~folded & 0xffff;
}
