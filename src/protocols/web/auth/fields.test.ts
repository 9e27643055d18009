import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { decodeBasic, encodeBasic } from "./basic.ts";
import { formatAuth, fromWire, parseAuthorization, parseChallenges, quoted } from "./fields.ts";

/** What each text says: scheme, token68, parameters; undefined if it is malformed. */
const CHALLENGES: Readonly<Record<string, readonly (readonly unknown[])[] | undefined>> = {
  Basic: [["basic"]],
  'Basic realm="simple"': [["basic", { realm: "simple" }]],
  "bAsIc REALM=simple": [["basic", { realm: "simple" }]],
  'Basic realm = "a" ,\tcharset\t=UTF-8': [["basic", { realm: "a", charset: "UTF-8" }]],
  // The example of RFC 9110 §11.6.1.
  'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""': [
    ["basic", { realm: "simple" }],
    ["newauth", { realm: "apps", type: "1", title: 'Login to "apps"' }],
  ],
  'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"': [
    ["newauth", { realm: "apps", type: "1", title: 'Login to "apps"' }],
    ["basic", { realm: "simple" }],
  ],
  Negotiate: [["negotiate"]],
  "Negotiate, NTLM": [["negotiate"], ["ntlm"]],
  "Negotiate YWJj==": [["negotiate", "YWJj=="]],
  "Negotiate YWJj==, Basic realm=x": [
    ["negotiate", "YWJj=="],
    ["basic", { realm: "x" }],
  ],
  "Negotiate a.b-c_d~e+f/g": [["negotiate", "a.b-c_d~e+f/g"]],
  "Basic realm=x, Negotiate YWJj": [
    ["basic", { realm: "x" }],
    ["negotiate", "YWJj"],
  ],
  "Basic realm=x, Negotiate": [["basic", { realm: "x" }], ["negotiate"]],
  'Digest realm="a, b=c", nonce="d\\\\e"': [["digest", { realm: "a, b=c", nonce: "d\\e" }]],
  'Digest realm=""': [["digest", { realm: "" }]],
  'Digest realm="\xe9\t"': [["digest", { realm: "\xe9\t" }]],
  ", , Basic realm=x, ,": [["basic", { realm: "x" }]],
  "Digest ,realm=x,, nonce=y": [["digest", { realm: "x", nonce: "y" }]],
  "": [],
  " \t,": [],
  "Basic realm": [["basic", "realm"]],
  "Basic realm=": [["basic", "realm="]],
  "Basic realm==x": undefined,
  'Basic realm="x': undefined,
  'Basic realm="x\\': undefined,
  'Basic realm="x"y': undefined,
  'Basic realm="x" y=z': undefined,
  'Basic realm="\x01"': undefined,
  'Basic realm="\u0100"': undefined,
  "Basic realm=x, realm=y": undefined,
  "Basic realm=x, REALM=y": undefined,
  "Basic,realm=x": undefined,
  "Basic a b": undefined,
  "Basic (": undefined,
  "(": undefined,
  "Basic:x": undefined,
  "=x": undefined,
  [Array(17).fill("Basic").join()]: undefined,
  [`Basic ${Array.from({ length: 33 }, (_, n) => `p${n}=1`).join()}`]: undefined,
};

describe("challenges", () => {
  for (const [text, expected] of Object.entries(CHALLENGES)) {
    test(`${expected === undefined ? "that are malformed" : "read"}: ${JSON.stringify(text).slice(0, 60)}`, () => {
      const seen = parseChallenges(text)?.map(({ scheme, token68, params }) => {
        return [scheme, token68, Object.fromEntries(params)];
      });
      const wanted = expected?.map(([scheme, second]) =>
        typeof second === "string" ? [scheme, second, {}] : [scheme, undefined, second ?? {}],
      );
      assert.deepEqual(seen, wanted);
    });
  }

  test("are read back as they were written", () => {
    const token = fc.stringMatching(/^[a-z]{1,8}$/);
    const value = fc.stringMatching(/^[\t -~\x80-\xff]{0,20}$/);
    const challenge = fc.tuple(token, fc.dictionary(token, value, { minKeys: 1, maxKeys: 5, noNullPrototype: true }));
    fc.assert(
      fc.property(fc.array(challenge, { minLength: 1, maxLength: 4 }), (challenges) => {
        const text = challenges.map(([scheme, params]) => formatAuth(scheme, Object.entries(params))).join(", ");
        const seen = parseChallenges(text)?.map(({ scheme, params }) => [scheme, Object.fromEntries(params)]);
        assert.deepEqual(seen, challenges);
      }),
    );
  });

  test("take time in proportion to their length", () => {
    // Each would take minutes if anything was tried again from each place.
    for (const text of [
      `Basic ${"a".repeat(60_000)}(`,
      `Basic a="${"\\a".repeat(30_000)}`,
      `${", ".repeat(30_000)}(`,
    ]) {
      assert.equal(parseChallenges(text), undefined);
    }
  });
});

describe("an Authorization field", () => {
  test("is one scheme with what belongs to it", () => {
    assert.equal(parseAuthorization("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")?.token68, "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert.equal(parseAuthorization("Digest username=x, uri=y")?.params.get("uri"), "y");
    for (const text of ["", "Basic a, Basic b", "Basic a b"]) assert.equal(parseAuthorization(text), undefined);
  });

  test("is written with quotes, but for names that go bare", () => {
    assert.equal(
      formatAuth(
        "Digest",
        [
          ["realm", 'a"\\'],
          ["nc", "00000001"],
        ],
        new Set(["nc"]),
      ),
      'Digest realm="a\\"\\\\", nc=00000001',
    );
    assert.equal(formatAuth("Negotiate", []), "Negotiate");
    assert.throws(() => quoted("a\r\nSet-Cookie: b"), TypeError);
    assert.throws(() => quoted("\u0100"), TypeError);
  });

  test("has text in UTF-8, or in Latin-1 where it is none", () => {
    assert.equal(fromWire("J\xc3\xa4s\xc3\xb8n"), "Jäsøn");
    assert.equal(fromWire("J\xe4s\xf8n"), "Jäsøn");
  });
});

describe("Basic", () => {
  test("says what the examples of RFC 7617 say", () => {
    assert.equal(encodeBasic({ username: "Aladdin", password: "open sesame" }), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert.equal(encodeBasic({ username: "test", password: "123\u00a3" }), "Basic dGVzdDoxMjPCow==");
    assert.deepEqual(decodeBasic("dGVzdDoxMjPCow=="), { username: "test", password: "123£" });
  });

  test("leaves colons to the password, and takes empty ones", () => {
    for (const user of [
      { username: "a", password: "b:c" },
      { username: "", password: "" },
    ]) {
      assert.deepEqual(decodeBasic(encodeBasic(user).slice(6)), user);
    }
  });

  test("does not say what cannot be said", () => {
    for (const [username, password] of [
      ["a:b", "c"],
      ["a\n", "c"],
      ["a", "\0"],
      ["a", "\x7f"],
    ] as const) {
      assert.throws(() => encodeBasic({ username, password }), TypeError);
    }
  });

  const malformed = { "no colon": "a", Latin1: "a:\xe9", "a control": "a:\n", nul: "\0:a" };
  for (const [name, text] of Object.entries(malformed)) {
    test(`does not take what has ${name}`, () => {
      assert.equal(decodeBasic(Buffer.from(text, "latin1").toString("base64")), undefined);
    });
  }
  test("does not take what is no base64", () => {
    for (const token of ["", "a:b", "YTpi=YTpi", "YTpi===", "YT_i"]) assert.equal(decodeBasic(token), undefined);
  });
});
