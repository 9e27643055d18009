/**
 * The first line of a message (RFC 9112 §3, §4), in place. Each function gives the offset behind the line, or -1 if the
 * bytes do not suffice, or if it noted a fault in the draft.
 */
import { TEXT } from "../../../wire/text.ts";
import type { HeadDraft } from "./draft.ts";
import { CR, FIELD_VALUE, LF, SP, TARGET, TOKEN } from "./tables.ts";

/** `method SP request-target SP HTTP-version CRLF`, with one blank each time. */
export function readRequestLine(draft: HeadDraft, bytes: Uint8Array, base: number, start: number, end: number): number {
  let at = start;
  while (at < end && TOKEN[bytes[at] as number] === 1) at++;
  if (at === end) return -1;
  if (at === start || bytes[at] !== SP) return draft.fault(400, "no method and a single blank begin the request line");
  draft.method = methodOf(bytes, start, at);
  at++;
  draft.targetStart = at - base;
  while (at < end && TARGET[bytes[at] as number] === 1) at++;
  if (at === end) return -1;
  draft.targetEnd = at - base;
  if (draft.targetEnd === draft.targetStart || bytes[at] !== SP) {
    return draft.fault(400, "no request target of visible ASCII and a single blank follow the method");
  }
  at = readVersion(draft, bytes, at + 1, end, 505);
  if (at === -1 || at === end) return -1;
  if (bytes[at] !== CR) return draft.fault(400, "no CRLF follows the version");
  if (at + 1 === end) return -1;
  return bytes[at + 1] === LF ? at + 2 : draft.fault(400, "no LF follows the CR of the request line");
}

/** `HTTP-version SP status-code [SP [reason]] CRLF`: many servers leave out the blank before no reason. */
export function readStatusLine(draft: HeadDraft, bytes: Uint8Array, base: number, start: number, end: number): number {
  let at = readVersion(draft, bytes, start, end, 502);
  if (at === -1 || at === end) return -1;
  if (bytes[at] !== SP) return draft.fault(502, "no blank follows the version");
  at++;
  draft.status = 0;
  for (const last = at + 3; at < last; at++) {
    if (at === end) return -1;
    draft.status = 10 * draft.status + digit(bytes[at]);
    if (!isDigit(bytes[at]) || draft.status === 0) return draft.fault(502, "no status of three digits");
  }
  if (at === end) return -1;
  if (bytes[at] === SP) at++;
  else if (bytes[at] !== CR) return draft.fault(502, "no blank follows the status");
  draft.reasonStart = at - base;
  while (at < end && FIELD_VALUE[bytes[at] as number] === 1) at++;
  if (at === end) return -1;
  draft.reasonEnd = at - base;
  if (bytes[at] !== CR) return draft.fault(502, "a control character in the reason");
  if (at + 1 === end) return -1;
  if (bytes[at + 1] !== LF) return draft.fault(502, "a CR without LF in the reason");
  return at + 2;
}

/** RFC 9112 §2.3, case-sensitive. 1.2 and later are 1.1 to us (RFC 9110 §2.5); another major is another protocol. */
function readVersion(draft: HeadDraft, bytes: Uint8Array, at: number, end: number, unsupported: number): number {
  for (let k = 0; k < VERSION.length; k++) {
    if (at + k === end) return -1;
    const byte = bytes[at + k] as number;
    if (k === MAJOR_AT || k === MINOR_AT ? !isDigit(byte) : byte !== VERSION.charCodeAt(k)) {
      return draft.fault(unsupported === 505 ? 400 : 502, "no HTTP version such as HTTP/1.1");
    }
  }
  const major = digit(bytes[at + MAJOR_AT]);
  const minor = digit(bytes[at + MINOR_AT]);
  if (major !== 1) return draft.fault(unsupported, `its version is ${major}.${minor} instead of 1.1 or 1.0`);
  draft.minor = minor === 0 ? 0 : 1;
  return at + VERSION.length;
}

/** The usual ones without making a string. */
function methodOf(bytes: Uint8Array, start: number, end: number): string {
  const known = METHODS[((bytes[start] as number) + (bytes[end - 1] as number) + 2 * (end - start)) & 31];
  if (known !== undefined && isText(bytes, start, end, known)) return known;
  return TEXT.decodeLatin1(bytes, start, end);
}

function isText(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let at = 0; at < text.length; at++) if (bytes[start + at] !== text.charCodeAt(at)) return false;
  return true;
}

function digit(byte: number | undefined): number {
  return (byte as number) - 0x30;
}

function isDigit(byte: number | undefined): boolean {
  return (byte as number) >= 0x30 && (byte as number) <= 0x39;
}

const VERSION = "HTTP/1.1";
const MAJOR_AT = 5;
const MINOR_AT = 7;
/** By a sum that tells these apart: of the first byte, the last byte and twice the length. */
const METHODS: readonly (string | undefined)[] = methodTable();

function methodTable(): (string | undefined)[] {
  const table = new Array<string | undefined>(32).fill(undefined);
  for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"]) {
    table[(method.charCodeAt(0) + method.charCodeAt(method.length - 1) + 2 * method.length) & 31] = method;
  }
  return table;
}
