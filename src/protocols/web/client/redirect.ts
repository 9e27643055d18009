/** Where an answer sends the request on to, and as what (RFC 9110 §15.4). */

import { TEXT } from "../../../wire/text.ts";

/** A request as a redirect changes it. */
export interface Redirect {
  readonly url: URL;
  readonly method: string;
  /** The body, and the fields that speak of it, go again. */
  readonly keepsBody: boolean;
  /** What was meant for one origin is not told to another. */
  readonly keepsCredentials: boolean;
  readonly isDowngrade: boolean;
}

/** What an answer that redirects leads to; undefined if it does not, and a text if that is nowhere to go. */
export function redirectOf(
  status: number,
  location: string | null,
  method: string,
  from: URL,
): Redirect | string | undefined {
  if (location === null || !REDIRECTIONS.has(status)) return undefined;
  // What is no ASCII in it is UTF-8, as with browsers.
  const bytes = TEXT.encodeLatin1(location);
  const reference = TEXT.decodeUtf8(bytes, 0, bytes.length);
  if (!URL.canParse(reference, from.href)) return `it is redirected to ${JSON.stringify(reference)}, which is no URL`;
  const url = new URL(reference, from);
  const isSame = url.protocol === from.protocol && url.host === from.host;
  // A server on the network must not reach the sockets of this machine by its clients.
  if (url.protocol !== "http:" && url.protocol !== "https:" && !isSame) {
    return `it is redirected to ${JSON.stringify(reference)}, and only http and https are followed`;
  }
  // The fragment that was asked for goes on, unless the server names another (RFC 9110 §10.2.2).
  if (url.hash === "") url.hash = from.hash;
  const becomesGet = status === 303 ? method !== "HEAD" && method !== "GET" : status <= 302 && method === "POST";
  return {
    url,
    method: becomesGet ? "GET" : method,
    keepsBody: !becomesGet,
    keepsCredentials: isSame,
    isDowngrade: from.protocol === "https:" && url.protocol === "http:",
  };
}

const REDIRECTIONS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** RFC 9110 §15.4 and Fetch §4.4: they speak of the body that does not go on. */
export const BODY_FIELDS: readonly string[] = [
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-type",
  "transfer-encoding",
  "expect",
];
/** What a server was told in confidence. */
export const CREDENTIAL_FIELDS: readonly string[] = ["authorization", "cookie", "proxy-authorization", "host"];
