import { maybeDeferred } from "../../../core/deferred/succeed.ts";
import { copyOf } from "../message/copy.ts";
import { HttpError } from "../message/http-error.ts";
import type { Request } from "../message/request.ts";
import { errorPage } from "../server/error-page.ts";
import type { Answer, Responder } from "../server/site.ts";

/** What differs from the strict defaults. */
export interface SecurityHeadersOptions {
  /**
   * Directives of the Content-Security-Policy, beside or in the place of the default ones: `{ "img-src": "'self' data:" }`.
   * Undefined leaves one out. Default: scripts, styles, images, requests and forms of the page's own origin, nothing inline,
   * nothing else, and nobody frames it.
   */
  readonly policy?: { readonly [directive: string]: string | undefined } | undefined;
  /**
   * Other fields, beside or in the place of the default ones; undefined leaves one out. Default: no guessing of types, no
   * frames, no referrer, no other origin's window or embedding, and neither camera, microphone nor place.
   */
  readonly fields?: { readonly [name: string]: string | undefined } | undefined;
  /** Answers that do not say how long they may be kept are kept nowhere (`Cache-Control: no-store`). Default false. */
  readonly noStore?: boolean | undefined;
}

/**
 * Tells browsers with each answer of `responder` to be careful with it. The defaults are strict: a page that needs more fails
 * visibly, and its program says what it needs. What an answer says itself stays. An HttpError becomes its answer here, so that
 * it has the fields too.
 *
 * `Strict-Transport-Security` is not among the defaults, since it holds for the whole name and cannot be taken back at once:
 * give it in `fields` if all of the name is served by https.
 *
 * @throws RangeError for a directive that would end itself or the field: with `;`, `,` or a line's end in it.
 *
 * @example
 * ```ts
 * import { Request, Response, securityHeaders } from "ropewalk/web";
 *
 * const careful = securityHeaders({ policy: { "img-src": "'self' data:" } }, () => new Response("knots"));
 * const { headers } = await careful(new Request("http://rope.example/"));
 * console.log(headers.get("x-content-type-options")); // nosniff
 * console.log(headers.get("content-security-policy")?.includes("img-src 'self' data:")); // true
 * ```
 */
export function securityHeaders(options: SecurityHeadersOptions, responder: Responder): Responder {
  const fields = fieldsOf(options);
  const careful = (answer: Answer): Answer => {
    const copy = copyOf(answer);
    for (const [name, value] of fields) if (!copy.headers.has(name)) copy.headers.set(name, value);
    return copy;
  };
  return (request: Request) =>
    maybeDeferred(() => responder(request)).addCallbacks(careful, (error: unknown) => {
      if (!(error instanceof HttpError)) throw error;
      return careful(errorPage(error, request));
    });
}

function fieldsOf({ policy, fields, noStore }: SecurityHeadersOptions): [name: string, value: string][] {
  const directives = defined({ ...POLICY, ...policy });
  for (const [name, value] of directives) {
    if (/^[a-z-]+$/.test(name) && !/[;,\r\n]/.test(value)) continue;
    throw new RangeError(`Cannot make a policy of ${JSON.stringify(name)}: ${JSON.stringify(value)} is no directive`);
  }
  return [
    ["Content-Security-Policy", directives.map(([name, value]) => `${name} ${value}`.trimEnd()).join("; ")],
    ...defined({ ...FIELDS, ...fields }),
    ...(noStore === true ? ([["Cache-Control", "no-store"]] as const) : []),
  ].filter(([, value]) => value !== "") as [string, string][];
}

function defined(table: { readonly [name: string]: string | undefined }): [name: string, value: string][] {
  return Object.entries(table).filter((entry): entry is [string, string] => entry[1] !== undefined);
}

const POLICY = {
  "default-src": "'none'",
  "script-src": "'self'",
  "style-src": "'self'",
  "connect-src": "'self'",
  "img-src": "'self'",
  "form-action": "'self'",
  "frame-ancestors": "'none'",
  "base-uri": "'none'",
};

const FIELDS = {
  "X-Content-Type-Options": "nosniff",
  // For browsers older than frame-ancestors.
  "X-Frame-Options": "DENY",
  // A link may have a token in it.
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
};
