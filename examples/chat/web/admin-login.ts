/** How an admin comes in: a link that works once, for a session that a cookie stands for. */
import type { DelayedCall, Reactor } from "ropewalk";
import { type Login, LoginFailed, OneTimeTokens, Portal } from "ropewalk/cred";
import { type Answer, type Request, type Responder, type Session, sessions } from "ropewalk/web";

/** One request of somebody who may be an admin. */
export interface Visit<Avatar> {
  /** What the admin has; undefined for anybody else. */
  readonly avatar: Avatar | undefined;
  /** Begins a session; false for a token that is wrong, used or too old. */
  enter(token: string): Promise<boolean>;
  /** Ends it, if there is one. */
  leave(): Promise<void>;
}

/** Sessions live in memory: they end with the program, after twelve hours, or with a logout. */
export class AdminLogin<Avatar> {
  readonly #reactor: Reactor;
  readonly #isSecure: boolean;
  readonly #tokens: OneTimeTokens;
  readonly #portal: Portal<Avatar>;
  /** A session is text, and what it has is not: so the text is a number, and this is what has it. */
  readonly #logins = new Map<number, { readonly login: Login<Avatar>; readonly expiry: DelayedCall }>();
  #lastNumber = 0;

  /** `isSecure`: there is TLS. Without it there is no Secure, since not every browser takes http://127.0.0.1 for secure. */
  constructor(reactor: Reactor, open: () => Avatar, close: (avatar: Avatar) => void, isSecure: boolean) {
    this.#reactor = reactor;
    this.#isSecure = isSecure;
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

  /** Answers as `inner` does, which is told whose request it is. */
  around(inner: (request: Request, visit: Visit<Avatar>) => Answer | PromiseLike<Answer>): Responder {
    const secure = this.#isSecure;
    const options = {
      reactor: this.#reactor,
      idleMs: SESSION_MS,
      absoluteMs: SESSION_MS,
      // Not "session": programs at other ports of this machine share its cookies.
      cookieName: secure ? "__Host-chat-admin" : "chat-admin",
      cookie: { secure, httpOnly: true, sameSite: "strict" },
    } as const;
    return sessions<Kept>(options, async (request, session) => inner(request, await this.#visit(session)));
  }

  /** Each session's. */
  get avatars(): Avatar[] {
    return [...this.#logins.values()].map(({ login }) => login.avatar);
  }

  /** Ends all sessions. */
  close(): void {
    for (const number of [...this.#logins.keys()]) this.#end(number);
  }

  async #visit(session: Session<Kept>): Promise<Visit<Avatar>> {
    const { number = 0 } = await session.data();
    return {
      avatar: this.#logins.get(number)?.login.avatar,
      enter: async (token) => {
        const login = await this.#login(token);
        if (login === undefined) return false;
        this.#end(number);
        await session.regenerate();
        (await session.data()).number = this.#begin(login);
        return true;
      },
      leave: async () => {
        this.#end(number);
        await session.destroy();
      },
    };
  }

  async #login(token: string): Promise<Login<Avatar> | undefined> {
    return await this.#portal.login({ kind: "token", token }).addErrback((error: Error) => {
      if (error instanceof LoginFailed) return undefined;
      throw error;
    });
  }

  #begin(login: Login<Avatar>): number {
    this.#lastNumber += 1;
    const number = this.#lastNumber;
    this.#logins.set(number, { login, expiry: this.#reactor.callLater(SESSION_MS, () => this.#end(number)) });
    return number;
  }

  #end(number: number): void {
    const ended = this.#logins.get(number);
    if (ended === undefined) return;
    this.#logins.delete(number);
    if (ended.expiry.active) ended.expiry.cancel();
    void ended.login.logout();
  }
}

/** What a session keeps. */
interface Kept {
  number: number;
}

const ADMIN = "admin";
/** A working day and its evening. */
const SESSION_MS = 43_200_000;
