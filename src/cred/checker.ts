import type { Credentials, KnownCredentials } from "./credentials.ts";

/** Whom a checker has recognised: a name of its choice, or nobody in particular. */
export type AvatarId = string | typeof ANONYMOUS;

/** The avatar id of whoever shows no credentials. It is no string, so that no user can have it for a name. */
export const ANONYMOUS: unique symbol = Symbol("anonymous");

/** Says who it is that shows some credentials. */
export interface Checker<C extends Credentials> {
  /** The kinds of credentials that it takes. */
  readonly kinds: readonly string[];
  /**
   * Gives the avatar id; undefined if the credentials are wrong. Fails only if it cannot tell, its database being away. To
   * find out who is there must not pay: a user who is not there takes as long as a wrong password.
   */
  check(credentials: C): CheckResult;
}

/** A checker of any credentials: what a Portal takes. */
export type AnyChecker = Checker<never>;

/** What a checker answers. */
export type CheckResult = AvatarId | undefined | PromiseLike<AvatarId | undefined>;

/**
 * A checker that is a function, for credentials of one kind: a database, another service.
 *
 * @example
 * ```ts
 * import { checker, Portal } from "ropewalk/cred";
 *
 * const known: Record<string, string> = { "AB:CD:…": "ann" };
 * const byCertificate = checker("certificate", ({ certificate }) => known[certificate.fingerprint256]);
 * const portal = new Portal((avatarId) => ({ avatar: avatarId }), [byCertificate]);
 * console.log(portal.kinds); // [ 'certificate' ]
 * ```
 */
export function checker<K extends KnownCredentials["kind"]>(
  kind: K,
  check: (credentials: Extract<KnownCredentials, { readonly kind: K }>) => CheckResult,
): Checker<Extract<KnownCredentials, { readonly kind: K }>> {
  return { kinds: [kind], check };
}

/**
 * Lets everybody in who shows nothing, as {@link ANONYMOUS}.
 *
 * @example
 * ```ts
 * import { ANONYMOUS, allowAnonymous, Portal } from "ropewalk/cred";
 *
 * const portal = new Portal((id) => ({ avatar: id === ANONYMOUS ? "a guest" : id }), [allowAnonymous()]);
 * console.log((await portal.login({ kind: "anonymous" })).avatar); // a guest
 * ```
 */
export function allowAnonymous(): Checker<KnownCredentials & { readonly kind: "anonymous" }> {
  return checker("anonymous", () => ANONYMOUS);
}

/**
 * Asks one checker after the other, each that takes credentials of this kind, until one knows them. A Portal does the same
 * with its own; a chain is for the places that take one.
 *
 * @example
 * ```ts
 * import { checker, firstOf } from "ropewalk/cred";
 *
 * const staff = checker("token", ({ token }) => (token === "s3cret" ? "staff" : undefined));
 * const press = checker("token", ({ token }) => (token === "pr3ss" ? "press" : undefined));
 * console.log(await firstOf(staff, press).check({ kind: "token", token: "pr3ss" })); // press
 * ```
 */
export function firstOf<C extends Credentials>(...checkers: readonly Checker<C>[]): Checker<C> {
  return {
    kinds: [...new Set(checkers.flatMap(({ kinds }) => kinds))],
    async check(credentials) {
      for (const each of checkers) {
        if (!each.kinds.includes(credentials.kind)) continue;
        const avatarId = await each.check(credentials);
        if (avatarId !== undefined) return avatarId;
      }
      return undefined;
    },
  };
}
