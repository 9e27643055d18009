/** What a Close frame says (RFC 6455 §5.5.1, §7.4). */
import { TEXT } from "../../../wire/text.ts";
import { LocalWebSocketError, RemoteWebSocketError } from "../errors.ts";
import type { WebSocketClose } from "../events.ts";
import { MAX_CONTROL_BYTES } from "./frames.ts";
import { decodeText } from "./utf8.ts";

/** The Close frame gave no code. */
const NO_CODE = 1005;
/** There was no Close frame. */
export const NO_CLOSE = 1006;

/** @throws RemoteWebSocketError for a code that may not be sent, or a reason that is no UTF-8. */
export function readClose(bytes: Uint8Array, start: number, end: number): WebSocketClose {
  if (start === end) return { type: "close", code: NO_CODE, reason: "" };
  if (end - start === 1) throw new RemoteWebSocketError(1002, "a Close frame of one byte");
  const code = ((bytes[start] as number) << 8) | (bytes[start + 1] as number);
  if (!isCloseCode(code)) throw new RemoteWebSocketError(1002, `the close code ${code}, which may not be sent`);
  const reason = decodeText(bytes, start + 2, end);
  if (reason === undefined) throw new RemoteWebSocketError(1007, "a reason to close that is no UTF-8");
  return { type: "close", code, reason };
}

/** @throws LocalWebSocketError for a code that may not be sent, or a reason of more than 123 bytes. */
export function closePayload(code: number, reason: string): Uint8Array {
  if (code === NO_CODE && reason === "") return new Uint8Array(0);
  if (!isCloseCode(code)) {
    throw new LocalWebSocketError(`Cannot close with code ${code}: it takes 1000 to 1003, 1007 to 1014, 3000 to 4999`);
  }
  const text = TEXT.encodeUtf8(reason);
  if (text.length > MAX_CONTROL_BYTES - 2) {
    throw new LocalWebSocketError(`Cannot close with a reason of ${text.length} bytes: 123 is the most`);
  }
  const payload = new Uint8Array(2 + text.length);
  payload[0] = code >> 8;
  payload[1] = code;
  payload.set(text, 2);
  return payload;
}

/** As much of a reason as a Close frame has room for: an error's message may be longer. */
export function shortReason(text: string): string {
  let short = text.slice(0, MAX_CONTROL_BYTES - 2);
  while (TEXT.utf8Length(short) > MAX_CONTROL_BYTES - 2) short = short.slice(0, -1);
  return /[\ud800-\udbff]$/.test(short) ? short.slice(0, -1) : short;
}

/** RFC 6455 §7.4.2, and those that were registered since: 1012 to 1014. */
function isCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  return (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999);
}
