/** The key that a client sends, and what only a WebSocket server answers to it (RFC 6455 §4.1, §4.2.2). */
import { createHash } from "node:crypto";

/** A `Sec-WebSocket-Key` of 16 random bytes. */
export function websocketKey(random: Uint8Array): string {
  return btoa(String.fromCharCode(...random));
}

/**
 * The `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key`.
 *
 * @example
 * ```ts
 * import { acceptKey } from "ropewalk/websocket";
 *
 * console.log(acceptKey("dGhlIHNhbXBsZSBub25jZQ==")); // s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
 * ```
 */
export function acceptKey(key: string): string {
  return createHash("sha1").update(`${key}${GUID}`).digest("base64");
}

/** Whether this is the base64 of 16 bytes. */
export function isWebsocketKey(text: string): boolean {
  return /^[A-Za-z0-9+/]{22}==$/.test(text);
}

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
