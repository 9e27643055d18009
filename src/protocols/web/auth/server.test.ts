import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Deferred } from "../../../core/deferred/deferred.ts";
import { logPublisher } from "../../../core/log/publisher.ts";
import type { Protocol } from "../../../core/protocol.ts";
import { type AnyChecker, type AvatarId, checker } from "../../../cred/checker.ts";
import { InsecureSecrets } from "../../../cred/insecure-secrets.ts";
import { LoginThrottle } from "../../../cred/login-throttle.ts";
import { Portal } from "../../../cred/portal.ts";
import { MemoryReactor } from "../../../testing/memory-reactor.ts";
import { MemoryTransport } from "../../../testing/memory-transport.ts";
import { HttpError } from "../message/http-error.ts";
import { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { webServer } from "../server/server.ts";
import type { Responder } from "../server/site.ts";
import { encodeBasic } from "./basic.ts";
import { ClientLogin } from "./client-login.ts";
import { type RequireLoginOptions, requireLogin } from "./server.ts";

const ANN = { username: "ann", password: "right" };
const RIGHT = encodeBasic(ANN);
const WRONG = encodeBasic({ username: "ann", password: "wrong" });

describe("a responder that wants a login", () => {
  test("asks whoever says nothing, by each scheme that the portal can check", async () => {
    const { ask } = make();
    const answer = await ask();
    assert.equal(answer.status, 401);
    const value = answer.headers.get("www-authenticate") ?? "";
    assert.match(
      value,
      /^Digest realm="ropes", qop="auth", algorithm=SHA-256, nonce="[\w-]{64}", charset=UTF-8, Basic realm="ropes", charset="UTF-8"$/,
    );
    assert.equal(await answer.text(), "Log in, please\n");
  });

  test("lets in by Basic, and gives the avatar", async () => {
    const { ask } = make();
    const answer = await ask(RIGHT);
    assert.deepEqual([answer.status, await answer.text()], [200, "ann's /knots"]);
    assert.equal((await ask(RIGHT.replace("Basic", "bASIC"))).status, 200);
  });

  test("asks again for wrong ones, known or not, with the same answer", async () => {
    const { ask } = make({ schemes: ["basic"] });
    const stranger = encodeBasic({ username: "bob", password: "right" });
    const answers = [];
    for (const shown of [undefined, WRONG, stranger, "Negotiate abc"]) {
      const answer = await ask(shown);
      answers.push([answer.status, [...answer.headers], await answer.text()]);
    }
    assert.equal(new Set(answers.map((each) => JSON.stringify(each))).size, 1);
    assert.equal(answers[0]?.[0], 401);
  });

  test("lets in by Digest, once for each answer, and by a new nonce after the old one", async () => {
    const { ask, reactor } = make({ digest: { lifetimeMs: 1_000 } });
    const client = new ClientLogin(reactor, ANN);
    assert.equal(client.challenged((await ask()).headers.get("www-authenticate") ?? ""), true);
    const shown = client.authorization("GET", "/knots?size=2");
    assert.equal((await ask(shown)).status, 200);
    assert.match((await ask(shown)).headers.get("www-authenticate") ?? "", /, stale=true, Basic/);
    reactor.advance(1_000);
    const late = await ask(client.authorization("GET", "/knots?size=2"));
    assert.equal(late.status, 401);
    assert.equal(client.challenged(late.headers.get("www-authenticate") ?? ""), true);
    assert.equal((await ask(client.authorization("GET", "/knots?size=2"))).status, 200);
    assert.equal((await ask(client.authorization("GET", "http://rope.example/knots?size=2"))).status, 200);
  });

  test("finds out that an answer was used while it was checked, and logs out again", async () => {
    const waiting: Deferred<AvatarId>[] = [];
    const slow = {
      kinds: ["proof"],
      check: () => {
        const next = new Deferred<AvatarId>();
        waiting.push(next);
        return next;
      },
    };
    const { ask, reactor, left } = make({}, [slow]);
    const client = new ClientLogin(reactor, ANN);
    client.challenged((await ask()).headers.get("www-authenticate") ?? "");
    const shown = client.authorization("GET", "/knots?size=2");
    const both = [ask(shown), ask(shown)];
    for (const each of waiting) each.callback("ann");
    assert.deepEqual(
      (await Promise.all(both)).map(({ status }) => status),
      [200, 401],
    );
    assert.equal(left.length, 2);
  });

  test("lets in by a bearer's token, and says when it is wrong", async () => {
    const byToken = checker("token", ({ token }) => (token === "t0k/en==" ? "ann" : undefined));
    const { ask } = make({}, [byToken]);
    assert.equal((await ask()).headers.get("www-authenticate"), 'Bearer realm="ropes"');
    assert.equal((await ask("Bearer t0k/en==")).status, 200);
    assert.equal(
      (await ask("Bearer x")).headers.get("www-authenticate"),
      'Bearer realm="ropes", error="invalid_token"',
    );
  });

  const malformed = [
    "",
    "Basic",
    "Basic a:b",
    "Basic YQ==",
    'Basic realm="x"',
    "Bearer",
    `${RIGHT}, ${RIGHT}`,
    "Digest x=y",
  ];
  for (const shown of malformed) {
    test(`refuses ${JSON.stringify(shown)} as malformed`, async () => {
      const { ask } = make({}, [new InsecureSecrets(), checker("token", () => "ann")]);
      await assert.rejects(
        async () => await ask(shown),
        (error) => error instanceof HttpError && error.status === 400,
      );
    });
  }

  test("does not check any more after too many wrong ones of a peer, and says when it will", async () => {
    const { ask, reactor } = make({
      throttle: (clock) => new LoginThrottle(clock, { maxFailures: 2, forgetMs: 1_500 }),
    });
    assert.deepEqual([(await ask(WRONG)).status, (await ask(WRONG)).status], [401, 401]);
    const refused = await ask(RIGHT);
    assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "2"]);
    assert.equal((await ask(RIGHT, "192.0.2.2")).status, 200);
    reactor.advance(1_500);
    assert.equal((await ask(RIGHT)).status, 200);
  });

  test("counts wrong ones by another key if it is told to", async () => {
    const throttleKey = (request: Request) => request.headers.get("x-forwarded-for") ?? "";
    const { respond } = make({ throttle: (clock) => new LoginThrottle(clock, { maxFailures: 1 }), throttleKey });
    const statuses = [];
    for (const client of ["a", "a", "b"]) {
      const headers = { Authorization: WRONG, "X-Forwarded-For": client };
      statuses.push((await respond(new Request("http://rope.example/", { headers }))).status);
    }
    assert.deepEqual(statuses, [401, 429, 401]);
  });

  test("asks as a proxy does", async () => {
    const { respond } = make({ asProxy: true, schemes: ["basic"] });
    const ask = async (headers: Record<string, string>) =>
      await respond(new Request("http://rope.example/knots", { headers }));
    const refused = await ask({ Authorization: RIGHT });
    assert.deepEqual(
      [refused.status, refused.headers.get("proxy-authenticate")],
      [407, 'Basic realm="ropes", charset="UTF-8"'],
    );
    assert.equal((await ask({ "Proxy-Authorization": RIGHT })).status, 200);
  });

  test("tells the realm the request, if it wants to know", async () => {
    const portal = new Portal(
      (id: AvatarId, { path }: Request) => ({ avatar: `${String(id)} at ${path}` }),
      [new InsecureSecrets({ ann: "right" })],
    );
    const options = { reactor: new MemoryReactor(), realm: "ropes" };
    const respond = requireLogin(portal, options, (_request, { avatar }) => new Response(avatar));
    const answer = await respond(new Request("http://rope.example/door", { headers: { Authorization: RIGHT } }));
    assert.equal(await answer.text(), "ann at /door");
  });

  test("passes on what a checker fails with: it is no wrong login", async () => {
    const broken = checker("password", () => Promise.reject(new RangeError("database is away")));
    await assert.rejects(async () => await make({}, [broken]).ask(RIGHT), RangeError);
  });

  test("is not made without checkers for its schemes, or with a realm that does not fit", () => {
    assert.throws(() => make({ schemes: ["bearer"] }), { name: "TypeError", message: /bearer needs one for "token"/ });
    assert.throws(() => make({}, [checker("anonymous", () => "x")]), {
      name: "TypeError",
      message: /none is for HTTP/,
    });
    assert.throws(() => make({}, []), { name: "TypeError", message: /has checkers for nothing/ });
    for (const realm of ["a\nb", "B\u00fccher"]) assert.throws(() => make({ realm }), { message: /has to be ASCII/ });
  });
});

describe("a login over a connection", () => {
  const get = (shown: string): string => `GET /knots HTTP/1.1\r\nHost: rope.example\r\nAuthorization: ${shown}\r\n\r\n`;

  test("is logged out when the answer has left, and when the client is gone", async () => {
    const waiting: Deferred<Response>[] = [];
    const { respond, left } = make({}, undefined, () => {
      const next = new Deferred<Response>();
      waiting.push(next);
      return next;
    });
    const transport = connected(respond);
    transport.remote.write(get(RIGHT));
    assert.deepEqual([waiting.length, left.length], [1, 0]);
    waiting[0]?.callback(new Response("hello"));
    assert.match(transport.text(), /^HTTP\/1\.1 200 /);
    assert.equal(left.length, 1);
    transport.remote.write(get(RIGHT));
    assert.deepEqual([waiting.length, left.length], [2, 1]);
    transport.remote.reset();
    assert.equal(left.length, 2);
  });

  test("is logged out when the answer cannot be made", () => {
    const { respond, left } = make({}, undefined, () => {
      throw new HttpError(404, "No such knot");
    });
    const transport = connected(respond);
    transport.remote.write(get(RIGHT));
    assert.match(transport.text(), /^HTTP\/1\.1 404 /);
    assert.equal(left.length, 1);
  });

  test("that is wrong says so with a field for each scheme", () => {
    const transport = connected(make().respond);
    transport.remote.write(get(WRONG));
    assert.match(
      transport.text(),
      /^HTTP\/1\.1 401 [\s\S]*\r\nWWW-Authenticate: Digest [^\r]*\r\nWWW-Authenticate: Basic /,
    );
  });

  test("whose logout fails says so in the log, and answers all the same", async () => {
    const lines: string[] = [];
    using _observer = logPublisher.addOnlooker(({ level, error }) => void lines.push(`${level} ${String(error)}`));
    const portal = new Portal(
      () => ({ avatar: 1, logout: () => Promise.reject(new RangeError("no")) }),
      [new InsecureSecrets({ ann: "right" })],
    );
    const options = { reactor: new MemoryReactor(), realm: "ropes" };
    const headers = { Authorization: RIGHT };
    const respond = requireLogin(portal, options, () => new Response("hello"));
    assert.equal((await respond(new Request("http://rope.example/", { headers }))).status, 200);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(lines, ["critical RangeError: no"]);
  });

  test("of a request without a connection is logged out when there is an answer, or none", async () => {
    const { respond, left } = make({}, undefined, () => Promise.reject(new RangeError("no")));
    const headers = { Authorization: RIGHT };
    await assert.rejects(async () => await respond(new Request("http://rope.example/", { headers })), RangeError);
    assert.equal(left.length, 1);
  });
});

type Options = Omit<Partial<RequireLoginOptions>, "throttle"> & { throttle?: (clock: MemoryReactor) => LoginThrottle };

function make(
  { throttle, ...options }: Options = {},
  checkers: readonly AnyChecker[] = [new InsecureSecrets({ ann: "right" })],
  inner?: Responder,
) {
  const reactor = new MemoryReactor();
  const left: string[] = [];
  const portal = new Portal(
    (id: AvatarId) => ({ avatar: `${String(id)}'s`, logout: () => left.push(String(id)) }),
    checkers,
  );
  const respond = requireLogin(
    portal,
    { reactor, realm: "ropes", throttle: throttle?.(reactor), ...options },
    (request, { avatar }) => inner?.(request) ?? new Response(`${avatar} ${request.path}`),
  );
  const ask = async (shown?: string, host = "192.0.2.1") => {
    const headers = shown === undefined ? {} : { Authorization: shown };
    return await respond(
      new Request("http://rope.example/knots?size=2", { headers, peer: { kind: "tcp", host, port: 1, family: 4 } }),
    );
  };
  return { reactor, left, respond, ask };
}

function connected(respond: Responder): MemoryTransport {
  const reactor = new MemoryReactor();
  const transport = new MemoryTransport({ clock: reactor });
  transport.attach(webServer(reactor, respond).buildProtocol(transport.peer) as Protocol);
  return transport;
}
