/** Answers as this site gives them: with the fields that keep a page to itself. */
import { HttpError } from "../../../protocols/web/message/http-error.ts";
import { Response } from "../../../protocols/web/message/response.ts";

export function json(value: unknown): Response {
  return Response.json(value);
}

export function text(words: string, status = 200, type = "text/plain; charset=utf-8"): Response {
  return new Response(words, { status, headers: { "Content-Type": type } });
}

/** Sets what a browser is told for safety's sake. */
export function hardened(answer: Response): Response {
  for (const [name, value] of FIELDS) answer.headers.set(name, value);
  if (!answer.headers.has("cache-control")) answer.headers.set("Cache-Control", "no-store");
  return answer;
}

/** The server would answer the same, but without the fields. @throws what is no HttpError */
export function refused(error: unknown): Response {
  if (!(error instanceof HttpError)) throw error;
  const answer = text(`${error.message}\n`, error.status);
  for (const [name, value] of Object.entries(error.headers)) answer.headers.set(name, String(value));
  return answer;
}

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const FIELDS: readonly (readonly [name: string, value: string])[] = [
  ["Content-Security-Policy", POLICY],
  ["X-Content-Type-Options", "nosniff"],
  ["X-Frame-Options", "DENY"],
  // The link has the token in it.
  ["Referrer-Policy", "no-referrer"],
  ["Cross-Origin-Opener-Policy", "same-origin"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
  ["Permissions-Policy", "camera=(), geolocation=(), microphone=()"],
];
