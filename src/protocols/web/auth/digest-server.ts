/** The server's side of Digest (RFC 7616): challenges, and what is in an answer to one. */
import type { ProofCredentials } from "../../../cred/credentials.ts";
import { sameSecret } from "../../../cred/same-secret.ts";
import { algorithmOf, type DigestAlgorithm, digestResponse, hashedUsername } from "./digest.ts";
import { type AuthField, formatAuth, fromWire } from "./fields.ts";
import { type NonceOptions, type NonceSource, Nonces } from "./nonces.ts";

/** How a server does Digest. */
export interface DigestOptions extends NonceOptions {
  /**
   * Offers MD5 after SHA-256, for clients that know nothing else: Safari, wget. "only" leaves SHA-256 out, for those that give up
   * at the first challenge that they do not know, as Python's urllib. Default false.
   */
  readonly insecureMd5?: boolean | "only" | undefined;
  /**
   * Lets clients send a hash of the name, so that who listens does not learn it. The checker then has to try all of its users:
   * InsecureSecrets does, one of your own has to ask `isUser`. Default false.
   */
  readonly userhash?: boolean | undefined;
}

/** What an answer to a challenge is worth, before anybody's secret was looked up. */
export type DigestVerdict =
  /** Let a portal check the credentials; if they are right, `spend` says whether nobody has used this answer before. */
  | { readonly kind: "proof"; readonly credentials: ProofCredentials; readonly spend: () => boolean }
  /** The nonce is not ours any more: challenge again, with `stale`. */
  | { readonly kind: "stale" }
  /** It is not what the standard says: 400. */
  | { readonly kind: "malformed"; readonly reason: string };

export class DigestServer {
  readonly #realm: string;
  readonly #nonces: Nonces;
  readonly #algorithms: readonly DigestAlgorithm[];
  readonly #takesHashedNames: boolean;

  constructor(reactor: NonceSource, realm: string, options: DigestOptions = {}) {
    this.#realm = realm;
    this.#nonces = new Nonces(reactor, options);
    const { insecureMd5 = false } = options;
    this.#algorithms = [
      ...(insecureMd5 === "only" ? [] : ["SHA-256" as const]),
      ...(insecureMd5 ? ["MD5" as const] : []),
    ];
    this.#takesHashedNames = options.userhash === true;
  }

  /** One for each algorithm, the strongest first: clients take the first that they know. */
  challenges(isStale: boolean): string[] {
    const nonce = this.#nonces.make();
    return this.#algorithms.map((algorithm) => {
      const params: [string, string][] = [
        ["realm", this.#realm],
        ["qop", "auth"],
        ["algorithm", algorithm],
        ["nonce", nonce],
        ["charset", "UTF-8"],
      ];
      if (this.#takesHashedNames) params.push(["userhash", "true"]);
      if (isStale) params.push(["stale", "true"]);
      return formatAuth("Digest", params, BARE);
    });
  }

  /** @param targets What the client may have taken for the URI: what it asked for, and other spellings of it. */
  verdict({ params }: AuthField, method: string, targets: readonly string[]): DigestVerdict {
    const refuse = (reason: string): DigestVerdict => ({ kind: "malformed", reason });
    const missing = NEEDED.filter((name) => !params.has(name));
    if (missing.length > 0) return refuse(`it lacks ${missing.join(", ")}`);
    const [realm, nonce, uri, response, qop, nc, cnonce] = NEEDED.map((name) => params.get(name) as string) as Needed;
    const algorithm = algorithmOf(params.get("algorithm"));
    if (algorithm === undefined || !this.#algorithms.includes(algorithm))
      return refuse("its algorithm was not offered");
    if (realm !== this.#realm) return refuse("its realm is another one");
    if (qop !== "auth") return refuse("its qop was not offered");
    if (!NC.test(nc) || /^0+$/.test(nc)) return refuse("its nc is not eight hex digits from 1");
    if (!targets.includes(uri)) return refuse("its uri is not what was asked for");
    const user = usernameOf(params);
    if (user === undefined) return refuse("it names no user, or two");
    if (user.isHashed && !this.#takesHashedNames) return refuse("it hides the name, which was not offered");

    const count = Number.parseInt(nc, 16);
    if (!this.#nonces.isFresh(nonce, count)) return { kind: "stale" };
    const question = { method, uri, nonce, cnonce, nc };
    // A client that hides its name has hashed the true one for the proof.
    let shown = user.name;
    const credentials: ProofCredentials = {
      kind: "proof",
      username: user.isHashed ? "" : user.name,
      verify: (password) => {
        const expected = digestResponse(algorithm, { username: shown, password, realm }, question);
        return sameSecret(expected, response.toLowerCase());
      },
      isUser: user.isHashed
        ? (name) => {
            const isIt = sameSecret(hashedUsername(algorithm, name, realm), user.name.toLowerCase());
            if (isIt) shown = name;
            return isIt;
          }
        : undefined,
    };
    return { kind: "proof", credentials, spend: () => this.#nonces.spend(nonce, count) };
  }
}

interface ShownName {
  readonly name: string;
  readonly isHashed: boolean;
}

/** RFC 7616 §3.4: the name, its hash, or the name in the form of RFC 8187. */
function usernameOf(params: ReadonlyMap<string, string>): ShownName | undefined {
  const [plain, extended] = [params.get("username"), params.get("username*")];
  const isHashed = params.get("userhash")?.toLowerCase() === "true";
  if (plain !== undefined) return extended === undefined ? { name: fromWire(plain), isHashed } : undefined;
  const encoded = /^utf-8'[\w-]*'(.*)$/i.exec(extended ?? "")?.[1];
  if (encoded === undefined || isHashed) return undefined;
  try {
    return { name: decodeURIComponent(encoded), isHashed: false };
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

type Needed = [string, string, string, string, string, string, string];
const NEEDED = ["realm", "nonce", "uri", "response", "qop", "nc", "cnonce"] as const;
const NC = /^[0-9a-f]{8}$/i;
const BARE: ReadonlySet<string> = new Set(["algorithm", "charset", "userhash", "stale"]);
