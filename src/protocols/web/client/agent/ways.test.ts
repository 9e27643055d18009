/** The ways of a request besides the straight one: proxies, logins, cookies, files, other protocols. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Protocol } from "../../../../core/protocol.ts";
import { ClientLogin } from "../../auth/client-login.ts";
import { answer, Scene, turns } from "../client.fixture.test.ts";
import { CookieJar } from "../cookies/jar.ts";
import { proxyFromEnvironment } from "../proxy.ts";
import "../../../socks/index.ts";

describe("a proxy", () => {
  it("gets a whole URL for http, a login, and all hosts over the same connections", () => {
    const scene = new Scene({ proxy: "http://al:secret@proxy.example:3128", maxConnectionsPerHost: 1 });
    scene.get("http://me:mine@a.example/b?c");
    assert.deepEqual(scene.dialled, ["proxy.example:3128"]);
    const proxy = scene.accept();
    assert.match(proxy.text(), /^GET http:\/\/a\.example\/b\?c HTTP\/1\.1\r\nHost: a\.example\r\n/);
    assert.match(proxy.text(), /\r\nProxy-Authorization: Basic YWw6c2VjcmV0\r\n/);
    proxy.remote.write(answer());
    scene.get("http://b.example/");
    assert.match(proxy.text(), /GET http:\/\/b\.example\/ HTTP/);
  });

  it("gets CONNECT for https, and TLS is with the server", () => {
    const scene = new Scene({ proxy: "http://al:secret@proxy.example:3128" });
    scene.get("https://a.example/b");
    const proxy = scene.accept();
    assert.match(
      proxy.text(),
      /^CONNECT a\.example:443 HTTP\/1\.1\r\nHost: a\.example:443\r\nProxy-Authorization: Basic /,
    );
    assert.equal(
      "tls" in (scene.reactor.connects[0]?.options ?? {}) && scene.reactor.connects[0]?.options.tls,
      undefined,
    );
    proxy.clear();
    proxy.remote.write("HTTP/1.1 200 OK\r\n\r\n");
    assert.doesNotMatch(proxy.text(), /GET|secret/);
  });

  it("that refuses is told of", () => {
    const scene = new Scene({ proxy: "http://proxy.example:3128" });
    scene.get("https://a.example/");
    scene.accept().remote.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    assert.match(
      String(scene.errors[0]?.message),
      /\(connecting\): Proxy refused to connect to a\.example:443: 403 Forbidden/,
    );
    scene.reactor.settle();
    scene.assertNothingLeft();
  });

  it("of SOCKS gets the name to look up, for http as well", async () => {
    const scene = new Scene({ proxy: "socks5://proxy.example" });
    scene.get("http://a.example/");
    assert.deepEqual(scene.dialled, ["proxy.example:1080"]);
    const proxy = scene.accept();
    proxy.remote.write(new Uint8Array([5, 0]));
    assert.match(proxy.text(), /a\.example/);
    proxy.remote.write(new Uint8Array([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
    assert.match(proxy.text(), /GET \/ HTTP/);
    proxy.remote.write(answer("hemp"));
    assert.equal(await scene.responses[0]?.text(), "hemp");
  });

  it("is chosen by the URL, and by the environment", () => {
    const scene = new Scene({ proxy: ({ hostname }) => (hostname === "a" ? undefined : "http://proxy.example") });
    scene.get("http://a/");
    scene.get("http://b/");
    assert.deepEqual(scene.dialled, ["a:80", "proxy.example:80"]);
    const variables = {
      HTTP_PROXY: "http://evil",
      https_proxy: "http://p",
      no_proxy: "a.example, .b.example,c.example:81,::1",
    };
    const proxy = proxyFromEnvironment(variables);
    const chosen = [
      "http://x",
      "https://x",
      "https://a.example",
      "https://z.b.example",
      "https://nob.example",
      "https://c.example",
    ];
    assert.deepEqual(
      chosen.map((url) => proxy(new URL(url))),
      [undefined, "http://p", undefined, undefined, "http://p", "http://p"],
    );
  });

  it("that is none is refused", () => {
    const scene = new Scene({ proxy: "ftp://proxy.example" });
    scene.get();
    assert.match(String(scene.errors[0]?.message), /Cannot use the proxy "ftp:\/\/proxy\.example"/);
  });
});

describe("a login", () => {
  it("answers a challenge, and is not asked again", () => {
    const scene = new Scene();
    const auth = new ClientLogin(scene.reactor, { username: "al", password: "secret" });
    scene.get("http://rope.example/a", { auth });
    const server = scene.accept();
    assert.doesNotMatch(server.text(), /Authorization/);
    server.remote.write(
      answer(
        "",
        "401 Unauthorized",
        'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256\r\n',
      ),
    );
    assert.match(server.text(), /\r\nAuthorization: Digest [^\r]*uri="\/a"/);
    server.remote.write(answer("hemp"));
    assert.equal(scene.responses[0]?.status, 200);
    scene.get("http://rope.example/b", { auth });
    assert.match(server.text(), /uri="\/b"[^\r]*nc=00000002/);
  });

  it("that is wrong is answered with 401 once more, and that is given", () => {
    const scene = new Scene();
    scene.get(undefined, { auth: new ClientLogin(scene.reactor, { username: "al", password: "wrong" }) });
    const server = scene.accept();
    for (let count = 0; count < 2; count++) {
      server.remote.write(answer("", "401 Unauthorized", 'WWW-Authenticate: Basic realm="r"\r\n'));
    }
    assert.equal(scene.responses[0]?.status, 401);
    assert.equal(server.text().match(/^GET/gm)?.length, 2);
  });

  it("is not told to another origin", () => {
    const scene = new Scene();
    const auth = new ClientLogin(scene.reactor, { username: "al", password: "secret", preemptive: true });
    scene.get(undefined, { auth });
    const server = scene.accept();
    assert.match(server.text(), /Authorization: Basic/);
    server.remote.write(answer("", "302 Found", "Location: http://evil.example/\r\n"));
    assert.doesNotMatch(scene.accept(1).text(), /Authorization/);
  });
});

describe("a jar of cookies", () => {
  it("gives back what servers set, where they set it, as long as they said", () => {
    const jar = new CookieJar();
    const scene = new Scene({ defaults: { cookies: jar } });
    scene.get("http://www.rope.example/login");
    const server = scene.accept();
    server.remote.write(
      answer(
        "",
        "303 See Other",
        "Location: /in\r\nSet-Cookie: sid=7; HttpOnly; Max-Age=60\r\nSet-Cookie: all=1; Domain=rope.example\r\n" +
          "Set-Cookie: evil=1; Domain=example\r\nSet-Cookie: deep=1; Path=/deep\r\nSet-Cookie: safe=1; Secure\r\n",
      ),
    );
    assert.match(server.text(), /GET \/in[\s\S]*\r\nCookie: sid=7; all=1\r\n/);
    assert.equal(jar.cookiesFor("http://other.rope.example/", scene.reactor.wallTimeMs()), "all=1");
    assert.equal(jar.cookiesFor("http://evil.example/", scene.reactor.wallTimeMs()), undefined);
    server.remote.write(answer());
    scene.reactor.advance(60_000);
    scene.get("http://www.rope.example/deep/down");
    assert.match(scene.accept(1).text(), /\r\nCookie: deep=1; all=1\r\n/);
  });

  it("can be kept in a file", () => {
    const jar = new CookieJar();
    jar.store("http://rope.example/", ["a=1", "b=2; Max-Age=10", "not a cookie", "c=3; Max-Age=0"], 0);
    const again = CookieJar.fromJSON(jar.toJSON());
    assert.equal(again.cookiesFor("http://rope.example/", 0), "a=1; b=2");
    assert.equal(again.cookiesFor("http://rope.example/", 10_000), "a=1");
  });
});

describe("a file", () => {
  it("is sent with its length, and again where a redirect says so", async () => {
    const scene = new Scene();
    await scene.reactor.files.write("/hemp", "hemp".repeat(100_000));
    scene.ask("PUT", undefined, { file: "/hemp" });
    await turns();
    const server = scene.accept();
    const isThrough = async (bytes: number): Promise<void> => {
      for (let turn = 0; turn < 10 && server.bytes().length < bytes; turn++) {
        scene.reactor.settle();
        await turns();
      }
    };
    await isThrough(400_100);
    assert.match(server.text().slice(0, 300), /\r\nContent-Length: 400000\r\n\r\nhemp/);
    server.clear();
    server.remote.write(answer("", "307 Elsewhere", "Location: /there\r\n"));
    await isThrough(400_100);
    assert.match(server.text().slice(0, 300), /PUT \/there HTTP[\s\S]*\r\nContent-Length: 400000\r\n\r\nhemp/);
    assert.ok(server.bytes().length > 400_100);
  });

  it("that is not there fails the request", async () => {
    const scene = new Scene();
    scene.ask("PUT", undefined, { file: "/hemp" });
    await turns();
    assert.match(String(scene.errors[0]?.message), /ENOENT/);
    assert.deepEqual(scene.dialled, []);
  });
});

describe("an expectation that a server does not understand", () => {
  it("is left out the next time", async () => {
    const scene = new Scene();
    scene.ask("PUT", undefined, { body: "hemp", expectContinue: true });
    scene.accept().remote.write(answer("", "417 Expectation Failed"));
    const second = scene.accept(1);
    assert.match(second.text(), /hemp$/);
    assert.doesNotMatch(second.text(), /Expect/);
  });
});

describe("a switch of protocols", () => {
  const UPGRADE = { headers: { Connection: "upgrade", Upgrade: "rope" } };

  class Rope extends Protocol {
    heard = "";
    override dataReceived(data: Uint8Array): void {
      this.heard += new TextDecoder().decode(data);
    }
  }

  it("gives the connection to the other protocol, with what came already", () => {
    const scene = new Scene();
    const rope = new Rope();
    scene.agent
      .switch("GET", "http://rope.example/", UPGRADE, () => rope)
      .addCallback((response) => scene.outcomes.push(response));
    const server = scene.accept();
    server.remote.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: rope\r\nConnection: upgrade\r\n\r\nknot");
    server.remote.write("ted");
    rope.transport.write("hello");
    assert.deepEqual([scene.responses[0]?.status, rope.heard, server.text().slice(-5)], [101, "knotted", "hello"]);
    assert.equal(scene.agent.connections, 0);
  });

  it("that is declined is an answer like others", async () => {
    const scene = new Scene();
    const asked = scene.agent.switch("GET", "http://rope.example/", UPGRADE, () => assert.fail("nobody agreed"));
    scene.accept().remote.write(answer("no ropes here", "403 Forbidden"));
    assert.equal(await (await asked).text(), "no ropes here");
  });

  it("that only the headers speak of fails", () => {
    const scene = new Scene();
    scene.get(undefined, UPGRADE);
    scene.accept().remote.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: rope\r\nConnection: upgrade\r\n\r\n");
    assert.match(String(scene.errors[0]?.message), /use agent\.switch/);
  });
});
