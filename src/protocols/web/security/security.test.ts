import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Protocol } from "../../../core/protocol.ts";
import { deferLater } from "../../../core/time/defer-later.ts";
import { Clock } from "../../../testing/index.ts";
import { HttpError } from "../message/http-error.ts";
import { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import type { Answer, Responder } from "../server/site.ts";
import { SwitchProtocols } from "../server/switch/protocol.ts";
import { type SecurityHeadersOptions, securityHeaders } from "./server.ts";

async function ask(responder: Responder, options: SecurityHeadersOptions = {}, accept = "*/*"): Promise<Answer> {
  const request = new Request("http://rope.example/", { headers: { Accept: accept } });
  return await securityHeaders(options, responder)(request);
}

function policyOf(answer: Answer): string[] {
  return (answer.headers.get("content-security-policy") ?? "").split("; ");
}

const plain: Responder = () => new Response("knots");

describe("without options", () => {
  test("a page may do what its own origin gives it, and nothing inline; nobody frames it", async () => {
    assert.deepEqual(policyOf(await ask(plain)), [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "img-src 'self'",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ]);
  });

  test("types are not guessed, frames, referrers and foreign windows are off, and caches are left alone", async () => {
    const { headers } = await ask(plain);
    const seen = [
      "x-content-type-options",
      "x-frame-options",
      "referrer-policy",
      "cross-origin-opener-policy",
      "cross-origin-resource-policy",
      "permissions-policy",
      "cache-control",
      "strict-transport-security",
    ].map((name) => headers.get(name));
    const features = "camera=(), geolocation=(), microphone=()";
    assert.deepEqual(seen, ["nosniff", "DENY", "no-referrer", "same-origin", "same-origin", features, null, null]);
  });
});

describe("options", () => {
  test("change, add and leave out directives", async () => {
    const policy = { "img-src": "'self' data:", "font-src": "'self'", "form-action": undefined };
    const directives = policyOf(await ask(plain, { policy: { ...policy, "upgrade-insecure-requests": "" } }));
    assert.ok(directives.includes("img-src 'self' data:"));
    assert.ok(directives.includes("font-src 'self'"));
    assert.ok(directives.includes("upgrade-insecure-requests"));
    assert.ok(!directives.some((directive) => directive.startsWith("form-action")));
  });

  test("change, add and leave out fields", async () => {
    const fields = { "X-Frame-Options": undefined, "Strict-Transport-Security": "max-age=63072000" };
    const { headers } = await ask(plain, { fields });
    assert.equal(headers.get("x-frame-options"), null);
    assert.equal(headers.get("strict-transport-security"), "max-age=63072000");
  });

  test("leave the whole policy out if no directive is left", async () => {
    const { headers } = await ask(plain);
    const policy = Object.fromEntries(policyOf(await ask(plain)).map((line) => [line.split(" ")[0] ?? "", undefined]));
    assert.equal(headers.has("content-security-policy"), true);
    assert.equal((await ask(plain, { policy })).headers.has("content-security-policy"), false);
  });

  test("keep what does not say otherwise out of caches", async () => {
    const said: Responder = () => new Response("knots", { headers: { "Cache-Control": "max-age=60" } });
    assert.equal((await ask(plain, { noStore: true })).headers.get("cache-control"), "no-store");
    assert.equal((await ask(said, { noStore: true })).headers.get("cache-control"), "max-age=60");
  });

  test("that would end a directive or the field are refused at once", () => {
    for (const policy of [{ "img-src": "'self'; script-src *" }, { "img-src": "a, b" }, { "img src": "'self'" }]) {
      assert.throws(() => securityHeaders({ policy }, plain), /^RangeError: Cannot make a policy of/);
    }
  });
});

describe("an answer", () => {
  test("keeps what it says itself", async () => {
    const own = { "Content-Security-Policy": "default-src 'self'", "X-Frame-Options": "SAMEORIGIN" };
    const { headers } = await ask(() => new Response("knots", { headers: own }));
    assert.equal(headers.get("content-security-policy"), "default-src 'self'");
    assert.equal(headers.get("x-frame-options"), "SAMEORIGIN");
  });

  test("of the platform has them too, though a fetch does not let its fields be changed", async () => {
    const answer = await ask(() => globalThis.Response.redirect("http://rope.example/knots", 302));
    assert.deepEqual([answer.status, answer.headers.get("location")], [302, "http://rope.example/knots"]);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  });

  test("keeps status, text and body", async () => {
    const answer = await ask(() => new Response("knots", { status: 418, statusText: "Short" }));
    assert.deepEqual([answer.status, answer.statusText, await answer.text()], [418, "Short", "knots"]);
  });

  test("that comes later has them, and is cancelled through them", async () => {
    const clock = new Clock();
    const later = securityHeaders({}, () => deferLater(clock, 5, () => new Response("knots")));
    const answer = later(new Request("http://rope.example/"));
    clock.advance(5);
    assert.equal((await answer).headers.get("x-frame-options"), "DENY");

    const given = later(new Request("http://rope.example/")) as ReturnType<typeof deferLater<Answer>>;
    given.addErrback(() => undefined);
    given.cancel();
    assert.deepEqual(clock.getDelayedCalls(), []);
  });

  test("that hands its connection over is the one that was made", async () => {
    const answer = new SwitchProtocols(new Protocol(), { status: 101 });
    assert.equal(await ask(() => answer), answer);
  });
});

describe("an error", () => {
  test("that is an answer has them, with the fields of its own", async () => {
    const answer = await ask(() => {
      throw new HttpError(401, "Who are you?", { headers: { "WWW-Authenticate": "Bearer" } });
    });
    assert.deepEqual([answer.status, await answer.text()], [401, "Who are you?\n"]);
    assert.equal(answer.headers.get("www-authenticate"), "Bearer");
    assert.equal(answer.headers.get("referrer-policy"), "no-referrer");
  });

  test("is a page for browsers, and that one may do nothing at all", async () => {
    const answer = await ask(() => Promise.reject(new HttpError(404, "No such knot")), {}, "text/html");
    assert.match(await answer.text(), /<h1>404 Not Found<\/h1>/);
    assert.equal(answer.headers.get("content-security-policy"), "default-src 'none'");
    assert.equal(answer.headers.get("x-frame-options"), "DENY");
  });

  test("of the program is the server's to answer", async () => {
    const wrong = new Error("a bug");
    await assert.rejects(async () => {
      await ask(() => {
        throw wrong;
      });
    }, wrong);
  });
});
