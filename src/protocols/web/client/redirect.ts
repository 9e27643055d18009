/** Where an answer sends the request on to, and as what (RFC 9110 §15.4). */

/** A request as a redirect changes it. */
export interface Redirect {
  readonly url: URL;
  readonly method: string;
  /** The body, and the fields that speak of it, go again. */
  readonly keepsBody: boolean;
  /** What was meant for one origin is not told to another. */
  readonly keepsCredentials: boolean;
}

/** What an answer that redirects leads to; undefined if it does not. @throws TypeError if its Location is no URL. */
export function redirectOf(status: number, location: string | null, method: string, from: URL): Redirect | undefined {
  if (location === null || !REDIRECTIONS.has(status)) return undefined;
  const url = new URL(location, from);
  // The fragment that was asked for goes on, unless the server names another (RFC 9110 §10.2.2).
  if (url.hash === "") url.hash = from.hash;
  const becomesGet = status === 303 ? method !== "HEAD" && method !== "GET" : status <= 302 && method === "POST";
  return {
    url,
    method: becomesGet ? "GET" : method,
    keepsBody: !becomesGet,
    keepsCredentials: url.origin === from.origin && url.protocol === from.protocol && url.host === from.host,
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
