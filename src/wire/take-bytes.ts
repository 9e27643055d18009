import { type ByteQueue, EMPTY } from "./byte-queue.ts";
import type { GrowingBytes } from "./growing-bytes.ts";

/**
 * The next `count` bytes in one piece, or undefined if not all are there: then `partial` keeps what came, growing with it,
 * so that an announced length alone makes no room. Not copied if they came in one chunk.
 */
export function takeBytes(queue: ByteQueue, partial: GrowingBytes, count: number): Uint8Array | undefined {
  if (count === 0) return EMPTY;
  while (queue.ready()) {
    const { chunk, at } = queue;
    const end = Math.min(chunk.length, at + count - partial.length);
    queue.at = end;
    if (partial.length === 0 && end - at === count) return chunk.subarray(at, end);
    partial.append(chunk, at, end, count);
    if (partial.length === count) return partial.take();
  }
  return undefined;
}
