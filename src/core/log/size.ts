/**
 * How much one event may add to a log. A peer decides how long a line, a header or an error's message is, and a log that
 * takes all of it fills its disk by a few requests.
 */

import { escapeControls } from "./format.ts";

/**
 * Of one text: a message, a field. Docker cuts what it reads at 16 KiB, and nobody reads on after that.
 */
export const MAX_TEXT_CHARACTERS = 16_384;

/** Of all of an event. journald takes lines of 48 KiB, most collectors 64 KiB or more: beyond that they tear them apart. */
export const MAX_EVENT_CHARACTERS = 65_536;

/** The text, or its beginning and how much more there was. */
export function cut(text: string, max: number): string {
  return text.length <= max ? text : withRest(beginningOf(text, max), text.length);
}

/** For a line of text: without what ends it, and no longer than this; see `escapeControls`. */
export function escapedWithin(text: string, max: number): string {
  // Before, so that a huge text costs nothing, and after, since escapes make it longer.
  return withRest(beginningOf(escapeControls(beginningOf(text, max)), max), text.length);
}

/** Says behind the beginning of a text how much is missing. */
function withRest(beginning: string, length: number): string {
  return beginning.length >= length ? beginning : `${beginning}… ${length - beginning.length} more`;
}

/** No character is cut in two. */
function beginningOf(text: string, max: number): string {
  if (text.length <= max) return text;
  return text.slice(0, Math.max(0, isFirstHalf(text.charCodeAt(max - 1)) ? max - 1 : max));
}

/** Of the two that a character outside the basic plane is made of. */
function isFirstHalf(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
