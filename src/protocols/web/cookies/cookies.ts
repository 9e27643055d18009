/** The fields `Cookie` and `Set-Cookie` (RFC 6265bis). */
import { TOKEN } from "../../http1/codec/token.ts";

/** What a browser is told about a cookie. What is left out is the careful choice, not the browser's. */
export interface CookieOptions {
  /** How long to keep it, from 1 000 ms; default: until the browser is closed. */
  readonly maxAgeMs?: number | undefined;
  /** The paths it is for; default "/", all. */
  readonly path?: string | undefined;
  /** Also for the hosts below this one; default: for this very host only. */
  readonly domain?: string | undefined;
  /** Never sent without TLS; default true. Browsers take localhost for secure. */
  readonly secure?: boolean | undefined;
  /** Hidden from the page's own scripts; default true. */
  readonly httpOnly?: boolean | undefined;
  /** Whether it goes with what other sites ask for: default "lax", only when the user follows a link. */
  readonly sameSite?: "strict" | "lax" | "none" | undefined;
  /** Of a frame within other sites: another cookie in each. Default false. */
  readonly partitioned?: boolean | undefined;
}

/**
 * The cookies of a `Cookie` field, by name. Of two with one name the first counts, which browsers mean for the longer path. What
 * was percent-encoded is decoded; what has no name is passed over.
 *
 * @example
 * ```ts
 * import { parseCookies } from "ropewalk/web";
 *
 * console.log(parseCookies("theme=dark; name=J%C3%A4s; theme=light")); // Map(2) { 'theme' => 'dark', 'name' => 'Jäs' }
 * ```
 */
export function parseCookies(field: string): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of field.split(";")) {
    const equals = pair.indexOf("=");
    const name = pair.slice(0, Math.max(0, equals)).trim();
    if (TOKEN.test(name) && !cookies.has(name)) cookies.set(name, decoded(unquoted(pair.slice(equals + 1).trim())));
  }
  return cookies;
}

/**
 * The value of a `Set-Cookie` field. What no cookie can hold is percent-encoded.
 *
 * @throws TypeError for a name, path or domain that does not fit, and for what browsers would refuse: `SameSite=None` without
 *   `Secure`, and names that begin with `__Host-` or `__Secure-` and do not keep what these promise.
 * @throws RangeError for a name and value of more than 4 096 bytes, or a lifetime of less than a second.
 *
 * @example
 * ```ts
 * import { formatCookie } from "ropewalk/web";
 *
 * console.log(formatCookie("theme", "dark blue")); // theme=dark%20blue; Path=/; Secure; HttpOnly; SameSite=Lax
 * ```
 */
export function formatCookie(name: string, value: string, options: CookieOptions = {}): string {
  const { maxAgeMs } = options;
  if (maxAgeMs !== undefined && !(maxAgeMs >= 1_000)) {
    throw new RangeError(`Cannot set cookie "${name}" for ${maxAgeMs} ms: give at least 1 000, or clear it`);
  }
  return format(name, value, options, maxAgeMs === undefined ? [] : [`Max-Age=${Math.floor(maxAgeMs / 1_000)}`]);
}

/**
 * The value of a `Set-Cookie` field that ends a cookie, which must have been set with this path and domain.
 *
 * @throws TypeError as `formatCookie` does.
 *
 * @example
 * ```ts
 * import { formatExpiredCookie } from "ropewalk/web";
 *
 * console.log(formatExpiredCookie("theme").startsWith("theme=; Max-Age=0; ")); // true
 * ```
 */
export function formatExpiredCookie(name: string, options: CookieOptions = {}): string {
  return format(name, "", options, ["Max-Age=0", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"]);
}

function format(name: string, value: string, options: CookieOptions, lifetime: readonly string[]): string {
  const { path = "/", domain, secure = true, httpOnly = true, sameSite = "lax", partitioned = false } = options;
  const refuse = (reason: string): never => {
    throw new TypeError(`Cannot set cookie ${JSON.stringify(name)}: ${reason}`);
  };
  if (!TOKEN.test(name)) refuse("its name is letters, digits and some of !#$%&'*+-.^_`|~");
  if (!PATH.test(path))
    refuse(`its path ${JSON.stringify(path)} begins with a slash, and has no semicolon or control in it`);
  if (domain !== undefined && !DOMAIN.test(domain)) refuse(`its domain ${JSON.stringify(domain)} is no host name`);
  // Browsers compare these without regard to case (RFC 6265bis §5.6).
  const prefix = /^__(?:host|secure)-/i.exec(name)?.[0].toLowerCase();
  if (prefix !== undefined && !secure) refuse(`its name promises "secure"`);
  if (prefix === "__host-" && (path !== "/" || domain !== undefined))
    refuse(`its name promises the path "/" and no domain`);
  if (sameSite === "none" && !secure) refuse(`browsers take "none" with "secure" only`);
  if (partitioned && !secure) refuse(`browsers take "partitioned" with "secure" only`);
  const text = encoded(value);
  if (name.length + text.length > MAX_BYTES) {
    throw new RangeError(
      `Cannot set cookie "${name}" of ${name.length + text.length} bytes: browsers take ${MAX_BYTES}`,
    );
  }
  const parts = [`${name}=${text}`, ...lifetime, `Path=${path}`];
  if (domain !== undefined) parts.push(`Domain=${domain}`);
  if (secure) parts.push("Secure");
  if (httpOnly) parts.push("HttpOnly");
  parts.push(`SameSite=${SAME_SITE[sameSite]}`);
  if (partitioned) parts.push("Partitioned");
  return parts.join("; ");
}

function unquoted(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

function decoded(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch (error) {
    // Another program's cookie, with a percent sign that means itself.
    if (error instanceof URIError) return text;
    throw error;
  }
}

function encoded(value: string): string {
  return value.replaceAll(NOT_PLAIN, encodeURIComponent);
}

const PATH = /^\/[ -:<-~]*$/;
const DOMAIN = /^(?:[a-z\d](?:[a-z\d-]*[a-z\d])?\.)*[a-z\d](?:[a-z\d-]*[a-z\d])?$/i;
/** All but cookie-octets (RFC 6265 §4.1.1), and the percent sign; whole runs, so that no character is cut in two. */
const NOT_PLAIN = /[^!#$&-+\--:<-[\]-~]+/g;
const SAME_SITE = { strict: "Strict", lax: "Lax", none: "None" } as const;
/** RFC 6265bis §5.6. */
const MAX_BYTES = 4_096;
