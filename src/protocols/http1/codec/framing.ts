/** Where a body ends (RFC 9112 §6.3), and what a head must say besides being well formed. */

import { RemoteProtocolError } from "../errors.ts";
import type { HeadDraft } from "./draft.ts";
import { isAuthority, targetProblem } from "./target.ts";

/** How a body is delimited. */
export type Framing = "none" | "length" | "chunked" | "until-close";

/**
 * Checks a request's head and tells how its body is framed.
 *
 * @throws RemoteProtocolError for what two readers might read in two ways.
 */
export function requestFraming(draft: HeadDraft, text: string, target: string, maxBodyBytes: number): Framing {
  const { method } = draft;
  const problem = targetProblem(method, target) ?? hostProblem(draft, text);
  if (problem !== undefined) throw new RemoteProtocolError(400, problem);
  checkCoding(draft, 400);
  const hasBody = draft.isChunked || draft.contentLength > 0;
  if (hasBody && (method === "CONNECT" || method === "TRACE")) {
    // RFC 9110 §9.3.6, §9.3.8: where one side sees a body, the other would see what follows.
    throw new RemoteProtocolError(400, `${method} with a body`);
  }
  if (draft.isChunked) return "chunked";
  checkLength(draft, maxBodyBytes, 413);
  return draft.contentLength > 0 ? "length" : "none";
}

/**
 * Checks an answer's head and tells how its body is framed. `method` is that of its request.
 *
 * @throws RemoteProtocolError for what two readers might read in two ways.
 */
export function responseFraming(draft: HeadDraft, method: string, maxBodyBytes: number): Framing {
  const { status } = draft;
  // Whatever the fields say: those of an answer to HEAD, or of a 304, speak of another one.
  if (hasNoBody(status, method)) return "none";
  checkCoding(draft, 502);
  if (draft.isChunked) return "chunked";
  checkLength(draft, maxBodyBytes, 502);
  if (draft.contentLength === -1) return "until-close";
  return draft.contentLength > 0 ? "length" : "none";
}

/** RFC 9110 §6.4.1: 1xx, 204 and 304 end with their head, as does what answers HEAD, and a CONNECT that succeeded. */
export function hasNoBody(status: number, method: string): boolean {
  if (status < 200 || status === 204 || status === 304 || method === "HEAD") return true;
  return method === "CONNECT" && status < 300;
}

/** RFC 9112 §3.2: exactly one Host in 1.1, at most one in 1.0. */
function hostProblem(draft: HeadDraft, text: string): string | undefined {
  if (draft.hosts === 0) return draft.minor === 0 ? undefined : "a request of HTTP/1.1 without Host";
  const length = draft.hostEnd - draft.hostStart;
  if (length === 0) return undefined;
  if (length !== lastHost.length || !text.startsWith(lastHost, draft.hostStart)) {
    const host = text.slice(draft.hostStart, draft.hostEnd);
    if (!isAuthority(host)) return "the value of Host is no host";
    lastHost = host;
  }
  draft.host = lastHost;
  return undefined;
}

/** The last good one: a server hears the same all day, and need not cut it out and look at it each time. */
let lastHost = "";

function checkCoding(draft: HeadDraft, status: number): void {
  if (!draft.isChunked) return;
  // RFC 9112 §6.1 allows to believe the coding. A proxy that believed the length is why not to.
  if (draft.contentLength !== -1) {
    throw new RemoteProtocolError(status, "Content-Length and Transfer-Encoding in one head");
  }
  if (draft.minor === 0) throw new RemoteProtocolError(status, "Transfer-Encoding in HTTP/1.0");
}

function checkLength(draft: HeadDraft, maxBodyBytes: number, status: number): void {
  if (draft.contentLength <= maxBodyBytes) return;
  throw new RemoteProtocolError(status, `a body of ${draft.contentLength} bytes instead of at most ${maxBodyBytes}`);
}
