/**
 * What browsers and servers say about who somebody is: challenges, credentials, cookies. No text may throw, what was read is
 * what its own writing gives, a client's answer can be read, and nobody gets in who does not know the password.
 */
import assert from "node:assert/strict";
import { type Deferred, succeed } from "ropewalk";
import { InsecureSecrets, LoginThrottle, Portal } from "ropewalk/cred";
import { MemoryReactor } from "ropewalk/testing";
import {
  type Answer,
  type AuthField,
  ClientLogin,
  CookieSigner,
  formatAuth,
  formatCookie,
  HttpError,
  parseAuthorization,
  parseChallenges,
  parseCookies,
  Request,
  Response,
  requireLogin,
} from "ropewalk/web";

const reactor = new MemoryReactor();
const signer = new CookieSigner(["sixteen bytes or more"]);
const cave = requireLogin(
  new Portal((id) => ({ avatar: id }), [new InsecureSecrets({ Aladdin: "open sesame" })]),
  { reactor, realm: "cave", digest: { userhash: true }, throttle: new LoginThrottle(reactor, { maxFailures: 1e9 }) },
  () => new Response("welcome"),
);
/** A nonce of the cave's own, so that answers come further than to its check. */
const [nonce = ""] = /[\w-]{64}/.exec(outcomeOf(ask(undefined)).fields) ?? [];

export const webLogin = {
  seeds: [
    "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
    'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\"", Negotiate YWJj==',
    `Digest realm="cave", qop="auth, auth-int", algorithm=SHA-256, nonce="${nonce}", opaque="o", charset=UTF-8, userhash=true`,
    `Digest username="Aladdin", realm="cave", uri="/", nonce="${nonce}", nc=00000001, cnonce="c", qop=auth, response="0", algorithm=SHA-256`,
    `Digest username*=UTF-8''%41, realm=cave, uri="/", nonce=${nonce}, nc=00000001, cnonce=c, qop=auth, response=0, algorithm=SHA-256`,
    'theme=dark; name=J%C3%A4s; a="b c"; __Host-x=%ff; =y; __proto__=z',
    signer.sign("a", "17 ropes"),
  ],
  words: [
    'realm="',
    "nonce=",
    "qop=auth",
    "stale=true",
    "userhash=true",
    "username*=UTF-8''",
    ", ",
    "\\",
    "%C3%A4",
    "Digest ",
    "Basic ",
  ],
  run(data: Uint8Array): string {
    const text = Buffer.from(data).toString("latin1");
    const challenges = parseChallenges(text);
    if (challenges !== undefined) {
      assert.deepEqual(parseChallenges(challenges.map(written).join(", ")), challenges, "written again");
    }
    const login = new ClientLogin(reactor, { username: "J\u00e4s\u00f8n", password: "x" });
    if (login.challenged(text)) assert.ok(parseAuthorization(login.authorization("GET", "/") ?? ""), "an answer");
    checkCookies(text);
    return enter(text);
  },
};

function written({ scheme, token68, params }: AuthField): string {
  return token68 === undefined ? formatAuth(scheme, params) : `${scheme} ${token68}`;
}

function checkCookies(text: string): void {
  for (const [name, value] of parseCookies(text)) {
    const [pair = ""] = formatCookie(name, value).split(";");
    assert.equal(parseCookies(pair).get(name), value);
  }
  const value = signer.verify("a", text);
  if (value !== undefined) assert.equal(signer.sign("a", value), text);
}

function enter(text: string): string {
  let request: Request;
  try {
    request = new Request("http://cave/", { headers: { Authorization: text } });
  } catch (error) {
    assert.ok(error instanceof TypeError, "only what is no header");
    return "no header";
  }
  const { status } = outcomeOf(ask(request));
  if (status === 200) {
    const shown = parseAuthorization(text.trim())?.token68 ?? "";
    assert.equal(Buffer.from(shown, "base64").toString(), "Aladdin:open sesame", "nobody else gets in");
  }
  return String(status);
}

function ask(request: Request = new Request("http://cave/")): Deferred<Answer> {
  return succeed().addCallback(() => cave(request));
}

/** Whoever has the secrets in memory answers at once. */
function outcomeOf(answering: Deferred<Answer>): { readonly status: number; readonly fields: string } {
  let outcome: { readonly status: number; readonly fields: string } | undefined;
  answering.addCallbacks(
    ({ status, headers }) => {
      outcome = { status, fields: headers.get("www-authenticate") ?? "" };
    },
    (error) => {
      assert.ok(error instanceof HttpError && error.status === 400, String(error));
      outcome = { status: 400, fields: "" };
    },
  );
  assert.ok(outcome !== undefined && [200, 400, 401].includes(outcome.status), `answered ${outcome?.status}`);
  return outcome;
}
