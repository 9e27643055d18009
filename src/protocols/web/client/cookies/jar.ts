import { Cookie, CookieJar as ToughJar } from "tough-cookie";
import { formatHttpDate } from "../../message/http-date.ts";

/**
 * Cookies of many sites, as a browser keeps them (RFC 6265bis, with the Public Suffix List). Give it to an agent
 * (`new Agent(reactor, { defaults: { cookies: new CookieJar() } })`) or to requests that belong together.
 *
 * @example
 * ```ts
 * import { CookieJar } from "ropewalk/web";
 *
 * const jar = new CookieJar();
 * jar.store("http://rope.example/login", ["sid=7; Path=/; Max-Age=60"], 0);
 * console.log(jar.cookiesFor("http://rope.example/knots", 59_000)); // sid=7
 * console.log(jar.cookiesFor("http://rope.example/knots", 60_000)); // undefined
 * ```
 */
export class CookieJar {
  #jar: ToughJar = new ToughJar();

  /** A jar as `toJSON` left it. @throws Error for what is none. */
  static fromJSON(text: string): CookieJar {
    const jar = new CookieJar();
    jar.#jar = ToughJar.fromJSON(text);
    return jar;
  }

  /** The value of `Cookie` for a request; undefined if there is none. `nowMs` is in ms since 1970. */
  cookiesFor(url: string | URL, nowMs: number): string | undefined {
    const cookies = this.#jar.getCookiesSync(String(url), { expire: false, sort: false });
    const alive = cookies.filter((cookie) => !(Number(cookie.expiryTime()) <= nowMs)).sort(byPathAndAge);
    return alive.length === 0 ? undefined : alive.map((cookie) => cookie.cookieString()).join("; ");
  }

  /** Takes what answers say in Set-Cookie. What may not be set there, or is no cookie, is left out. */
  store(url: string | URL, fields: readonly string[], nowMs: number): void {
    for (const field of fields) {
      const cookie = Cookie.parse(field);
      if (cookie === undefined) continue;
      // The jar's own clock would be the system's.
      if (typeof cookie.maxAge === "number") {
        cookie.setExpires(
          cookie.maxAge <= 0 ? EPOCH : formatHttpDate(Math.min(nowMs + cookie.maxAge * 1_000, LATEST_MS)),
        );
        cookie.maxAge = null;
      }
      this.#jar.setCookieSync(cookie, String(url), { ignoreError: true });
    }
  }

  /** All of them, for a file: those without an expiry as well. */
  toJSON(): string {
    return JSON.stringify(this.#jar.serializeSync());
  }
}

/** RFC 6265 §5.4: the longest path first, then the oldest. */
function byPathAndAge(one: Cookie, other: Cookie): number {
  return (other.path ?? "").length - (one.path ?? "").length || one.creationIndex - other.creationIndex;
}

const EPOCH = formatHttpDate(0);
/** 9999-12-31: four digits are all that a date has. */
const LATEST_MS = 253_402_214_400_000;
