/** What browsers are told for safety's sake with each answer, and what is asked of requests that change something. */
import { maybeDeferred } from "ropewalk";
import { type Answer, HttpError, type Request, type Responder, Response } from "ropewalk/web";

/** Answers as `inner` does, errors included, with the fields that keep a page to itself. */
export function protect(inner: Responder): Responder {
  return (request) =>
    maybeDeferred(() => inner(request)).addCallbacks(harden, (error: Error) => harden(answerTo(error)));
}

/**
 * Lets through what a page of this very host has asked for with a script of its own. A form of a foreign page can neither set a
 * field of its own nor send JSON, its scripts would have to ask first, and SameSite keeps the cookie from both.
 *
 * @throws HttpError 403 or 415
 */
export function checkIntent(request: Request): void {
  const { headers } = request;
  const [origin, host] = [headers.get("origin"), headers.get("host")];
  if (origin === null || host === null || !URL.canParse(origin) || new URL(origin).host !== host.toLowerCase()) {
    throw new HttpError(403, "Pages of that origin may not do this");
  }
  if (headers.get("x-requested-with") !== "chat") throw new HttpError(403, "X-Requested-With is missing");
  if (!/^application\/json\b/i.test(headers.get("content-type") ?? "")) {
    throw new HttpError(415, "This takes application/json");
  }
}

function harden(answer: Answer): Answer {
  if (answer.status === 101) return answer;
  for (const [name, value] of FIELDS) answer.headers.set(name, value);
  if (!answer.headers.has("cache-control")) answer.headers.set("Cache-Control", "no-store");
  return answer;
}

/** The server would do the same, but without the fields. */
function answerTo(error: Error): Response {
  if (!(error instanceof HttpError)) throw error;
  return new Response(`${error.message}\n`, { status: error.status, headers: error.headers });
}

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");
const FIELDS: readonly (readonly [name: string, value: string])[] = [
  ["Content-Security-Policy", POLICY],
  ["X-Content-Type-Options", "nosniff"],
  ["X-Frame-Options", "DENY"],
  // The link of the login has a token in it.
  ["Referrer-Policy", "no-referrer"],
  ["Cross-Origin-Opener-Policy", "same-origin"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
  ["Permissions-Policy", "camera=(), geolocation=(), microphone=()"],
];
