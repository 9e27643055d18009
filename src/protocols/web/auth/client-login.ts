/** The client's side of HTTP authentication: which challenge to answer, and how. */
import { encodeBasic, type UserPassword } from "./basic.ts";
import { algorithmOf, DIGEST_ALGORITHMS, type DigestAlgorithm, digestResponse, hashedUsername } from "./digest.ts";
import { type AuthField, formatAuth, fromWire, parseChallenges } from "./fields.ts";

/** How a client logs in. */
export interface ClientLoginOptions extends UserPassword {
  /** Sends the password with the first request, before any challenge; for Basic only. Default false. */
  readonly preemptive?: boolean | undefined;
  /** Schemes that may be used; default both. Without "basic" the password itself never leaves. */
  readonly schemes?: readonly ("basic" | "digest")[] | undefined;
}

/**
 * Logs in to one server, or one proxy: takes its challenges, and answers with the strongest scheme that both know. Keep one
 * for each server: it counts what it has sent, and answers later requests without being asked.
 *
 * @example
 * ```ts
 * import { ClientLogin } from "ropewalk/web";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const login = new ClientLogin(new MemoryReactor(), { username: "Aladdin", password: "open sesame" });
 * console.log(login.authorization("GET", "/")); // undefined
 * console.log(login.challenged('Basic realm="cave"')); // true: it is worth asking again
 * console.log(login.authorization("GET", "/")); // Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==
 * console.log(login.challenged('Basic realm="cave"')); // false: the password is wrong
 * ```
 */
export class ClientLogin {
  readonly #reactor: { randomBytes(count: number): Uint8Array };
  readonly #user: UserPassword;
  readonly #schemes: readonly string[];
  #answer: Answer | undefined = undefined;
  #wasSent = false;

  /** @throws TypeError if `preemptive` is wanted of a name or password that Basic cannot carry. */
  constructor(reactor: { randomBytes(count: number): Uint8Array }, options: ClientLoginOptions) {
    this.#reactor = reactor;
    this.#user = { username: options.username, password: options.password };
    this.#schemes = options.schemes ?? ["basic", "digest"];
    if (options.preemptive === true) this.#answer = new BasicAnswer(undefined, this.#user);
  }

  /**
   * Takes the challenges of a 401 (or 407): the field's value, of several lines joined by ", ". True if the request should be
   * sent again, with what `authorization` gives; false if there is no answer, or if it was given already and refused. A server
   * may find one answer stale, so twice is how often a request should be sent again at most.
   */
  challenged(value: string): boolean {
    const known = (parseChallenges(value) ?? []).filter(({ scheme }) => this.#schemes.includes(scheme));
    const [strongest] = known.map(rankOf).sort((a, b) => a.rank - b.rank);
    if (strongest === undefined || strongest.rank === Number.POSITIVE_INFINITY) return false;
    const { params, scheme } = strongest.field;
    const realm = params.get("realm") ?? "";
    const before = this.#answer;
    const isStale = params.get("stale")?.toLowerCase() === "true";
    const knowsRealm = before !== undefined && (before.realm ?? realm) === realm;
    if (this.#wasSent && knowsRealm && before.scheme === scheme && !isStale) return false;
    this.#answer =
      scheme === "basic" ? new BasicAnswer(realm, this.#user) : new DigestAnswer(params, this.#user, this.#reactor);
    this.#wasSent = false;
    return true;
  }

  /** The value of `Authorization` for a request, with its target as it is sent; undefined as long as nobody has asked. */
  authorization(method: string, target: string): string | undefined {
    this.#wasSent = this.#answer !== undefined;
    return this.#answer?.text(method, target);
  }
}

interface Answer {
  readonly scheme: string;
  /** Undefined: whichever it is. */
  readonly realm: string | undefined;
  text(method: string, target: string): string;
}

class BasicAnswer implements Answer {
  readonly scheme: string = "basic";
  readonly realm: string | undefined;
  readonly #text: string;

  constructor(realm: string | undefined, user: UserPassword) {
    this.realm = realm;
    this.#text = encodeBasic(user);
  }

  text(): string {
    return this.#text;
  }
}

class DigestAnswer implements Answer {
  readonly scheme: string = "digest";
  readonly realm: string;
  readonly #user: UserPassword;
  readonly #reactor: { randomBytes(count: number): Uint8Array };
  readonly #challenge: ReadonlyMap<string, string>;
  readonly #algorithm: DigestAlgorithm;
  #count = 0;

  constructor(
    challenge: ReadonlyMap<string, string>,
    user: UserPassword,
    reactor: { randomBytes(count: number): Uint8Array },
  ) {
    this.realm = challenge.get("realm") ?? "";
    this.#challenge = challenge;
    this.#user = user;
    this.#reactor = reactor;
    this.#algorithm = algorithmOf(challenge.get("algorithm")) as DigestAlgorithm;
  }

  text(method: string, target: string): string {
    this.#count += 1;
    const { realm } = this;
    const nonce = this.#challenge.get("nonce") as string;
    const nc = this.#count.toString(16).padStart(8, "0");
    const cnonce = Buffer.from(this.#reactor.randomBytes(CNONCE_BYTES)).toString("base64url");
    const question = { method, uri: target, nonce, cnonce, nc };
    const response = digestResponse(this.#algorithm, { ...this.#user, realm: fromWire(realm) }, question);
    const params: [string, string][] = [
      ...this.#name(),
      ["realm", realm],
      ["uri", target],
      ["nonce", nonce],
      ["nc", nc],
      ["cnonce", cnonce],
      ["qop", "auth"],
      ["response", response],
    ];
    const [algorithm, opaque] = [this.#challenge.get("algorithm"), this.#challenge.get("opaque")];
    if (algorithm !== undefined) params.push(["algorithm", algorithm]);
    if (opaque !== undefined) params.push(["opaque", opaque]);
    return formatAuth("Digest", params, BARE);
  }

  #name(): [string, string][] {
    const username = this.#user.username.normalize("NFC");
    if (this.#challenge.get("userhash")?.toLowerCase() === "true") {
      const hashed = hashedUsername(this.#algorithm, username, fromWire(this.realm));
      return [
        ["username", hashed],
        ["userhash", "true"],
      ];
    }
    const isPlain = /^[ -~]*$/.test(username);
    if (!isPlain && this.#challenge.get("charset")?.toLowerCase() === "utf-8") {
      const encoded = encodeURIComponent(username).replaceAll(/['()*]/g, escaped);
      return [["username*", `UTF-8''${encoded}`]];
    }
    return [["username", Buffer.from(username).toString("latin1")]];
  }
}

interface Ranked {
  readonly field: AuthField;
  readonly rank: number;
}

/** The lower the better; infinity for what cannot be answered. */
function rankOf(field: AuthField): Ranked {
  const { scheme, params } = field;
  if (scheme === "basic") return { field, rank: DIGEST_ALGORITHMS.length };
  const algorithm = algorithmOf(params.get("algorithm"));
  const qops = (params.get("qop") ?? "").toLowerCase().split(/[ \t,]+/);
  const isKnown = algorithm !== undefined && params.has("nonce") && qops.includes("auth");
  return { field, rank: isKnown ? DIGEST_ALGORITHMS.indexOf(algorithm) : Number.POSITIVE_INFINITY };
}

/** RFC 8187 leaves these out, and encodeURIComponent does not. */
function escaped(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

const CNONCE_BYTES = 16;
const BARE: ReadonlySet<string> = new Set(["algorithm", "nc", "qop", "userhash", "username*"]);
