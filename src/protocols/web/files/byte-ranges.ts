/** Several ranges in one answer (RFC 9110 §14.6). */
import type { ByteRange } from "./ranges.ts";

/** A body in the order in which it is sent: text as it stands, and bytes that are yet to be read. */
export type Pieces = readonly (string | ByteRange)[];

/** What `bytes start-last/size` says of one range. */
export function contentRange({ start, end }: ByteRange, size: number): string {
  return `bytes ${start}-${end - 1}/${size}`;
}

/** The body of `multipart/byteranges`. */
export function multipartPieces(ranges: readonly ByteRange[], size: number, type: string, boundary: string): Pieces {
  const pieces: (string | ByteRange)[] = [];
  for (const [at, range] of ranges.entries()) {
    const head = `--${boundary}\r\nContent-Type: ${type}\r\nContent-Range: ${contentRange(range, size)}\r\n\r\n`;
    pieces.push(at === 0 ? head : `\r\n${head}`, range);
  }
  pieces.push(`\r\n--${boundary}--\r\n`);
  return pieces;
}

/** How many bytes they are; text among them is ASCII. */
export function lengthOf(pieces: Pieces): number {
  let length = 0;
  for (const piece of pieces) length += typeof piece === "string" ? piece.length : piece.end - piece.start;
  return length;
}
