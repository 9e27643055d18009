/** What can be said, the same in both directions: received events and events to send are of one shape. */
import type { HeaderInit, HeaderMap } from "../../wire/header-map.ts";

/** The head of a request that was received. */
export interface Http1Request {
  readonly type: "request";
  readonly method: string;
  /** As it was sent: "/path?query", "http://host/path", "host:port" (CONNECT) or "*" (OPTIONS). */
  readonly target: string;
  /** Whom the request is for: of the target if that names a host, else of Host; "" if neither does (RFC 9110 §7.2). */
  readonly authority: string;
  /** What the client speaks; 1.2 and later are treated as 1.1 (RFC 9110 §2.5). */
  readonly version: "1.0" | "1.1";
  readonly headers: HeaderMap;
  /** The client waits for `100 Continue` or a final answer before it sends its body (RFC 9110 §10.1.1). */
  readonly expectsContinue: boolean;
  /** It offers to go on in other protocols, named in its Upgrade field (RFC 9110 §7.8). */
  readonly offersUpgrade: boolean;
  /** Bytes that its body will have; -1 if only its end will tell. */
  readonly bodyBytes: number;
}

/** The head of a final answer that was received. */
export interface Http1Response {
  readonly type: "response";
  readonly status: number;
  readonly reason: string;
  readonly version: "1.0" | "1.1";
  readonly headers: HeaderMap;
  /** Bytes that its body will have; -1 if only its end will tell. */
  readonly bodyBytes: number;
}

/** An answer before the final one (RFC 9110 §15.2); 101 is the end of HTTP on this connection. */
export interface Http1Informational {
  readonly type: "informational";
  readonly status: number;
  readonly reason: string;
  readonly version: "1.0" | "1.1";
  readonly headers: HeaderMap;
}

/** A part of a body, cut wherever reads or chunks were cut. */
export interface Http1Data {
  readonly type: "data";
  readonly data: Uint8Array;
  /** The extensions of the chunk that begins here, each with the ";" before it; else "" (RFC 9112 §7.1.1). */
  readonly extensions: string;
}

/** The message is complete. */
export interface Http1End {
  readonly type: "end";
  /** What came after the last chunk; not to be merged with the headers unread (RFC 9110 §6.5.1). */
  readonly trailers: HeaderMap;
}

/** Nothing more comes, and nothing more may be said. */
export interface Http1Closed {
  readonly type: "closed";
}

/** Both sides agreed to go on in another protocol: an Upgrade with 101, or CONNECT with 2xx. */
export interface Http1Switched {
  readonly type: "switched";
  readonly by: "upgrade" | "connect";
  /** What was received of the other protocol already. */
  readonly rest: Uint8Array;
}

/** What `next` of a connection gives. */
export type Http1Event =
  | Http1Request
  | Http1Response
  | Http1Informational
  | Http1Data
  | Http1End
  | Http1Closed
  | Http1Switched;

/**
 * A request to send. A body needs Content-Length or `Transfer-Encoding: chunked` among its headers; without either there
 * is none. Host is obligatory.
 */
export interface RequestHead {
  readonly type: "request";
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderInit;
}

/** An answer to send. Without Content-Length and Transfer-Encoding its body is chunked, or ends the connection for HTTP/1.0. */
export interface ResponseHead {
  readonly type: "response";
  /** 200 to 599. */
  readonly status: number;
  /** Default: that of RFC 9110 §15. Nobody should read it. */
  readonly reason?: string | undefined;
  readonly headers?: HeaderInit | undefined;
  /** An HTTP-date, which goes as Date (RFC 9110 §6.6.1). Not checked: not for what somebody else said. */
  readonly date?: string | undefined;
}

/** 100 to 199. With 101 HTTP ends here: ask `next` for what is left. */
export interface InformationalHead {
  readonly type: "informational";
  readonly status: number;
  readonly reason?: string | undefined;
  readonly headers?: HeaderInit | undefined;
}

/** A part of a body to send. One without bytes sends nothing. */
export interface DataToSend {
  readonly type: "data";
  readonly data: Uint8Array;
  /** For chunked bodies only: `;name`, `;name=token` or `;name="quoted"`, any number of them. */
  readonly extensions?: string | undefined;
}

/** The end of a message to send. */
export interface EndToSend {
  readonly type: "end";
  /** For chunked bodies only. */
  readonly trailers?: HeaderInit | undefined;
}

/** What `send` of a connection takes; whatever was received is of this shape, too. */
export type Http1Sendable = RequestHead | ResponseHead | InformationalHead | DataToSend | EndToSend;
