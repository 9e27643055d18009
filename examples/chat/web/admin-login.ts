/** How an admin comes in: a link that works once, for a session that a cookie stands for. */
import { createHash } from "node:crypto";
import type { DelayedCall, Reactor } from "ropewalk";
import { type Login, LoginFailed, OneTimeTokens, Portal } from "ropewalk/cred";
import { clearCookie, cookiesOf, type Request, type Response, setCookie } from "ropewalk/web";

/** Sessions live in memory: they end with the program, after twelve hours, or with a logout. */
export class AdminLogin<Avatar> {
  readonly #reactor: Reactor;
  readonly #tokens: OneTimeTokens;
  readonly #portal: Portal<Avatar>;
  /** By the hash of what the cookie says, so that neither memory nor the time of a look-up tells a cookie. */
  readonly #sessions = new Map<string, Session<Avatar>>();

  constructor(reactor: Reactor, open: () => Avatar, close: (avatar: Avatar) => void) {
    this.#reactor = reactor;
    this.#tokens = new OneTimeTokens(reactor);
    this.#portal = new Portal(() => {
      const avatar = open();
      return { avatar, logout: () => close(avatar) };
    }, [this.#tokens]);
  }

  /** A new token for the link, which ends the one before. */
  issue(): string {
    this.#tokens.revoke(ADMIN);
    return this.#tokens.issue(ADMIN);
  }

  /** What this request's session has; undefined without one. */
  avatarOf(request: Request): Avatar | undefined {
    return this.#sessionOf(request)?.login.avatar;
  }

  /** Begins a session and gives `answer` with its cookie; undefined for a token that is wrong, used or too old. */
  async enter(request: Request, answer: Response): Promise<Response | undefined> {
    const token = request.query.get("token") ?? "";
    const login = await this.#portal.login({ kind: "token", token }).addErrback((error: Error) => {
      if (error instanceof LoginFailed) return undefined;
      throw error;
    });
    if (login === undefined) return undefined;
    this.#endOf(request);
    const id = Buffer.from(this.#reactor.randomBytes(ID_BYTES)).toString("base64url");
    const key = hashOf(id);
    const expiry = this.#reactor.callLater(SESSION_MS, () => this.#end(key));
    this.#sessions.set(key, { login, expiry });
    // Without TLS there is no Secure: not every browser takes http://127.0.0.1 for secure.
    return setCookie(answer, COOKIE, id, { ...COOKIE_OPTIONS, secure: request.isSecure, maxAgeMs: SESSION_MS });
  }

  /** Ends this request's session, if it has one, and gives `answer` with the cookie taken back. */
  leave(request: Request, answer: Response): Response {
    this.#endOf(request);
    return clearCookie(answer, COOKIE, { ...COOKIE_OPTIONS, secure: request.isSecure });
  }

  /** Each session's. */
  get avatars(): Avatar[] {
    return [...this.#sessions.values()].map(({ login }) => login.avatar);
  }

  /** Ends all sessions. */
  close(): void {
    for (const key of [...this.#sessions.keys()]) this.#end(key);
  }

  #sessionOf(request: Request): Session<Avatar> | undefined {
    const id = cookiesOf(request).get(COOKIE);
    return id === undefined ? undefined : this.#sessions.get(hashOf(id));
  }

  #endOf(request: Request): void {
    const id = cookiesOf(request).get(COOKIE);
    if (id !== undefined) this.#end(hashOf(id));
  }

  #end(key: string): void {
    const session = this.#sessions.get(key);
    if (session === undefined) return;
    this.#sessions.delete(key);
    if (session.expiry.active) session.expiry.cancel();
    void session.login.logout();
  }
}

interface Session<Avatar> {
  readonly login: Login<Avatar>;
  readonly expiry: DelayedCall;
}

function hashOf(id: string): string {
  return createHash("sha256").update(id).digest("base64");
}

const ADMIN = "admin";
const COOKIE = "chat-admin";
const COOKIE_OPTIONS = { httpOnly: true, sameSite: "strict" } as const;
const ID_BYTES = 32;
/** A working day and its evening. */
const SESSION_MS = 43_200_000;
