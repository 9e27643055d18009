import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Deferred } from "../../../../core/deferred/deferred.ts";
import { MemoryReactor, type MemoryTransport } from "../../../../testing/index.ts";
import { Response } from "../../message/response.ts";
import { webServer } from "../../server/server.ts";
import type { Application } from "../../server/site.ts";
import { readLogin } from "./rules.ts";
import { type ForwardProxyOptions, forwardProxy } from "./server.ts";

describe("CONNECT to a proxy", () => {
  it("becomes a tunnel, with backpressure and the bytes that were sent ahead", () => {
    const { client, reactor } = asked("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\nhello");
    assert.equal(client.text(), "");
    const [dial] = reactor.connects;
    assert.equal(dial?.target, "93.184.216.34:443");
    const far = dial?.accept() as MemoryTransport;
    assert.match(client.text(), /^HTTP\/1.1 200 OK\r\n(Date: .*\r\n)?\r\n$/);
    assert.equal(far.text(), "hello");
    far.remote.write("welcome");
    assert.match(client.text(), /\r\n\r\nwelcome$/);
    client.remote.stopTaking();
    far.remote.write(new Uint8Array(500_000));
    assert.ok(client.bufferedBytes < 300_000, `${client.bufferedBytes} bytes are held`);
    client.remote.startTaking();
    reactor.settle();
    assert.ok(client.text().length > 500_000);
  });

  it("passes on the end of each direction, and then the connection's", () => {
    const { client, reactor } = asked(CONNECT);
    const far = reactor.connects[0]?.accept() as MemoryTransport;
    client.remote.end();
    assert.ok(far.remote.sawEnd);
    far.remote.write("last words");
    far.remote.end();
    assert.match(client.text(), /last words$/);
    reactor.advance(0);
    assert.deepEqual([client.connected, far.connected], [false, false]);
    assert.equal(reactor.getDelayedCalls().length, 0);
  });

  it("passes on a reset", () => {
    const { client, reactor } = asked(CONNECT);
    const far = reactor.connects[0]?.accept() as MemoryTransport;
    far.remote.reset();
    reactor.settle();
    assert.ok(client.remote.sawReset);
  });

  it("ends when nothing has gone through it for idleTimeoutMs", () => {
    const { client, reactor } = asked(CONNECT, { idleTimeoutMs: 10_000 });
    const far = reactor.connects[0]?.accept() as MemoryTransport;
    reactor.advance(9_000);
    far.remote.write("x");
    reactor.advance(9_000);
    assert.ok(client.connected);
    reactor.advance(1_000);
    reactor.settle();
    assert.deepEqual([client.connected, far.connected], [false, false]);
  });

  for (const target of ["example.org:25", "example.org:80", "[2606:4700::1111]:22"]) {
    it(`is refused for ${target}: tunnels lead to 443 only`, () => {
      const { client, reactor } = asked(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
      assert.match(client.text(), /^HTTP\/1.1 403 /);
      assert.equal(reactor.connects.length, 0);
    });
  }

  it("reaches the ports that are allowed", () => {
    const { reactor } = asked("CONNECT example.org:25 HTTP/1.1\r\nHost: example.org:25\r\n\r\n", { tunnelPorts: [25] });
    assert.equal(reactor.connects[0]?.target, "93.184.216.34:25");
  });

  for (const host of ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "inside.example"]) {
    it(`is refused for ${host}, which is no place of the Internet`, () => {
      const { client, reactor } = asked(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`);
      assert.match(client.text(), /^HTTP\/1.1 403 [\s\S]*This proxy does not reach that address\n$/);
      assert.equal(reactor.connects.length, 0);
    });
  }

  it("dials only those addresses of a name that are allowed", () => {
    const { reactor } = asked("CONNECT both.example:443 HTTP/1.1\r\nHost: both.example:443\r\n\r\n");
    reactor.advance(1_000);
    assert.deepEqual(
      reactor.connects.map(({ target }) => target),
      ["93.184.216.35:443"],
    );
  });

  it("is told 502 if nobody listens there, 504 if nobody answers", () => {
    const refused = asked(CONNECT);
    refused.reactor.connects[0]?.refuse();
    assert.match(refused.client.text(), /^HTTP\/1.1 502 [\s\S]*Cannot reach example.org: the connection failed\n$/);
    const late = asked(CONNECT, { connectTimeoutMs: 5_000 });
    late.reactor.advance(5_000);
    assert.match(late.client.text(), /^HTTP\/1.1 504 [\s\S]*it did not answer in time\n$/);
    const unknown = asked("CONNECT nowhere.example:443 HTTP/1.1\r\nHost: nowhere.example:443\r\n\r\n");
    assert.match(unknown.client.text(), /^HTTP\/1.1 502 /);
  });

  it("after a refusal the connection serves the next request", () => {
    const { client } = asked(`${CONNECT.replaceAll("443", "25")}${CONNECT.replaceAll("443", "26")}`);
    assert.equal(client.text().match(/HTTP\/1.1 403/g)?.length, 2);
  });

  it("that is given up stops dialling", () => {
    const { client, reactor } = asked(CONNECT);
    client.remote.reset();
    reactor.settle();
    assert.equal(reactor.connects[0]?.state, "cancelled");
    assert.equal(reactor.getDelayedCalls().length, 0);
  });

  it("leaves nothing behind if its answer was replaced", async () => {
    const { client, reactor } = asked(CONNECT, {}, (proxy) => async (request) => {
      await proxy(request);
      return new Response("changed my mind", { status: 500 });
    });
    const far = reactor.connects[0]?.accept() as MemoryTransport;
    await turns();
    assert.match(client.text(), /changed my mind$/);
    reactor.advance(1);
    assert.ok(far.remote.sawReset);
  });

  it("leaves nothing behind if the client went before its answer left", async () => {
    const hold = new Deferred<void>();
    const { client, reactor } = asked(CONNECT, {}, (proxy) => async (request) => {
      const answer = await proxy(request);
      await hold;
      return answer;
    });
    const far = reactor.connects[0]?.accept() as MemoryTransport;
    await turns();
    far.remote.write("too early");
    client.remote.reset();
    reactor.settle();
    assert.ok(far.remote.sawReset);
    hold.callback();
    await turns();
    assert.equal(reactor.connections.length, 0);
  });
});

describe("the rules of a proxy", () => {
  it("see what is asked for, and by whom", async () => {
    const seen: unknown[] = [];
    const allow: ForwardProxyOptions["allow"] = ({ method, host, port, username }) => {
      seen.push([method, host, port, username]);
      return Promise.resolve(false);
    };
    const { client } = asked(CONNECT, { allow });
    await turns();
    assert.match(client.text(), /^HTTP\/1.1 403 [\s\S]*This proxy does not do that for you\n$/);
    assert.deepEqual(seen, [["CONNECT", "example.org", 443, undefined]]);
  });

  it("want a login, and take the right one", () => {
    const options: ForwardProxyOptions = {
      realm: 'a "rope"',
      authenticate: ({ username, password }, { host }) => `${username}:${password}@${host}` === "ann:p:w@example.org",
    };
    const nobody = asked(CONNECT, options);
    assert.match(
      nobody.client.text(),
      /^HTTP\/1.1 407 [\s\S]*Proxy-Authenticate: Basic realm="a \\"rope\\"", charset="UTF-8"\r/,
    );
    const wrong = asked(withLogin("ann:other"), options);
    assert.match(wrong.client.text(), /^HTTP\/1.1 407 /);
    const right = asked(withLogin("ann:p:w"), options);
    assert.equal(right.reactor.connects.length, 1);
    assert.equal(nobody.reactor.connects.length + wrong.reactor.connects.length, 0);
  });

  it("count what is under way, until it ends", () => {
    const { server, client, reactor } = asked(CONNECT, { limits: { total: 1 } });
    const far = reactor.connects[0]?.accept() as MemoryTransport;
    assert.match(server(CONNECT).text(), /^HTTP\/1.1 503 /);
    client.remote.reset();
    reactor.settle();
    assert.ok(far.remote.sawReset);
    server(CONNECT);
    assert.equal(reactor.connects.length, 2);
    reactor.connects[1]?.refuse();
    server(CONNECT);
    assert.equal(reactor.connects.length, 3);
  });

  it("count for each peer", () => {
    const { server } = asked(CONNECT, { limits: { perPeer: 2 } });
    assert.equal(server(CONNECT).text(), "");
    assert.match(server(CONNECT).text(), /^HTTP\/1.1 429 /);
    assert.equal(server(CONNECT, "192.0.2.8").text(), "");
  });
});

describe("a login", () => {
  for (const [field, login] of [
    ["Basic YW5uOnNlY3JldA==", { username: "ann", password: "secret" }],
    ["basic  w6RubjpwOnc=", { username: "änn", password: "p:w" }],
    ["Basic YW5u", undefined],
    ["Basic ????", undefined],
    ["Bearer YW5uOnNlY3JldA==", undefined],
    ["Basic A", undefined],
    [null, undefined],
  ] as const) {
    it(`of ${field} is ${JSON.stringify(login)}`, () => assert.deepEqual(readLogin(field), login));
  }
});

it("what is no request to a proxy is answered by `otherwise`, or by 400", () => {
  const page = "GET /page HTTP/1.1\r\nHost: proxy.example\r\n\r\n";
  assert.match(asked(page).client.text(), /^HTTP\/1.1 400 /);
  assert.match(asked(page, { otherwise: () => new Response("a page") }).client.text(), /a page$/);
});

const CONNECT = "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n";
const HOSTS = {
  "example.org": ["93.184.216.34"],
  "inside.example": ["10.0.0.1", "::1"],
  "both.example": ["192.168.1.1", "93.184.216.35"],
};

function withLogin(login: string): string {
  return CONNECT.replace("\r\n\r\n", `\r\nProxy-Authorization: Basic ${btoa(login)}\r\n\r\n`);
}

/** A proxy, and a client that has asked it for something. */
function asked(
  text: string,
  options?: ForwardProxyOptions,
  wrap = (proxy: ReturnType<typeof forwardProxy>): Application => proxy,
) {
  const reactor = new MemoryReactor({ hosts: HOSTS });
  reactor.listenTcp({ port: 3128 }, webServer(reactor, wrap(forwardProxy(reactor, options))));
  const server = (ask: string, host = "192.0.2.7"): MemoryTransport => {
    const client = reactor.dial(3128, { peer: { kind: "tcp", host, port: 50_000, family: 4 } });
    client.remote.write(ask);
    reactor.settle();
    return client;
  };
  return { reactor, server, client: server(text) };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
