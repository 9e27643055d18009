import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { InsecureSecrets } from "../../../cred/insecure-secrets.ts";
import { MemoryReactor } from "../../../testing/memory-reactor.ts";
import { ClientLogin, type ClientLoginOptions } from "./client-login.ts";
import { algorithmOf, digestResponse, hashedUsername } from "./digest.ts";
import { type DigestOptions, DigestServer, type DigestVerdict } from "./digest-server.ts";
import { parseAuthorization } from "./fields.ts";
import { type NonceOptions, Nonces } from "./nonces.ts";

const MUFASA = { username: "Mufasa", password: "Circle of Life", realm: "http-auth@example.org" };
const DOE = { username: "J\u00e4s\u00f8n Doe", password: "Secret, or not?", realm: "api@example.org" };

describe("Digest's arithmetic", () => {
  const mufasa = {
    method: "GET",
    uri: "/dir/index.html",
    nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    nc: "00000001",
    cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
  };
  test("is that of RFC 7616 §3.9.1", () => {
    assert.equal(digestResponse("MD5", MUFASA, mufasa), "8ca523f5e9506fed4657c9700eebdbec");
    const sha256 = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";
    assert.equal(digestResponse("SHA-256", MUFASA, mufasa), sha256);
  });

  test("is that of RFC 7616 §3.9.2, with the numbers of its erratum 4897", () => {
    const question = {
      method: "GET",
      uri: "/doe.json",
      nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
      nc: "00000001",
      cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
    };
    const response = "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5";
    assert.equal(digestResponse("SHA-512-256", DOE, question), response);
    const decomposed = { ...DOE, username: DOE.username.normalize("NFD") };
    assert.equal(digestResponse("SHA-512-256", decomposed, question), response);
    const userhash = "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b";
    assert.equal(hashedUsername("SHA-512-256", DOE.username, DOE.realm), userhash);
  });

  test("is that of RFC 2617 §3.5", () => {
    const user = { username: "Mufasa", password: "Circle Of Life", realm: "testrealm@host.com" };
    const nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
    const question = { method: "GET", uri: "/dir/index.html", nonce, nc: "00000001", cnonce: "0a4f113b" };
    assert.equal(digestResponse("MD5", user, question), "6629fae49393a05397450978507c4ef1");
  });

  test("knows algorithms in any spelling, MD5 where none is named, and no others", () => {
    assert.deepEqual(["sha-256", "SHA-256-SESS", undefined, "SHA-1"].map(algorithmOf), [
      "SHA-256",
      "SHA-256-sess",
      "MD5",
      undefined,
    ]);
  });
});

describe("a client's and a server's Digest", () => {
  const algorithms: Readonly<Record<string, DigestOptions>> = {
    "SHA-256": {},
    "SHA-256 with a hidden name": { userhash: true },
  };
  for (const [name, options] of Object.entries(algorithms)) {
    for (const user of [MUFASA, DOE, { ...DOE, username: 'Q"uote\\', password: "" }]) {
      test(`agree by ${name} on ${user.username}`, () => {
        const { server, client } = pair(options, user);
        assert.equal(server.logIn(client), user.username);
        assert.equal(server.logIn(client), user.username, "without being asked again");
        const wrong = pair(options, { ...user, password: "wrong" });
        assert.equal(wrong.server.logIn(wrong.client), "wrong");
      });
    }
  }

  test("agree by MD5 where the server allows it and the client knows nothing else", () => {
    const { server, client } = pair({ insecureMd5: true }, MUFASA);
    server.hides = "SHA-256";
    assert.equal(server.logIn(client), "Mufasa");
    const strict = pair({}, MUFASA);
    assert.equal(strict.server.challenge().includes("MD5"), false);
  });

  test("say names that are no ASCII in the form of RFC 8187, or in UTF-8 for a server that does not ask", () => {
    const { server, client } = pair({}, DOE);
    client.challenged(server.challenge());
    const text = client.authorization("GET", "/") as string;
    assert.ok(text.includes("username*=UTF-8''J%C3%A4s%C3%B8n%20Doe,"), text);
    assert.equal(server.verify(text), DOE.username);
    const old = pair({}, DOE);
    old.client.challenged(old.server.challenge().replace("charset=UTF-8, ", ""));
    assert.equal(old.server.verify(old.client.authorization("GET", "/") as string), DOE.username);
  });

  test("go on with a new nonce when the old one has run out", () => {
    const { server, client, reactor } = pair({ lifetimeMs: 1_000 }, MUFASA);
    client.challenged(server.challenge());
    const sent = client.authorization("GET", "/") as string;
    reactor.advance(999);
    assert.equal(server.verify(sent), "Mufasa");
    reactor.advance(1);
    const late = client.authorization("GET", "/") as string;
    assert.equal(server.verify(late), "stale");
    assert.match(server.challenge(true), /, stale=true$/);
    assert.equal(client.challenged(server.challenge(true)), true);
    assert.equal(server.verify(client.authorization("GET", "/") as string), "Mufasa");
  });
});

describe("a server's Digest", () => {
  test("takes an answer once", () => {
    const { server, client } = pair({}, MUFASA);
    client.challenged(server.challenge());
    const text = client.authorization("GET", "/") as string;
    assert.deepEqual([server.verify(text), server.verify(text)], ["Mufasa", "stale"]);
  });

  test("takes one of two that come at the same time", () => {
    const { server, client } = pair({}, MUFASA);
    client.challenged(server.challenge());
    const text = client.authorization("GET", "/") as string;
    const [first, second] = [server.verdict(text), server.verdict(text)];
    assert.ok(first.kind === "proof" && second.kind === "proof");
    assert.deepEqual([first.spend(), second.spend()], [true, false]);
  });

  test("is not led to use a count up by a wrong answer", () => {
    const { server, client } = pair({}, MUFASA);
    client.challenged(server.challenge());
    const text = client.authorization("GET", "/") as string;
    assert.equal(server.verify(text.replace(/response="../, 'response="zz')), "wrong");
    assert.equal(server.verify(text), "Mufasa");
  });

  test("takes no answer for another method, target or realm", () => {
    const { server, client } = pair({}, MUFASA);
    client.challenged(server.challenge());
    const text = client.authorization("GET", "/") as string;
    assert.equal(server.verify(text, "POST"), "wrong");
    assert.equal(server.verify(text, "GET", "/other"), "malformed: its uri is not what was asked for");
    assert.equal(server.verify(text.replace("http-auth", "http-other")), "malformed: its realm is another one");
  });

  const changes: Readonly<Record<string, readonly [string | RegExp, string, string]>> = {
    "no uri": [/uri="[^"]*", /, "", "it lacks uri"],
    "no qop and no cnonce": [/(qop=auth|cnonce="[^"]*"), /g, "", "it lacks qop, cnonce"],
    "auth-int": ["qop=auth", "qop=auth-int", "its qop was not offered"],
    "an algorithm that was not offered": ["algorithm=SHA-256", "algorithm=MD5", "its algorithm was not offered"],
    "an algorithm that nobody knows": ["algorithm=SHA-256", "algorithm=ROT13", "its algorithm was not offered"],
    "no algorithm, which is MD5": [", algorithm=SHA-256", "", "its algorithm was not offered"],
    "a count of 0": ["nc=00000001", "nc=00000000", "its nc is not eight hex digits from 1"],
    "a short count": ["nc=00000001", "nc=1", "its nc is not eight hex digits from 1"],
    "a hidden name": ["Digest ", "Digest userhash=true, ", "it hides the name, which was not offered"],
    "two names": ["Digest ", "Digest username*=UTF-8''x, ", "it names no user, or two"],
    "no name": [/username="[^"]*", /, "", "it names no user, or two"],
    "a name that is not encoded right": [/username="[^"]*"/, "username*=UTF-8''%ff", "it names no user, or two"],
    "a name in another charset": [/username="[^"]*"/, "username*=KOI8-R''x", "it names no user, or two"],
  };
  for (const [name, [from, to, reason]] of Object.entries(changes)) {
    test(`finds an answer malformed that has ${name}`, () => {
      const { server, client } = pair({}, MUFASA);
      client.challenged(server.challenge());
      const text = client.authorization("GET", "/") as string;
      assert.equal(server.verify(text.replace(from, to)), `malformed: ${reason}`);
    });
  }

  test("finds nonces stale that are not its own", () => {
    const { server, client } = pair({}, MUFASA);
    for (const nonce of ["", "x", pair({}, MUFASA, 2).server.nonce()]) {
      client.challenged(server.challenge(true).replace(/ nonce="[^"]*"/, ` nonce="${nonce}"`));
      assert.equal(server.verify(client.authorization("GET", "/") as string), "stale", nonce);
    }
  });
});

describe("nonces", () => {
  test("have a window for counts that overtake one another", () => {
    const { nonces } = makeNonces();
    const nonce = nonces.make();
    const spent = [3, 1, 2, 2, 1, 40, 8, 9, 9, 39, 72, 71, 41, 40, 73].map((count) => [
      count,
      nonces.spend(nonce, count),
    ]);
    const refused = spent.filter(([, wasNew]) => !wasNew).map(([count]) => count);
    assert.deepEqual(refused, [2, 1, 8, 9, 40]);
  });

  test("have one spelling", () => {
    const { nonces } = makeNonces();
    const nonce = nonces.make();
    assert.equal(nonces.isFresh(nonce, 1), true);
    for (const other of [`${nonce}=`, `${nonce} `, ` ${nonce}`, nonce.slice(0, -1)])
      assert.equal(nonces.isFresh(other, 1), false);
  });

  test("cost no memory until they are used; of too many in use the oldest are over, and so is what is as old", () => {
    const { nonces, reactor } = makeNonces({ maxInUse: 2 });
    const made = [0, 1, 2, 3].map(() => {
      reactor.advance(1);
      return nonces.make();
    }) as [string, string, string, string];
    const [first, second, third, fourth] = made;
    assert.deepEqual(
      [second, third].map((nonce) => nonces.spend(nonce, 1)),
      [true, true],
    );
    assert.equal(nonces.isFresh(first, 1), true);
    assert.equal(nonces.spend(fourth, 1), true);
    assert.deepEqual(
      [first, second, third, fourth].map((nonce) => nonces.isFresh(nonce, 2)),
      [false, false, true, true],
    );
  });

  test("make room by those that have run out, which takes nothing from the others", () => {
    const { nonces, reactor } = makeNonces({ maxInUse: 1, lifetimeMs: 10 });
    nonces.spend(nonces.make(), 1);
    reactor.advance(5);
    const early = nonces.make();
    reactor.advance(5);
    const late = nonces.make();
    assert.equal(nonces.spend(late, 1), true);
    assert.equal(nonces.isFresh(early, 1), true);
  });

  test("want positive numbers", () => {
    for (const options of [{ lifetimeMs: 0 }, { maxInUse: 0 }]) assert.throws(() => makeNonces(options), RangeError);
  });
});

describe("a client", () => {
  const options = { username: "Aladdin", password: "open sesame" };
  const client = (more: Partial<ClientLoginOptions> = {}) =>
    new ClientLogin(new MemoryReactor(), { ...options, ...more });
  const digest = (algorithm: string, qop = "auth") =>
    `Digest realm="r", nonce="n", qop="${qop}", algorithm=${algorithm}`;

  test("answers the strongest challenge that it knows", () => {
    const all = [
      "Negotiate",
      'Basic realm="r"',
      digest("MD5"),
      digest("SHA-512-256"),
      digest("SHA-256"),
      digest("SHA-3"),
    ];
    const answered: string[] = [];
    for (let left = all; ; ) {
      const one = client();
      if (!one.challenged(left.join(", "))) break;
      const text = one.authorization("GET", "/") as string;
      const name = /algorithm=([^,]+)/.exec(text)?.[1] ?? "Basic";
      answered.push(name);
      left = left.filter((each) => !each.endsWith(`=${name}`) && !each.startsWith(name));
    }
    assert.deepEqual(answered, ["SHA-512-256", "SHA-256", "MD5", "Basic"]);
  });

  test("answers nothing that it cannot", () => {
    for (const text of [
      "",
      "(",
      "Negotiate",
      digest("SHA-3"),
      digest("MD5", "auth-int"),
      'Digest realm="r", qop="auth"',
    ]) {
      const one = client();
      assert.equal(one.challenged(text), false, text);
      assert.equal(one.authorization("GET", "/"), undefined);
    }
  });

  test("uses only the schemes that it may", () => {
    assert.equal(client({ schemes: ["digest"] }).challenged('Basic realm="r"'), false);
    const basic = client({ schemes: ["basic"] });
    assert.equal(basic.challenged(`${digest("SHA-256")}, Basic realm="r"`), true);
    assert.match(basic.authorization("GET", "/") as string, /^Basic /);
  });

  test("gives up when its answer is refused, but not for another realm", () => {
    for (const [first, other] of [
      ['Basic realm="a"', 'Basic realm="b"'],
      [digest("MD5"), digest("MD5").replace('"r"', '"s"')],
    ] as const) {
      const one = client();
      assert.equal(one.challenged(first), true);
      assert.equal(one.challenged(first), true, "nothing was sent yet");
      one.authorization("GET", "/");
      assert.equal(one.challenged(first), false);
      assert.equal(one.challenged(other), true);
    }
  });

  test("may show the password at once, and then gives up at the first refusal", () => {
    const one = client({ preemptive: true });
    assert.equal(one.authorization("GET", "/"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert.equal(one.challenged('Basic realm="r"'), false);
    const better = client({ preemptive: true });
    better.authorization("GET", "/");
    assert.equal(better.challenged(digest("SHA-256")), true, "the server wants another scheme");
  });

  test("gives back what the server wants to have back, and counts", () => {
    const one = client();
    one.challenged(`${digest("SHA-256-sess")}, opaque="o"`);
    const texts = ["/a", "/b?c"].map(
      (target) => parseAuthorization(one.authorization("GET", target) as string)?.params,
    );
    assert.deepEqual(
      texts.map((params) => ["opaque", "algorithm", "nc", "uri", "qop"].map((name) => params?.get(name))),
      [
        ["o", "SHA-256-sess", "00000001", "/a", "auth"],
        ["o", "SHA-256-sess", "00000002", "/b?c", "auth"],
      ],
    );
    assert.notEqual(texts[0]?.get("cnonce"), texts[1]?.get("cnonce"));
  });

  test("answers an old server that names no algorithm with MD5", () => {
    const one = client();
    one.challenged('Digest realm="r", nonce="n", qop="auth,auth-int"');
    const params = parseAuthorization(one.authorization("GET", "/") as string)?.params;
    const cnonce = params?.get("cnonce") as string;
    const question = { method: "GET", uri: "/", nonce: "n", nc: "00000001", cnonce };
    assert.equal(params?.get("response"), digestResponse("MD5", { ...options, realm: "r" }, question));
    assert.equal(params?.has("algorithm"), false);
  });
});

/** A server that knows one user, and a client that is one. */
function pair(options: DigestOptions, user: typeof MUFASA, seed = 1) {
  const reactor = new MemoryReactor({ seed });
  const right = [MUFASA, DOE].find(({ username }) => username === user.username) ?? { ...user, password: "" };
  const digest = new DigestServer(reactor, user.realm, options);
  const secrets = new InsecureSecrets({ somebody: "else", [right.username]: right.password, other: "x" });
  const server = {
    hides: "nothing",
    challenge: (isStale = false) =>
      digest
        .challenges(isStale)
        .filter((each) => !each.includes(server.hides))
        .join(", "),
    nonce: () => /nonce="([^"]*)"/.exec(server.challenge())?.[1] as string,
    verdict(text: string, method = "GET", target = "/"): DigestVerdict {
      const field = parseAuthorization(text);
      assert.ok(field, `not to be parsed: ${text}`);
      return digest.verdict(field, method, [target]);
    },
    verify(text: string, method?: string, target?: string): string {
      const verdict = server.verdict(text, method, target);
      if (verdict.kind === "malformed") return `malformed: ${verdict.reason}`;
      if (verdict.kind === "stale") return "stale";
      const name = secrets.check(verdict.credentials);
      if (name === undefined) return "wrong";
      return verdict.spend() ? name : "stale";
    },
    logIn(client: ClientLogin): string {
      const first = client.authorization("GET", "/");
      if (first !== undefined) return server.verify(first);
      assert.ok(client.challenged(server.challenge()));
      return server.verify(client.authorization("GET", "/") as string);
    },
  };
  return { reactor, server, client: new ClientLogin(reactor, user) };
}

function makeNonces(options: NonceOptions = {}) {
  const reactor = new MemoryReactor();
  return { reactor, nonces: new Nonces(reactor, options) };
}
