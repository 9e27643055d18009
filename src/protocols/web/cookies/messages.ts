/** Cookies of requests, and on answers. */
import { copyOf } from "../message/copy.ts";
import type { Request } from "../message/request.ts";
import type { Response } from "../message/response.ts";
import { type CookieOptions, formatCookie, formatExpiredCookie, parseCookies } from "./cookies.ts";

/**
 * The cookies that came with a request, by name.
 *
 * @example
 * ```ts
 * import { cookiesOf, Request } from "ropewalk/web";
 *
 * const request = new Request("http://rope.example/", { headers: { Cookie: "theme=dark" } });
 * console.log(cookiesOf(request).get("theme")); // dark
 * ```
 */
export function cookiesOf(request: Request): ReadonlyMap<string, string> {
  return parseCookies(request.headers.map.getAll("cookie").join("; "));
}

/**
 * Gives a copy of an answer that sets a cookie; the body goes with it. Secure, HttpOnly and SameSite=Lax unless said otherwise.
 *
 * @throws TypeError and RangeError as `formatCookie` does.
 *
 * @example
 * ```ts
 * import { Response, setCookie } from "ropewalk/web";
 *
 * const answer = setCookie(new Response("hello"), "theme", "dark", { maxAgeMs: 86_400_000 });
 * console.log(answer.headers.get("set-cookie")); // theme=dark; Max-Age=86400; Path=/; Secure; HttpOnly; SameSite=Lax
 * ```
 */
export function setCookie<A extends Response | globalThis.Response>(
  answer: A,
  name: string,
  value: string,
  options?: CookieOptions,
): A {
  return withField(answer, "Set-Cookie", formatCookie(name, value, options));
}

/**
 * Gives a copy of an answer that ends a cookie, which was set with this path and domain.
 *
 * @throws TypeError as `formatCookie` does.
 *
 * @example
 * ```ts
 * import { clearCookie, Response } from "ropewalk/web";
 *
 * const answer = clearCookie(new Response("bye"), "theme");
 * console.log(answer.headers.get("set-cookie")?.includes("Max-Age=0")); // true
 * ```
 */
export function clearCookie<A extends Response | globalThis.Response>(
  answer: A,
  name: string,
  options?: CookieOptions,
): A {
  return withField(answer, "Set-Cookie", formatExpiredCookie(name, options));
}

/**
 * The same answer with one line more, as a copy: an answer without a body may be a constant of the program's, and what is put on
 * it for one user would go to all.
 */
export function withField<A extends Response | globalThis.Response>(answer: A, name: string, value: string): A {
  const copy = copyOf(answer);
  copy.headers.append(name, value);
  return copy;
}
