import type { FileState } from "./file-body.ts";

/**
 * The tag of a file's state: its size and its time, in a form that says nothing else. `suffix` tells codings apart.
 *
 * It is strong, so that parts can be put together (RFC 9110 §8.8.1), once the file has rested for longer than the clocks of
 * file systems need for a step: until then another change of the same size might have the same time, and the tag is weak.
 */
export function entityTagOf(file: FileState, nowMs: number, suffix: string): string {
  const { size, modifiedMs } = file;
  const state = `${size.toString(16)}-${Math.round(modifiedMs * 1_000).toString(16)}`;
  const tag = suffix === "identity" ? `"${state}"` : `"${state}-${suffix}"`;
  return isResting(file, nowMs) ? tag : `W/${tag}`;
}

/** Whether each change from now on will have another time. */
export function isResting({ modifiedMs }: FileState, nowMs: number): boolean {
  return nowMs - modifiedMs > RESTING_MS;
}

/** The coarsest step that is in use is FAT's, of two seconds. */
const RESTING_MS = 2_000;
