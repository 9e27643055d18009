import { Deferred } from "../core/deferred/deferred.ts";
import { fail, maybeDeferred, succeed } from "../core/deferred/succeed.ts";
import { Logger } from "../core/log/logger.ts";
import type { AnyChecker, AvatarId, Checker } from "./checker.ts";
import type { Credentials, KnownCredentials } from "./credentials.ts";
import { LoginFailed, UnknownCredentials } from "./errors.ts";

/** What a realm gives to somebody who was recognised. */
export interface Admission<Avatar> {
  /** What this user can do, as an object of the program's: a mailbox, a folder, a shell. */
  readonly avatar: Avatar;
  /** Called once, when the user leaves. */
  readonly logout?: (() => unknown) | undefined;
}

/**
 * The program's side: knows what each user gets. `want` is what the protocol asks for, where there is more than one thing to
 * have. It may refuse by failing with a LoginFailed.
 */
export interface Realm<Avatar, Want = void> {
  requestAvatar(avatarId: AvatarId, want: Want): Admission<Avatar> | PromiseLike<Admission<Avatar>>;
}

/** A realm, or its one function. */
export type RealmLike<Avatar, Want = void> = Realm<Avatar, Want> | Realm<Avatar, Want>["requestAvatar"];

/** Somebody who is logged in. */
export interface Login<Avatar> {
  readonly avatarId: AvatarId;
  readonly avatar: Avatar;
  /** Tells the realm that the user leaves; the first call does. Fails if the realm does. */
  logout(): Deferred<void>;
}

/**
 * Between protocols, which bring credentials and want an avatar, and the program, which has checkers for the one and a realm
 * for the other. Neither knows the other.
 *
 * @example
 * ```ts
 * import { checker, Portal } from "ropewalk/cred";
 *
 * const portal = new Portal(
 *   (avatarId) => ({ avatar: { greeting: `hello, ${String(avatarId)}` } }),
 *   [checker("token", ({ token }) => (token === "s3cret" ? "ann" : undefined))],
 * );
 * const { avatar, logout } = await portal.login({ kind: "token", token: "s3cret" });
 * console.log(avatar.greeting); // hello, ann
 * await logout();
 * await portal.login({ kind: "token", token: "guess" }).addErrback((error: Error) => console.log(error.name)); // LoginFailed
 * ```
 */
export class Portal<Avatar, Want = void> {
  /** The kinds of credentials that are taken. */
  readonly kinds: readonly string[];
  readonly #realm: RealmLike<Avatar, Want>;
  readonly #checkers: readonly AnyChecker[];

  /** The checkers that take a kind of credentials are asked in their order, until one knows them. */
  constructor(realm: RealmLike<Avatar, Want>, checkers: readonly AnyChecker[]) {
    this.#realm = realm;
    this.#checkers = checkers;
    this.kinds = [...new Set(checkers.flatMap(({ kinds }) => kinds))];
  }

  /**
   * Fails with {@link LoginFailed} if the credentials are wrong, with {@link UnknownCredentials} if no checker takes their
   * kind, and with whatever a checker or the realm failed with: a database that is away is not a wrong password. An avatar
   * that comes after the Deferred was cancelled is logged out at once.
   */
  login(credentials: KnownCredentials | Credentials, want: Want): Deferred<Login<Avatar>> {
    // The checkers that take this kind take these credentials: a kind names one type.
    const fitting = this.#checkers.filter(({ kinds }) => kinds.includes(credentials.kind)) as Checker<Credentials>[];
    if (fitting.length === 0) return fail(new UnknownCredentials(credentials.kind, this.kinds));
    return ask(fitting, credentials, 0).addCallback((avatarId) => this.#enter(avatarId, want));
  }

  #enter(avatarId: AvatarId, want: Want): Deferred<Login<Avatar>> {
    const realm = this.#realm;
    const asking = maybeDeferred(() =>
      typeof realm === "function" ? realm(avatarId, want) : realm.requestAvatar(avatarId, want),
    );
    let isWanted = true;
    const entering = new Deferred<Login<Avatar>>(() => {
      isWanted = false;
    });
    asking.addCallbacks(
      (admission) => {
        const login = new PortalLogin(avatarId, admission);
        if (isWanted) entering.callback(login);
        else login.logout().addErrback((error) => log.failure("Logout of an avatar that nobody wants failed", error));
      },
      (error) => {
        if (isWanted) entering.errback(error);
        else log.info("Avatar that nobody wants any more was not to be had: {error}", { error });
      },
    );
    return entering;
  }
}

/** The avatar id that the first checker gives that knows the credentials. */
function ask(checkers: readonly Checker<Credentials>[], credentials: Credentials, at: number): Deferred<AvatarId> {
  const checker = checkers[at];
  if (checker === undefined) return fail(new LoginFailed());
  return maybeDeferred(() => checker.check(credentials)).addCallback(
    (avatarId) => avatarId ?? ask(checkers, credentials, at + 1),
  );
}

class PortalLogin<Avatar> implements Login<Avatar> {
  readonly avatarId: AvatarId;
  readonly avatar: Avatar;
  #leave: (() => unknown) | undefined;

  constructor(avatarId: AvatarId, { avatar, logout }: Admission<Avatar>) {
    this.avatarId = avatarId;
    this.avatar = avatar;
    this.#leave = logout;
  }

  /** An own property, so that it may be taken out of the object. */
  readonly logout = (): Deferred<void> => {
    const leave = this.#leave;
    this.#leave = undefined;
    return leave === undefined ? succeed() : maybeDeferred(leave).addCallback(() => {});
  };
}

const log: Logger = new Logger("ropewalk.cred");
