import { Logger } from "../../../core/log/logger.ts";
import type { CookieOptions } from "../cookies/cookies.ts";
import { formatCookie } from "../cookies/cookies.ts";
import { clearCookie, cookiesOf, setCookie, withField } from "../cookies/messages.ts";
import type { Request } from "../message/request.ts";
import type { Answer, Responder } from "../server/site.ts";
import { LazySession, type Session, type SessionSettings } from "./session.ts";
import { MemorySessionStore, type SessionStore } from "./store.ts";

/** How sessions are kept. */
export interface SessionsOptions {
  /** Tells the time and draws random bytes: the reactor. */
  readonly reactor: { wallTimeMs(): number; randomBytes(count: number): Uint8Array };
  /** Default: a MemorySessionStore of its own. */
  readonly store?: SessionStore | undefined;
  /** How long a session lives that nobody uses; default 1 800 000 ms, half an hour. */
  readonly idleMs?: number | undefined;
  /** How long it lives at most; default 43 200 000 ms, twelve hours. */
  readonly absoluteMs?: number | undefined;
  /** Of one session, as JSON; default 16 384 bytes. */
  readonly maxBytes?: number | undefined;
  /** Default `__Host-session`, or `session` if the cookie's options do not allow that. */
  readonly cookieName?: string | undefined;
  /** `{ secure: false }` for a server without TLS that is not on localhost; `maxAgeMs` lets the cookie outlive the browser. */
  readonly cookie?: CookieOptions | undefined;
}

/** Answers requests of somebody who may have been here before. */
export type SessionResponder<Data extends object> = (
  request: Request,
  session: Session<Data>,
) => Answer | PromiseLike<Answer>;

/**
 * Gives `responder` a session with each request: what the program keeps of a browser, by a cookie with 256 random bits. Nothing
 * is read before `responder` asks for the data, and nothing is kept, nor a cookie set, before there are some. Changes are saved when
 * there is an answer, and are lost if `responder` fails. Of two requests at a time the last one's changes stay.
 *
 * @throws RangeError for times or sizes that are not positive; TypeError for a cookie that cannot be.
 *
 * @example
 * ```ts
 * import { MemoryReactor } from "ropewalk/testing";
 * import { Request, Response, sessions } from "ropewalk/web";
 *
 * interface Visitor {
 *   visits: number;
 * }
 * const count = sessions<Visitor>({ reactor: new MemoryReactor() }, async (_request, session) => {
 *   const data = await session.data();
 *   data.visits = (data.visits ?? 0) + 1;
 *   return new Response(`visit ${data.visits}`);
 * });
 *
 * const first = await count(new Request("http://localhost/"));
 * const [Cookie = ""] = (first.headers.get("set-cookie") ?? "").split(";");
 * const second = await count(new Request("http://localhost/", { headers: { Cookie } }));
 * console.log(await first.text(), await second.text()); // visit 1 visit 2
 * ```
 */
export function sessions<Data extends object>(options: SessionsOptions, responder: SessionResponder<Data>): Responder {
  const settings = settingsOf(options);
  const { cookie = {} } = options;
  const name = options.cookieName ?? defaultName(cookie);
  // A cookie that cannot be set is the program's mistake, and not to be found by the first browser.
  formatCookie(name, "", cookie);
  return async (request) => {
    const session = new LazySession<Data>(settings, cookiesOf(request).get(name));
    const answer = await responder(request, session);
    const news = await session.save();
    if (!session.wasAsked) return answer;
    const varied = withField(answer, "Vary", "Cookie");
    if (news === undefined) return varied;
    const told = news === "ended" ? clearCookie(varied, name, cookie) : setCookie(varied, name, news.token, cookie);
    // Whoever keeps this answer for others gives the session away with it (RFC 9111 §7.3).
    return told.headers.has("cache-control") ? told : withField(told, "Cache-Control", "no-store");
  };
}

function settingsOf(options: SessionsOptions): SessionSettings {
  const { reactor, idleMs = DEFAULT_IDLE_MS, absoluteMs = DEFAULT_ABSOLUTE_MS, maxBytes = DEFAULT_MAX_BYTES } = options;
  for (const [name, value] of Object.entries({ idleMs, absoluteMs, maxBytes })) {
    if (!(value > 0)) throw new RangeError(`Cannot keep sessions with ${name} = ${value}: give a positive number`);
  }
  return {
    reactor,
    store: options.store ?? new MemorySessionStore(reactor),
    idleMs,
    absoluteMs,
    maxBytes,
    unreadable: (error) => log.warn("Session in the store cannot be read, and is ended: {error}", { error }),
  };
}

function defaultName({ secure = true, path = "/", domain }: CookieOptions): string {
  return secure && path === "/" && domain === undefined ? "__Host-session" : "session";
}

const DEFAULT_IDLE_MS = 1_800_000;
const DEFAULT_ABSOLUTE_MS = 43_200_000;
const DEFAULT_MAX_BYTES = 16_384;
const log = new Logger("ropewalk.web.sessions");
