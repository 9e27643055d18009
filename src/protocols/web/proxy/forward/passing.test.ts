import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryReactor, type MemoryTransport } from "../../../../testing/index.ts";
import { webServer } from "../../server/server.ts";
import { type ForwardProxy, type ForwardProxyOptions, forwardProxy } from "./server.ts";

const GET = "GET http://example.org/ropes?length=7 HTTP/1.1\r\nHost: example.org\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhemp";

describe("a request for a whole URL", () => {
  it("goes to its server, without what was for the proxy, and its answer comes back", () => {
    const { reactor, client } = asked(
      GET.replace("\r\n\r\n", "\r\nProxy-Authorization: Basic x\r\nProxy-Connection: keep-alive\r\nX: 1\r\n\r\n"),
    );
    assert.equal(reactor.connects[0]?.target, "93.184.216.34:80");
    const server = reactor.connects[0]?.accept() as MemoryTransport;
    reactor.settle();
    assert.equal(server.text(), "GET /ropes?length=7 HTTP/1.1\r\nHost: example.org\r\nX: 1\r\nVia: 1.1 rope\r\n\r\n");
    server.remote.write(OK);
    assert.match(client.text(), /^HTTP\/1.1 200 OK\r\n[\s\S]*Content-Length: 4\r\nVia: 1.1 rope\r\n[\s\S]*hemp$/);
  });

  it("goes over the connection of the one before, to the port that it names", () => {
    const { reactor, client } = asked(GET.replaceAll("example.org", "example.org:8080"));
    assert.equal(reactor.connects[0]?.target, "93.184.216.34:8080");
    const server = reactor.connects[0]?.accept() as MemoryTransport;
    server.remote.write(OK);
    client.remote.write(GET.replaceAll("example.org", "example.org:8080"));
    reactor.settle();
    assert.equal(server.text().match(/\r\nHost: example.org:8080\r\n/g)?.length, 2);
    assert.equal(reactor.connects.length, 1);
  });

  it("has the Host of its URL, whatever Host says", () => {
    const { reactor } = asked(GET.replace("Host: example.org", "Host: inside.example"));
    const server = reactor.connects[0]?.accept() as MemoryTransport;
    reactor.settle();
    assert.match(server.text(), /^GET \/ropes\?length=7 HTTP\/1.1\r\nHost: example.org\r\nVia/);
  });

  for (const [url, status] of [
    ["http://127.0.0.1/", 403],
    ["http://[::1]/", 403],
    ["http://inside.example/", 403],
    ["http://example.org:25/", 403],
    ["http://nowhere.example/", 502],
    ["https://example.org/", 400],
    ["ftp://example.org/", 400],
  ] as const) {
    it(`${url} is answered ${status}, and nobody is dialled`, () => {
      const { reactor, client } = asked(`GET ${url} HTTP/1.1\r\nHost: ${new URL(url).host}\r\n\r\n`);
      assert.match(client.text(), new RegExp(`^HTTP/1.1 ${status} `));
      assert.equal(reactor.connects.length, 0);
    });
  }

  it("through itself is seen as a circle", () => {
    const { client } = asked(GET.replace("\r\n\r\n", "\r\nVia: 1.1 rope\r\n\r\n"));
    assert.match(client.text(), /^HTTP\/1.1 508 /);
  });

  it("is answered 502 if nobody listens there, 504 if nobody answers", () => {
    const refused = asked(GET);
    refused.reactor.connects[0]?.refuse();
    assert.match(refused.client.text(), /^HTTP\/1.1 502 /);
    const silent = asked(GET, { answerTimeoutMs: 5_000 });
    silent.reactor.connects[0]?.accept();
    silent.reactor.advance(5_000);
    assert.match(silent.client.text(), /^HTTP\/1.1 504 /);
    const unconnected = asked(GET, { connectTimeoutMs: 5_000 });
    unconnected.reactor.advance(5_000);
    assert.match(unconnected.client.text(), /^HTTP\/1.1 504 /);
  });

  it("takes a seat until its answer is complete, and gives it back when the client goes", () => {
    const { reactor, client, ask } = asked(GET, { limits: { total: 1 } });
    const server = reactor.connects[0]?.accept() as MemoryTransport;
    assert.match(ask(GET).text(), /^HTTP\/1.1 503 /);
    server.remote.write(OK);
    assert.match(client.text(), /hemp$/);
    const second = ask(GET);
    assert.equal(second.text(), "");
    second.remote.reset();
    reactor.settle();
    assert.equal(ask(GET).text(), "");
  });

  it("does not use a connection of somebody for whom other rules hold", () => {
    const allowAddress = () => true;
    const { reactor, ask } = asked(GET, { allowAddress });
    reactor.connects[0]?.accept().remote.write(OK);
    ask(GET, "192.0.2.9");
    assert.equal(reactor.connects.length, 2);
  });

  it("wants a login as CONNECT does", () => {
    const { client } = asked(GET, { authenticate: () => false });
    assert.match(client.text(), /^HTTP\/1.1 407 /);
  });
});

it("a proxy that is closed keeps no connection, and no timer", async () => {
  const { reactor, client, proxy } = asked(GET);
  reactor.connects[0]?.accept().remote.write(OK);
  client.remote.reset();
  await proxy.close();
  reactor.settle();
  assert.deepEqual([reactor.connections.length, reactor.getDelayedCalls().length], [0, 0]);
});

/** A proxy, and a client that has asked it for something. */
function asked(text: string, options?: ForwardProxyOptions) {
  const reactor = new MemoryReactor({ hosts: { "example.org": ["93.184.216.34"], "inside.example": ["10.0.0.1"] } });
  const proxy: ForwardProxy = forwardProxy(reactor, { via: "rope", ...options });
  reactor.listenTcp({ port: 3128 }, webServer(reactor, proxy));
  const ask = (what: string, host = "192.0.2.7"): MemoryTransport => {
    const client = reactor.dial(3128, { peer: { kind: "tcp", host, port: 50_000, family: 4 } });
    client.remote.write(what);
    reactor.settle();
    return client;
  };
  return { reactor, proxy, ask, client: ask(text) };
}
