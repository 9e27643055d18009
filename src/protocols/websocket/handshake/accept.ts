/** A server's half of the opening handshake (RFC 6455 §4.2): a request in, an answer out. */
import type { DeflateAgreement } from "../codec/deflate.ts";
import { acceptDeflate, type DeflateOptions } from "./deflate.ts";
import { formatExtension, hasToken, parseExtensions, parseTokens } from "./extensions.ts";
import { acceptKey, isWebsocketKey } from "./key.ts";

/** As much of a request as the handshake looks at; those of `ropewalk/http1` and `ropewalk/web` fit. */
export interface UpgradeRequest {
  readonly method: string;
  /** Default "1.1". */
  readonly version?: "1.0" | "1.1" | undefined;
  /** `get` joins the values of several lines by ", ". */
  readonly headers: { get(name: string): string | null | undefined };
}

/** Whom a server speaks with, and how. */
export interface AcceptOptions {
  /** What the server speaks, the best one first; a client that offers none of them gets none. */
  readonly subprotocols?: readonly string[] | undefined;
  /**
   * Which pages may connect. Default "same": those of the host that the request is for, and clients that are no browsers
   * (they send no Origin). Else a list of origins (`https://example.org`), which is what a proxy that changes Host makes
   * necessary, or a function, or "any": then any page that a user visits may speak to this server with that user's cookies.
   */
  readonly origins?: "same" | "any" | readonly string[] | ((origin: string | undefined) => boolean) | undefined;
  /** Whether to compress (RFC 7692) with those who offer it. Default false. */
  readonly deflate?: boolean | DeflateOptions | undefined;
}

/** The handshake is over; the connection speaks WebSocket after this answer. */
export interface Acceptance {
  readonly status: 101;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** "" if there is none. */
  readonly subprotocol: string;
  readonly deflate: DeflateAgreement | undefined;
}

/** An answer in HTTP, with the reason as its text. */
export interface Refusal {
  readonly status: 400 | 403 | 426;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly problem: string;
}

/**
 * What to answer to a request for a WebSocket.
 *
 * @example
 * ```ts
 * import { answerUpgrade, HeaderMap } from "ropewalk/websocket";
 *
 * const headers = new HeaderMap({
 *   Host: "example.org",
 *   Connection: "Upgrade",
 *   Upgrade: "websocket",
 *   "Sec-WebSocket-Version": "13",
 *   "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
 *   "Sec-WebSocket-Protocol": "soap, chat",
 * });
 * const answer = answerUpgrade({ method: "GET", headers }, { subprotocols: ["chat"] });
 * console.log(answer.status, new HeaderMap(answer.headers).get("sec-websocket-protocol")); // 101 chat
 * console.log(answerUpgrade({ method: "GET", headers: new HeaderMap() }).status); // 426
 * ```
 */
export function answerUpgrade(request: UpgradeRequest, options: AcceptOptions = {}): Acceptance | Refusal {
  const refused = refusal(request, options);
  if (refused !== undefined) return refused;
  const field = (name: string): string => request.headers.get(name) ?? "";
  const offered = offeredSubprotocols(field("sec-websocket-protocol"));
  const extensions = parseExtensions(field("sec-websocket-extensions"));
  if (offered === undefined) return { status: 400, headers: [], problem: "Sec-WebSocket-Protocol is malformed" };
  if (extensions === undefined) return { status: 400, headers: [], problem: "Sec-WebSocket-Extensions is malformed" };
  const subprotocol = options.subprotocols?.find((each) => offered.includes(each)) ?? "";
  const { deflate = false } = options;
  const agreed = deflate === false ? undefined : acceptDeflate(extensions, deflate === true ? {} : deflate);
  const headers: [string, string][] = [
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Accept", acceptKey(field("sec-websocket-key"))],
  ];
  if (subprotocol !== "") headers.push(["Sec-WebSocket-Protocol", subprotocol]);
  if (agreed !== undefined) headers.push(["Sec-WebSocket-Extensions", formatExtension(agreed.answer)]);
  return { status: 101, headers, subprotocol, deflate: agreed?.agreement };
}

function refusal({ method, version = "1.1", headers }: UpgradeRequest, options: AcceptOptions): Refusal | undefined {
  const field = (name: string): string => headers.get(name) ?? "";
  if (!hasToken(field("upgrade"), "websocket") || !hasToken(field("connection"), "upgrade")) {
    return { status: 426, headers: UPGRADE_HEADERS, problem: "This is a WebSocket: it takes an upgrade" };
  }
  if (method !== "GET" || version !== "1.1") return bad("A WebSocket begins with GET, in HTTP/1.1");
  if (field("host") === "") return bad("Host is missing");
  // The version comes first: only of 13 is it known what else has to be there.
  if (field("sec-websocket-version") !== "13") {
    return { status: 426, headers: UPGRADE_HEADERS, problem: "The version of the WebSocket protocol here is 13" };
  }
  if (!isWebsocketKey(field("sec-websocket-key"))) return bad("Sec-WebSocket-Key is no base64 of 16 bytes");
  if (mayConnect(headers.get("origin") ?? undefined, field("host"), options.origins)) return undefined;
  return { status: 403, headers: [], problem: "Pages of that origin may not connect" };
}

function bad(problem: string): Refusal {
  return { status: 400, headers: [], problem };
}

function mayConnect(origin: string | undefined, host: string, origins: AcceptOptions["origins"] = "same"): boolean {
  if (typeof origins === "function") return origins(origin);
  if (origins === "any" || origin === undefined) return true;
  if (origins !== "same") return origins.includes(origin);
  const [, scheme, authority = ""] = /^(https?):\/\/([^/?#@]+)$/i.exec(origin) ?? [];
  if (scheme === undefined) return false;
  // A browser leaves the scheme's port out in both fields; other clients may not.
  const port = scheme.toLowerCase() === "https" ? /:443$/ : /:80$/;
  return authority.toLowerCase().replace(port, "") === host.toLowerCase().replace(port, "");
}

/** No field, no offers; undefined for one that is malformed or says one thing twice (RFC 6455 §4.1). */
function offeredSubprotocols(field: string): readonly string[] | undefined {
  if (field === "") return [];
  const offered = parseTokens(field);
  return offered === undefined || new Set(offered).size !== offered.length ? undefined : offered;
}

/** Which protocol is meant, and which version of it (RFC 9110 §15.5.22, RFC 6455 §4.4). */
const UPGRADE_HEADERS: Refusal["headers"] = [
  ["Upgrade", "websocket"],
  ["Connection", "Upgrade"],
  ["Sec-WebSocket-Version", "13"],
];
