/** One field line (RFC 9112 §5), in place, and what it says about framing and the connection. */
import type { HeadDraft } from "./draft.ts";
import type { HeadKind } from "./head-reader.ts";
import { COLON, COMMA, CR, DEL, HTAB, isWord, LF, SP, TOKEN } from "./tables.ts";

/**
 * Reads `name ":" OWS value OWS CRLF`. Gives the offset behind the line, or -1 if the bytes do not suffice, or if it noted a
 * fault in the draft. In trailers the fields that would frame, route or end something are faults.
 */
export function readFieldLine(
  draft: HeadDraft,
  bytes: Uint8Array,
  base: number,
  start: number,
  end: number,
  kind: HeadKind,
): number {
  let at = start;
  at = skipName(bytes, at, end);
  if (at === end) return -1;
  if (bytes[at] !== COLON || at === start) return draft.fault(400, nameProblem(bytes, start, at));
  const nameEnd = at;
  at++;
  while (at < end && isBlank(bytes[at])) at++;
  const valueStart = at;
  at = skipValue(bytes, at, end);
  if (at === end) return -1;
  if (bytes[at] !== CR) return draft.fault(400, `byte ${bytes[at]} in the value of a field`);
  if (at + 1 === end) return -1;
  if (bytes[at + 1] !== LF) return draft.fault(400, "a CR without LF in the value of a field");
  let valueEnd = at;
  while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1])) valueEnd--;
  draft.places.push(start - base, nameEnd - base, valueStart - base, valueEnd - base);
  if (!note(draft, bytes, base, start, nameEnd, valueStart, valueEnd, kind)) return -1;
  return at + 2;
}

/** Behind the last byte that a name may have: nearly all are letters, and the table is asked about the others. */
function skipName(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    const letter = byte | 0x20;
    if ((letter < 0x61 || letter > 0x7a) && TOKEN[byte] !== 1) return at;
  }
  return end;
}

/**
 * Behind the last byte that a value may have. Two comparisons are cheaper here than the table, and four bytes of plain ASCII
 * at once cheaper again, by a fifth: below 0x20 or above 0x7e one of the differences is negative.
 */
function skipValue(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const a = bytes[at] as number;
    const b = bytes[at + 1] as number;
    const c = bytes[at + 2] as number;
    const d = bytes[at + 3] as number;
    const differences =
      (a - 0x20) | (b - 0x20) | (c - 0x20) | (d - 0x20) | (0x7e - a) | (0x7e - b) | (0x7e - c) | (0x7e - d);
    if (differences < 0) break;
  }
  for (; at < end; at++) {
    const byte = bytes[at] as number;
    if ((byte < SP && byte !== HTAB) || byte === DEL) return at;
  }
  return end;
}

/** RFC 9112 §5.1 and §5.2: both are how two readers of one head come to see two. */
function nameProblem(bytes: Uint8Array, start: number, at: number): string {
  if (at === start && isBlank(bytes[at])) return "a line that begins with a blank (obs-fold)";
  if (at === start) return "a field without a name";
  return isBlank(bytes[at]) ? "a blank before the colon of a field" : `byte ${bytes[at]} in the name of a field`;
}

/** Looks at the few fields that matter here; false if it noted a fault. */
function note(
  draft: HeadDraft,
  bytes: Uint8Array,
  base: number,
  start: number,
  nameEnd: number,
  valueStart: number,
  valueEnd: number,
  kind: HeadKind,
): boolean {
  switch (nameEnd - start) {
    case 4:
      if (kind === "response" || !isWord(bytes, start, nameEnd, "host")) return true;
      if (kind === "trailers") break;
      draft.hostStart = valueStart - base;
      draft.hostEnd = valueEnd - base;
      draft.hosts++;
      return draft.hosts === 1 || refuse(draft, 400, "Host is there twice");
    case 6:
      if (kind !== "request" || !isWord(bytes, start, nameEnd, "expect")) return true;
      draft.expectsContinue = isWord(bytes, valueStart, valueEnd, "100-continue");
      return draft.expectsContinue || refuse(draft, 417, "it expects something else than 100-continue");
    case 7:
      if (kind === "trailers" || !isWord(bytes, start, nameEnd, "upgrade")) return true;
      draft.hasUpgrade = valueEnd > valueStart;
      return true;
    case 10:
      if (!isWord(bytes, start, nameEnd, "connection")) return true;
      if (kind === "trailers") break;
      noteConnection(draft, bytes, valueStart, valueEnd);
      return true;
    case 14:
      if (!isWord(bytes, start, nameEnd, "content-length")) return true;
      if (kind === "trailers") break;
      return noteLength(draft, bytes, valueStart, valueEnd);
    case 17:
      if (!isWord(bytes, start, nameEnd, "transfer-encoding")) return true;
      if (kind === "trailers") break;
      return noteCoding(draft, bytes, valueStart, valueEnd);
    default:
      return true;
  }
  return refuse(draft, 400, "a field in the trailers that belongs in the head");
}

/** RFC 9110 §8.6: digits, once. Two that agree are allowed to be merged; nobody honest sends them. */
function noteLength(draft: HeadDraft, bytes: Uint8Array, start: number, end: number): boolean {
  if (draft.contentLength !== -1) return refuse(draft, 400, "Content-Length is there twice");
  if (start === end) return refuse(draft, 400, "Content-Length is empty");
  if (hasTabBeside(bytes, start, end)) return refuse(draft, 400, "a tab beside the value of Content-Length");
  // 15 digits are exact in a number; a petabyte is not on its way.
  if (end - start > 15) return refuse(draft, 400, "Content-Length has more than 15 digits");
  let length = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return refuse(draft, 400, "Content-Length is no number");
    length = 10 * length + digit;
  }
  draft.contentLength = length;
  return true;
}

/** RFC 9112 §6.1: nothing but chunked is understood; what does not end with it has no end. */
function noteCoding(draft: HeadDraft, bytes: Uint8Array, start: number, end: number): boolean {
  if (draft.isChunked) return refuse(draft, 400, "Transfer-Encoding is there twice");
  if (hasTabBeside(bytes, start, end)) return refuse(draft, 400, "a tab beside the value of Transfer-Encoding");
  if (isWord(bytes, start, end, "chunked")) {
    draft.isChunked = true;
    return true;
  }
  let lastStart = end;
  while (lastStart > start && bytes[lastStart - 1] !== COMMA) lastStart--;
  const hasMore = lastStart > start;
  while (lastStart < end && isBlank(bytes[lastStart])) lastStart++;
  const isLast = hasMore && isWord(bytes, lastStart, end, "chunked");
  if (isLast && !hasWord(bytes, start, lastStart, "chunked")) {
    return refuse(draft, 501, "a transfer coding besides chunked");
  }
  return refuse(draft, 400, "a Transfer-Encoding that is not chunked, once and last");
}

/** Whether one of the blanks around a value is a tab: allowed, but half of all readers take it for a part of the value. */
function hasTabBeside(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (bytes[at - 1] === SP) at--;
  if (bytes[at - 1] === HTAB) return true;
  for (at = end; bytes[at] === SP; ) at++;
  return bytes[at] === HTAB;
}

/** RFC 9110 §7.6.1. Options that nobody here knows are none of our business. */
function noteConnection(draft: HeadDraft, bytes: Uint8Array, start: number, end: number): void {
  if (isWord(bytes, start, end, "keep-alive")) {
    draft.saysKeepAlive = true;
    return;
  }
  if (hasWord(bytes, start, end, "close")) draft.saysClose = true;
  if (hasWord(bytes, start, end, "keep-alive")) draft.saysKeepAlive = true;
  if (hasWord(bytes, start, end, "upgrade")) draft.saysUpgrade = true;
}

/** Whether a list, separated by commas, has this word. */
function hasWord(bytes: Uint8Array, start: number, end: number, word: string): boolean {
  for (let from = start; from < end; ) {
    let to = from;
    while (to < end && bytes[to] !== COMMA) to++;
    const next = to + 1;
    while (from < to && isBlank(bytes[from])) from++;
    while (to > from && isBlank(bytes[to - 1])) to--;
    if (isWord(bytes, from, to, word)) return true;
    from = next;
  }
  return false;
}

function isBlank(byte: number | undefined): boolean {
  return byte === SP || byte === HTAB;
}

function refuse(draft: HeadDraft, status: number, problem: string): false {
  draft.fault(status, problem);
  return false;
}
