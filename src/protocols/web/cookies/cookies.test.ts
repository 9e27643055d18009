import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Protocol } from "../../../core/protocol.ts";
import { useLightGlobals } from "../message/globals.ts";
import { PLATFORM } from "../message/platform.ts";
import { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { SwitchProtocols } from "../server/switch/protocol.ts";
import { CookieSigner } from "./cookie-signer.ts";
import { type CookieOptions, formatCookie, formatExpiredCookie, parseCookies } from "./cookies.ts";
import { clearCookie, cookiesOf, setCookie } from "./messages.ts";

describe("a Cookie field", () => {
  const fields: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    "": {},
    "a=b": { a: "b" },
    "a=b; c=d": { a: "b", c: "d" },
    "a=b;c=d ;  e = f\t": { a: "b", c: "d", e: "f" },
    "a=b; a=c": { a: "b" },
    "a=b=c; d==": { a: "b=c", d: "=" },
    "a=; b": { a: "" },
    "=a; ; =__Host-b=c": {},
    'a="b c"; d="; e="f': { a: "b c", d: '"', e: '"f' },
    "a=%C3%A4%20; b=100%; c=%ff; d=+": { a: "ä ", b: "100%", c: "%ff", d: "+" },
    "__proto__=a; constructor=b": { ["__proto__"]: "a", constructor: "b" },
    "a(=b; c\u00e9=d": {},
  };
  for (const [field, cookies] of Object.entries(fields)) {
    test(`is read: ${JSON.stringify(field)}`, () => {
      assert.deepEqual([...parseCookies(field)], Object.entries(cookies));
    });
  }

  test("may come in several lines", () => {
    const headers = [
      ["Cookie", "a=1"],
      ["Cookie", "b=2"],
    ] as const;
    assert.deepEqual(
      [...cookiesOf(new Request("http://a/", { headers }))],
      [
        ["a", "1"],
        ["b", "2"],
      ],
    );
    assert.equal(cookiesOf(new Request("http://a/")).size, 0);
  });
});

describe("a Set-Cookie field", () => {
  const formats: readonly (readonly [CookieOptions, string])[] = [
    [{}, "a=b; Path=/; Secure; HttpOnly; SameSite=Lax"],
    [{ maxAgeMs: 1_999 }, "a=b; Max-Age=1; Path=/; Secure; HttpOnly; SameSite=Lax"],
    [{ path: "/x", domain: "rope.example" }, "a=b; Path=/x; Domain=rope.example; Secure; HttpOnly; SameSite=Lax"],
    [{ secure: false, httpOnly: false, sameSite: "strict" }, "a=b; Path=/; SameSite=Strict"],
    [{ sameSite: "none", partitioned: true }, "a=b; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"],
  ];
  for (const [options, text] of formats) {
    test(`with ${JSON.stringify(options)} says so`, () => assert.equal(formatCookie("a", "b", options), text));
  }

  test("that ends a cookie says so twice, for old browsers too", () => {
    assert.equal(
      formatExpiredCookie("a", { path: "/x" }),
      "a=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/x; Secure; HttpOnly; SameSite=Lax",
    );
  });

  const refused: readonly (readonly [string, string, CookieOptions, RegExp])[] = [
    ["", "b", {}, /its name is letters/],
    ["a b", "b", {}, /its name is letters/],
    ["a\r\nX: y", "b", {}, /its name is letters/],
    ["a", "b", { path: "x" }, /its path "x" begins with a slash/],
    ["a", "b", { path: "/;Domain=evil" }, /its path/],
    ["a", "b", { path: "/\r\n" }, /its path/],
    ["a", "b", { domain: ".rope.example" }, /is no host name/],
    ["a", "b", { domain: "rope.example; Secure" }, /is no host name/],
    ["__Host-a", "b", { path: "/x" }, /promises the path "\/" and no domain/],
    ["__Host-a", "b", { domain: "rope.example" }, /promises the path "\/" and no domain/],
    ["__hOST-a", "b", { secure: false }, /its name promises "secure"/],
    ["__Secure-a", "b", { secure: false }, /its name promises "secure"/],
    ["a", "b", { sameSite: "none", secure: false }, /"none" with "secure" only/],
    ["a", "b", { partitioned: true, secure: false }, /"partitioned" with "secure" only/],
  ];
  for (const [name, value, options, message] of refused) {
    test(`is refused for ${JSON.stringify([name, options])}`, () => {
      assert.throws(() => formatCookie(name, value, options), { name: "TypeError", message });
    });
  }

  test("keeps what its prefix promises", () => {
    assert.equal(formatCookie("__Host-a", "b"), "__Host-a=b; Path=/; Secure; HttpOnly; SameSite=Lax");
    assert.match(formatCookie("__Secure-a", "b", { path: "/x", domain: "rope.example" }), /^__Secure-a=b/);
  });

  test("has a size that browsers take, and a lifetime", () => {
    assert.match(formatCookie("a", "b".repeat(4_095)), /^ab*/);
    assert.throws(() => formatCookie("a", "b".repeat(4_096)), { name: "RangeError", message: /of 4097 bytes/ });
    assert.throws(() => formatCookie("a", " ".repeat(1_400)), RangeError);
    for (const maxAgeMs of [0, 999, -1, Number.NaN])
      assert.throws(() => formatCookie("a", "b", { maxAgeMs }), RangeError);
  });

  test("says any text so that it comes back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (value) => {
        const [pair = ""] = formatCookie("a", value).split("; ");
        assert.match(pair, /^a=[!#-+\--:<-[\]-~]*$/);
        assert.equal(parseCookies(`x=y; ${pair}`).get("a"), value);
      }),
    );
  });
});

describe("an answer with cookies", () => {
  test("has a line for each", () => {
    const answer = clearCookie(setCookie(new Response("hello"), "a", "1"), "b");
    assert.deepEqual(
      answer.headers.getSetCookie().map((line) => line.slice(0, 13)),
      ["a=1; Path=/; ", "b=; Max-Age=0"],
    );
  });

  test("keeps all that it was", async () => {
    const init = { status: 201, statusText: "Made", headers: { "X-Knot": "bowline", "Content-Type": "text/knot" } };
    const answer = setCookie(new Response("hello", init), "a", "1");
    assert.deepEqual([answer.status, answer.statusText, await answer.text()], [201, "Made", "hello"]);
    assert.deepEqual([...answer.headers.keys()], ["content-type", "set-cookie", "x-knot"]);
    assert.equal(answer.headers.get("content-type"), "text/knot");
  });

  test("is another one: what all users are answered with gets no cookie of one of them", () => {
    using light = useLightGlobals();
    const made = [Response, PLATFORM.Response, globalThis.Response].map((kind) => kind.redirect("http://a/", 302));
    light[Symbol.dispose]();
    for (const home of made) {
      const [ann, bob] = [setCookie(home, "id", "ann"), setCookie(home, "id", "bob")];
      assert.equal(home.headers.get("set-cookie"), null);
      assert.match(ann.headers.get("set-cookie") ?? "", /^id=ann;[^,]*$/);
      assert.match(bob.headers.get("set-cookie") ?? "", /^id=bob;[^,]*$/);
      assert.deepEqual([bob.status, bob.headers.get("location")], [302, "http://a/"]);
    }
  });

  test("that hands the connection over stays itself", () => {
    const answer = new SwitchProtocols(new Protocol(), { status: 101 });
    assert.equal(setCookie(answer, "a", "1"), answer);
    assert.match(answer.headers.get("set-cookie") ?? "", /^a=1/);
  });

  test("may be the platform's own", async () => {
    const answer = setCookie(new globalThis.Response("hello", { status: 201 }), "a", "1");
    assert.deepEqual([answer.status, await answer.text(), answer.headers.getSetCookie().length], [201, "hello", 1]);
  });
});

describe("a signer of cookies", () => {
  const [OLD, NEW] = ["an old key of many bytes", "a new key of many bytes"];

  test("knows its own values again, of any text", () => {
    const signer = new CookieSigner([NEW]);
    for (const value of ["", "a", "a.b.c", "17 ropes", "ä;="])
      assert.equal(signer.verify("a", signer.sign("a", value)), value);
  });

  test("makes the HMAC of name and value", () => {
    assert.equal(
      new CookieSigner(["0123456789abcdef"]).sign("a", "b"),
      "b.Lz27AX15F-Blm-AgzC0au2DGEIX5DbJhpVElvN1Q8Ng",
    );
  });

  test("knows no others: changed, of another name, of another key, malformed", () => {
    const signer = new CookieSigner([NEW]);
    const signed = signer.sign("cart", "17");
    const others = [
      "",
      ".",
      "17",
      "17.",
      signed.replace("17", "18"),
      `${signed}=`,
      `${signed}A`,
      signed.slice(0, -1),
      `x${signed}`,
    ];
    for (const other of [...others, new CookieSigner([OLD]).sign("cart", "17")]) {
      assert.equal(signer.verify("cart", other), undefined, other);
      assert.equal(signer.isOutdated("cart", other), false);
    }
    assert.equal(signer.verify("card", signed), undefined);
    assert.equal(signer.verify("cart=17", signer.sign("cart", "17=x")), undefined);
  });

  test("takes what an older key has signed, and says that it is old", () => {
    const signer = new CookieSigner([NEW, OLD]);
    const old = new CookieSigner([OLD]).sign("a", "b");
    assert.deepEqual([signer.verify("a", old), signer.isOutdated("a", old)], ["b", true]);
    const own = signer.sign("a", "b");
    assert.deepEqual([signer.verify("a", own), signer.isOutdated("a", own)], ["b", false]);
    assert.equal(new CookieSigner([NEW]).verify("a", own), "b");
  });

  test("wants keys that nobody guesses", () => {
    for (const keys of [[], ["short"], [NEW, new Uint8Array(15)]])
      assert.throws(() => new CookieSigner(keys), RangeError);
    assert.doesNotThrow(() => new CookieSigner([new Uint8Array(16)]));
  });
});
