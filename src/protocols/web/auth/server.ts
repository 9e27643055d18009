import { coroutine } from "../../../core/deferred/coroutine.ts";
import type { Deferred } from "../../../core/deferred/deferred.ts";
import { maybeDeferred } from "../../../core/deferred/succeed.ts";
import { Logger } from "../../../core/log/logger.ts";
import type { Credentials } from "../../../cred/credentials.ts";
import { LoginFailed, LoginThrottled } from "../../../cred/errors.ts";
import { LoginThrottle } from "../../../cred/login-throttle.ts";
import type { Login, Portal } from "../../../cred/portal.ts";
import { peerKey } from "../../../policies/peer-key.ts";
import { HttpError } from "../message/http-error.ts";
import type { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import type { Answer, Responder } from "../server/site.ts";
import { decodeBasic } from "./basic.ts";
import { type DigestOptions, DigestServer } from "./digest-server.ts";
import { type AuthField, formatAuth, parseAuthorization } from "./fields.ts";
import type { NonceSource } from "./nonces.ts";

/** How a client may show who it is: a name and a password, a proof that it knows the password, a token. */
export type LoginScheme = "basic" | "digest" | "bearer";

/** How logins are asked for. */
export interface RequireLoginOptions {
  /** Tells the time and draws random bytes: the reactor. */
  readonly reactor: NonceSource;
  /** What browsers show, and by which they know where a password belongs. */
  readonly realm: string;
  /** In the order of preference; default: all that the portal can check. Basic shows the password to whoever listens: serve TLS. */
  readonly schemes?: readonly LoginScheme[] | undefined;
  readonly digest?: DigestOptions | undefined;
  /** Default: one of its own, with the defaults of LoginThrottle. Share one between all places that take the same passwords. */
  readonly throttle?: LoginThrottle | undefined;
  /** Whose wrong logins count together; default: the peer's address. Behind a proxy say who the client is, or all are one. */
  readonly throttleKey?: ((request: Request) => string) | undefined;
  /** Asks as a proxy does: with 407 and the `Proxy-` fields. Default false. */
  readonly asProxy?: boolean | undefined;
}

/** Answers requests of those who have logged in. */
export type LoginResponder<Avatar> = (request: Request, login: Login<Avatar>) => Answer | PromiseLike<Answer>;

/**
 * Lets only those through to `responder` whom the portal lets in; the others are asked who they are, with 401 and a challenge for
 * each scheme. Each request is a login, and is logged out when its answer has left; with passwords that are hashed,
 * put `remembered` around the checker. A realm that gives several things is told the request. Too many wrong logins: 429.
 *
 * @throws TypeError if the portal has no checker for a scheme, or the realm is not ASCII.
 *
 * @example
 * ```ts
 * import { InsecureSecrets, Portal } from "ropewalk/cred";
 * import { MemoryReactor } from "ropewalk/testing";
 * import { Request, requireLogin, Response } from "ropewalk/web";
 *
 * const portal = new Portal((id) => ({ avatar: String(id) }), [new InsecureSecrets({ Aladdin: "open sesame" })]);
 * const options = { reactor: new MemoryReactor(), realm: "cave", schemes: ["basic"] as const };
 * const cave = requireLogin(portal, options, (_request, login) => new Response(`welcome, ${login.avatar}`));
 *
 * console.log((await cave(new Request("http://cave/"))).status); // 401
 * const headers = { Authorization: "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==" };
 * console.log(await (await cave(new Request("http://cave/", { headers }))).text()); // welcome, Aladdin
 * ```
 */
export function requireLogin<Avatar>(
  portal: Portal<Avatar> | Portal<Avatar, Request>,
  options: RequireLoginOptions,
  responder: LoginResponder<Avatar>,
): Responder {
  const guard = new Guard(portal as Portal<Avatar, Request>, options, responder);
  return (request) => coroutine(guard.respond(request));
}

class Guard<Avatar> {
  readonly #portal: Portal<Avatar, Request>;
  readonly #responder: LoginResponder<Avatar>;
  readonly #schemes: readonly LoginScheme[];
  readonly #digest: DigestServer;
  readonly #throttle: LoginThrottle;
  readonly #keyOf: (request: Request) => string;
  readonly #realm: string;
  readonly #isProxy: boolean;

  constructor(portal: Portal<Avatar, Request>, options: RequireLoginOptions, responder: LoginResponder<Avatar>) {
    const { reactor, realm } = options;
    const possible = SCHEMES.filter((scheme) => portal.kinds.includes(KINDS[scheme]));
    this.#schemes = options.schemes ?? possible;
    const missing = this.#schemes.filter((scheme) => !possible.includes(scheme));
    if (missing.length > 0 || this.#schemes.length === 0) {
      const wanted = missing.map((scheme) => `${scheme} needs one for "${KINDS[scheme]}"`).join(", ");
      throw new TypeError(
        `Cannot require logins: the portal has checkers for ${portal.kinds.join(", ") || "nothing"}; ${wanted || "none is for HTTP"}`,
      );
    }
    this.#portal = portal;
    this.#responder = responder;
    this.#digest = new DigestServer(reactor, realm, options.digest);
    this.#throttle = options.throttle ?? new LoginThrottle(reactor);
    this.#keyOf = options.throttleKey ?? addressOf;
    this.#realm = realm;
    this.#isProxy = options.asProxy ?? false;
    // Clients do not agree on the bytes of others, and they are a part of what Digest hashes.
    if (!/^[ -~]*$/.test(realm))
      throw new TypeError(`Cannot use ${JSON.stringify(realm)} as a realm: it has to be ASCII`);
  }

  *respond(request: Request): Generator<unknown, Answer | PromiseLike<Answer>, unknown> {
    const shown = request.headers.get(this.#isProxy ? "proxy-authorization" : "authorization");
    if (shown === null) return this.#refusal({});
    const field = parseAuthorization(shown);
    if (field === undefined) throw malformed("it is not a scheme with its parameters");
    if (!(this.#schemes as readonly string[]).includes(field.scheme)) return this.#refusal({});
    const attempt = this.#attemptOf(field, request);
    if (attempt === undefined) return this.#refusal({ isStale: true });

    let login: Login<Avatar>;
    try {
      const logIn = (): Deferred<Login<Avatar>> => this.#portal.login(attempt.credentials, request);
      login = (yield this.#throttle.attempt(this.#keyOf(request), logIn)) as Login<Avatar>;
    } catch (error) {
      if (error instanceof LoginFailed) return this.#refusal({ isWrong: true });
      if (error instanceof LoginThrottled) return throttled(error);
      throw error;
    }
    // Somebody may have used the same answer while this one was checked.
    if (attempt.spend?.() === false) {
      logOut(login);
      return this.#refusal({ isStale: true });
    }
    return this.#answer(request, login);
  }

  #answer(request: Request, login: Login<Avatar>): Answer | PromiseLike<Answer> {
    if (request.head !== undefined) {
      request.notifyFinish().addBoth(() => logOut(login));
      return this.#responder(request, login);
    }
    // One that no connection brought is over when there is an answer.
    return maybeDeferred(() => this.#responder(request, login)).addCallbacks(
      (answer) => {
        logOut(login);
        return answer;
      },
      (error) => {
        logOut(login);
        throw error;
      },
    );
  }

  /** Undefined if the nonce is stale. @throws HttpError 400. */
  #attemptOf(field: AuthField, request: Request): Attempt | undefined {
    switch (field.scheme) {
      case "basic": {
        const user = decodeBasic(field.token68 ?? "");
        if (user === undefined) throw malformed("its user and password cannot be read");
        return { credentials: { kind: "password", ...user } as Credentials };
      }
      case "bearer":
        if (field.token68 === undefined) throw malformed("it has no token");
        return { credentials: { kind: "token", token: field.token68 } as Credentials };
      default: {
        const verdict = this.#digest.verdict(field, request.method, targetsOf(request));
        if (verdict.kind === "malformed") throw malformed(verdict.reason);
        return verdict.kind === "stale" ? undefined : verdict;
      }
    }
  }

  #refusal({ isStale = false, isWrong = false }: { isStale?: boolean; isWrong?: boolean }): Response {
    const challenges = this.#schemes.flatMap((scheme) => {
      if (scheme === "digest") return this.#digest.challenges(isStale);
      const params: [string, string][] = [["realm", this.#realm]];
      if (scheme === "basic") params.push(["charset", "UTF-8"]);
      else if (isWrong) params.push(["error", "invalid_token"]);
      return [formatAuth(scheme === "basic" ? "Basic" : "Bearer", params)];
    });
    const status = this.#isProxy ? 407 : 401;
    const field = this.#isProxy ? "Proxy-Authenticate" : "WWW-Authenticate";
    return new Response("Log in, please\n", { status, headers: { [field]: challenges } });
  }
}

interface Attempt {
  readonly credentials: Credentials;
  readonly spend?: () => boolean;
}

function malformed(reason: string): HttpError {
  return new HttpError(400, `Cannot read the credentials: ${reason}`);
}

function throttled({ retryAfterMs }: LoginThrottled): Response {
  const headers = { "Retry-After": String(Math.ceil(retryAfterMs / 1_000)) };
  return new Response("Too many wrong logins; try again later\n", { status: 429, headers });
}

function logOut(login: Login<unknown>): void {
  login.logout().addErrback((error) => log.failure("Logout after a request failed", error));
}

/** RFC 7616 §3.4.6: the target, or the URL that it is a part of. */
function targetsOf(request: Request): string[] {
  const url = new URL(request.url);
  const path = `${url.pathname}${url.search}`;
  return request.head === undefined ? [path, request.url] : [request.head.target, path, request.url];
}

function addressOf({ peer }: Request): string {
  return (peer && peerKey(peer)) ?? "this machine";
}

const SCHEMES: readonly LoginScheme[] = ["digest", "basic", "bearer"];
const KINDS: Readonly<Record<LoginScheme, string>> = { basic: "password", digest: "proof", bearer: "token" };
const log = new Logger("ropewalk.web.auth");
