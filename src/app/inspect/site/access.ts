/** Who may look: somebody with the token, at this very host, from a page of its own. */
import { createHmac } from "node:crypto";
import { isIpLiteral } from "../../../core/address.ts";
import { sameSecret } from "../../../cred/same-secret.ts";
import { type CookieOptions, formatCookie } from "../../../protocols/web/cookies/cookies.ts";
import { cookiesOf } from "../../../protocols/web/cookies/messages.ts";
import { HttpError } from "../../../protocols/web/message/http-error.ts";
import type { Request } from "../../../protocols/web/message/request.ts";

/** What decides who may look. */
export interface AccessOptions {
  readonly token: string;
  /** Names in a Host field that stand for this server, besides `localhost` and any IP address. */
  readonly hosts?: readonly string[] | undefined;
  /** There is TLS, so the cookie can ask for it. */
  readonly isSecure?: boolean | undefined;
}

export class Access {
  readonly #token: string;
  readonly #hosts: ReadonlySet<string>;
  readonly #isSecure: boolean;
  readonly #cookieName: string;
  /** Not the token itself: programs at other ports of this machine are sent the same cookies. */
  readonly #cookieValue: string;

  constructor({ token, hosts = [], isSecure = false }: AccessOptions) {
    this.#token = token;
    this.#hosts = new Set(["localhost", ...hosts.map((host) => host.toLowerCase())]);
    this.#isSecure = isSecure;
    // Two programs on one machine, two cookies; from the token, so that a restart with the same one keeps the page open.
    this.#cookieName = `ropewalk-${derived(token, "name").slice(0, 8)}`;
    this.#cookieValue = derived(token, "cookie");
  }

  /**
   * A page whose name was made to point here by whoever owns that name (DNS rebinding) has a Host field of that name.
   *
   * @throws HttpError 421
   */
  checkHost(request: Request): void {
    const host = hostOf(request)?.hostname.replace(/^\[|\]$/g, "");
    if (host !== undefined && (isIpLiteral(host) || this.#hosts.has(host))) return;
    throw new HttpError(421, "This server has another name: see --inspect-host");
  }

  /**
   * Other sites' pages may link here, and nothing else.
   *
   * @throws HttpError 403
   */
  checkOrigin(request: Request): void {
    const { headers } = request;
    const origin = headers.get("origin");
    const isForeign = origin !== null && (!URL.canParse(origin) || new URL(origin).host !== hostOf(request)?.host);
    const site = headers.get("sec-fetch-site") ?? "none";
    const isLink = headers.get("sec-fetch-mode") === "navigate" && request.method === "GET";
    if (isForeign || (site !== "none" && site !== "same-origin" && !isLink)) {
      throw new HttpError(403, "Pages of other origins may not do this");
    }
  }

  /**
   * A form of another page can neither set a field of its own nor send JSON.
   *
   * @throws HttpError 403 or 415
   */
  checkIntent(request: Request): void {
    if (request.headers.get("x-requested-with") !== "ropewalk") throw new HttpError(403, "X-Requested-With is missing");
    if (!/^application\/json\b/i.test(request.headers.get("content-type") ?? "")) {
      throw new HttpError(415, "This takes application/json");
    }
  }

  /** Whether this text is the token; how long that takes does not tell how much of it is right. */
  opens(token: string): boolean {
    return sameSecret(token, this.#token);
  }

  /** Whether a request brought the token, as `Authorization: Bearer`, or the cookie. */
  admits(request: Request): boolean {
    const bearer = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    if (bearer !== undefined) return this.opens(bearer);
    const cookie = cookiesOf(request).get(this.#cookieName);
    return cookie !== undefined && sameSecret(cookie, this.#cookieValue);
  }

  /** The Set-Cookie field for whoever brought the token. */
  get cookie(): string {
    const options: CookieOptions = { secure: this.#isSecure, httpOnly: true, sameSite: "strict" };
    return formatCookie(this.#cookieName, this.#cookieValue, options);
  }
}

function hostOf(request: Request): URL | undefined {
  const host = request.headers.get("host");
  return host !== null && URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : undefined;
}

function derived(token: string, purpose: string): string {
  return createHmac("sha256", token).update(`ropewalk.live-view.${purpose}`).digest("base64url");
}
