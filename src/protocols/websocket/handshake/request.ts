/** A client's half of the opening handshake (RFC 6455 §4.1): what it asks, and what it makes of the answer. */
import { HeaderMap } from "../../../wire/header-map.ts";
import type { DeflateAgreement } from "../codec/deflate.ts";
import { LocalWebSocketError, WebSocketHandshakeError } from "../errors.ts";
import { agreeDeflate, type DeflateOptions, NAME, offerDeflate } from "./deflate.ts";
import { formatExtension, hasToken, isToken, parseExtensions } from "./extensions.ts";
import { acceptKey } from "./key.ts";

/** What a client offers. */
export interface OfferOptions {
  /** What the client speaks, the best one first. */
  readonly subprotocols?: readonly string[] | undefined;
  /** Whether to offer compression (RFC 7692). Default false. */
  readonly deflate?: boolean | DeflateOptions | undefined;
  /** More fields: Origin, Cookie, Authorization. */
  readonly headers?: { readonly [name: string]: string | readonly string[] } | undefined;
}

/** Where a WebSocket's URL leads. */
export interface WebSocketTarget {
  readonly isSecure: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** The field: with the port if it is not the scheme's. */
  readonly authority: string;
  /** Path and query. */
  readonly target: string;
}

/** What the handshake agreed on. */
export interface WebSocketAgreement {
  /** "" if there is none. */
  readonly subprotocol: string;
  readonly deflate: DeflateAgreement | undefined;
}

/** @throws LocalWebSocketError for what is no URL of a WebSocket (RFC 6455 §3). */
export function parseWebSocketUrl(text: string | URL): WebSocketTarget {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new LocalWebSocketError(`Cannot parse the URL "${text}": ${(cause as Error).message}`);
  }
  const isSecure = url.protocol === "wss:" || url.protocol === "https:";
  if (!isSecure && url.protocol !== "ws:" && url.protocol !== "http:") {
    throw new LocalWebSocketError(`Cannot connect to "${text}": a WebSocket's URL begins with ws:// or wss://`);
  }
  if (url.hash !== "" || /#$/.test(url.href)) {
    throw new LocalWebSocketError(`Cannot connect to "${text}": a WebSocket's URL has no fragment, write # as %23`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new LocalWebSocketError(
      `Cannot connect to "${url.origin}": give name and password as an Authorization header`,
    );
  }
  return {
    isSecure,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (isSecure ? 443 : 80) : Number(url.port),
    authority: url.host,
    target: `${url.pathname}${url.search}`,
  };
}

/** The fields of the request. @throws LocalWebSocketError for subprotocols that are no tokens or repeated, and for fields that are not the caller's. */
export function upgradeHeaders(authority: string, key: string, options: OfferOptions): HeaderMap {
  const { subprotocols = [], deflate = false } = options;
  if (!subprotocols.every(isToken) || new Set(subprotocols).size !== subprotocols.length) {
    throw new LocalWebSocketError(`Cannot offer the subprotocols "${subprotocols}": each is a token, and once`);
  }
  const headers = new HeaderMap({ Host: authority, Upgrade: "websocket", Connection: "Upgrade" });
  headers.append("Sec-WebSocket-Version", "13").append("Sec-WebSocket-Key", key);
  if (subprotocols.length > 0) headers.append("Sec-WebSocket-Protocol", subprotocols.join(", "));
  if (deflate !== false) {
    headers.append("Sec-WebSocket-Extensions", formatExtension(offerDeflate(deflate === true ? {} : deflate)));
  }
  for (const [name, value] of new HeaderMap(options.headers)) {
    if (name.toLowerCase() === "host") headers.set(name, value);
    else if (/^(upgrade|connection|content-length|transfer-encoding|sec-websocket-.*)$/i.test(name)) {
      throw new LocalWebSocketError(`Cannot send the header ${name}: the handshake has its own`);
    } else headers.append(name, value);
  }
  return headers;
}

/** @throws WebSocketHandshakeError if a 101 does not agree to what was offered (RFC 6455 §4.1, list at the end). */
export function judgeAnswer(headers: HeaderMap, key: string, options: OfferOptions): WebSocketAgreement {
  const field = (name: string): string => headers.get(name) ?? "";
  if (field("upgrade").toLowerCase() !== "websocket") throw wrong(`it upgraded to "${field("upgrade")}"`);
  if (!hasToken(field("connection"), "upgrade")) throw wrong(`its Connection is "${field("connection")}"`);
  if (field("sec-websocket-accept") !== acceptKey(key)) throw wrong("its Sec-WebSocket-Accept does not fit the key");
  const subprotocol = field("sec-websocket-protocol");
  if (headers.has("sec-websocket-protocol") && options.subprotocols?.includes(subprotocol) !== true) {
    throw wrong(`it speaks "${subprotocol}", which was not offered`);
  }
  return { subprotocol, deflate: judgeExtensions(field("sec-websocket-extensions"), options) };
}

function judgeExtensions(field: string, { deflate = false }: OfferOptions): DeflateAgreement | undefined {
  const extensions = parseExtensions(field);
  if (extensions === undefined) throw wrong(`its Sec-WebSocket-Extensions is "${field}"`);
  const [answer, ...more] = extensions;
  if (answer === undefined) return undefined;
  if (deflate === false || answer.name !== NAME || more.length > 0) {
    throw wrong(`it uses the extensions "${field}", which were not offered`);
  }
  const agreed = agreeDeflate(answer, deflate === true ? {} : deflate);
  if (typeof agreed === "string") throw wrong(agreed);
  return agreed;
}

function wrong(problem: string): WebSocketHandshakeError {
  return new WebSocketHandshakeError(101, problem);
}
