import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { connect } from "../../../endpoints/connect.ts";
import { endpointTypes } from "../../../endpoints/default-types.ts";
import { quoteArgument } from "../../../endpoints/grammar.ts";
import { MemoryReactor, type MemoryTransport } from "../../../testing/index.ts";
import { Recorder } from "../../../testing/recorder.ts";
import { connectThroughHttp, type HttpConnectOptions } from "./client.ts";
import "./endpoints/client.ts";
import { ProxyRefusedError } from "./errors.ts";

describe("connectThroughHttp", () => {
  test("asks for the target by its name, and hands the connection over at 200", () => {
    const { proxy, client, connected } = asked();
    assert.equal(proxy.text(), "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n");
    assert.deepEqual(client.events, []);
    proxy.remote.write("HTTP/1.1 200 Connection established\r\n\r\n");
    assert.deepEqual([client.events, connected()], [["made"], client]);
    client.transport.write("hello");
    proxy.remote.write("welcome");
    assert.ok(proxy.text().endsWith("\r\n\r\nhello"));
    assert.equal(client.text, "welcome");
  });

  test("what the target says first comes after the Deferred has fired", () => {
    const { proxy, client, connecting } = asked();
    connecting.addCallback(() => client.events.push("fired"));
    proxy.remote.write("HTTP/1.1 200 OK\r\n\r\n220 mail.example.org\r\n");
    assert.deepEqual(client.events, ["made", "fired", "data 220 mail.example.org\r\n"]);
  });

  test("a length in the answer to CONNECT means nothing", () => {
    const { proxy, client } = asked();
    proxy.remote.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    assert.equal(client.text, "hello");
  });

  test("goes on after an informational answer", () => {
    const { proxy, client } = asked();
    proxy.remote.write("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n\r\n");
    assert.deepEqual(client.events, ["made"]);
  });

  test("logs in by Basic, in UTF-8, and sends more fields", () => {
    const { proxy } = asked({ login: { username: "änn", password: "p:w" }, headers: { "User-Agent": "rope" } });
    const credentials = Buffer.from("änn:p:w").toString("base64");
    assert.match(
      proxy.text(),
      new RegExp(`\r\nProxy-Authorization: Basic ${credentials}\r\nUser-Agent: rope\r\n\r\n$`),
    );
  });

  test("an IPv6 address is in brackets", () => {
    const { proxy } = asked({ host: "2001:db8::1", port: 80 });
    assert.match(proxy.text(), /^CONNECT \[2001:db8::1\]:80 HTTP/);
  });

  test("fails with what the proxy answered, and leaves no connection", () => {
    const { reactor, proxy, failure, client } = asked();
    proxy.remote.write(
      'HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm="rope"\r\nContent-Length: 9\r\n\r\n',
    );
    const error = failure();
    assert.ok(error instanceof ProxyRefusedError);
    assert.equal(error.message, "Proxy refused to connect to example.org:443: 407 Who are you");
    assert.deepEqual([error.status, error.headers.get("proxy-authenticate")], [407, 'Basic realm="rope"']);
    assert.ok(proxy.remote.sawReset);
    assert.deepEqual([client.events, reactor.getDelayedCalls().length], [[], 0]);
  });

  for (const [what, says, problem] of [
    ["says what is no HTTP", "SSH-2.0-rope\r\n", /RemoteProtocolError/],
    ["goes without an answer", undefined, /ConnectionLost: Connection was lost before the proxy had answered/],
  ] as const) {
    test(`fails if the proxy ${what}`, () => {
      const { reactor, proxy, failure } = asked();
      if (says === undefined) proxy.remote.reset();
      else proxy.remote.write(says);
      reactor.settle();
      assert.match(String(failure()), problem);
      assert.equal(reactor.getDelayedCalls().length, 0);
    });
  }

  test("fails after timeoutMs, and leaves no connection", () => {
    const { reactor, proxy, failure } = asked({ timeoutMs: 5_000 });
    reactor.advance(4_999);
    assert.equal(failure(), undefined);
    reactor.advance(1);
    assert.equal(failure()?.name, "TimeoutError");
    assert.ok(proxy.remote.sawReset);
  });

  test("cancelling it leaves no connection", () => {
    const { proxy, connecting, failure } = asked();
    connecting.cancel();
    assert.equal(failure()?.name, "AbortError");
    assert.ok(proxy.remote.sawReset);
  });

  test("fails with what connectionMade throws", () => {
    const { proxy, client, failure } = asked();
    client.onMade = () => {
      throw new Error("knot");
    };
    proxy.remote.write("HTTP/1.1 200 OK\r\n\r\n");
    assert.equal(failure()?.message, "knot");
    assert.ok(proxy.remote.sawReset);
  });

  test("fails for a host that no request can name, before anything is sent", () => {
    const { proxy, failure } = asked({ host: "a b" });
    assert.match(failure()?.message ?? "", /Cannot send CONNECT for the target "a b:443"/);
    assert.equal(proxy.text(), "");
  });

  test("fails for a login that Basic cannot say", () => {
    assert.match(
      asked({ login: { username: "a:b", password: "" } }).failure()?.message ?? "",
      /by Basic: the name has a colon/,
    );
  });

  test("backpressure and both ends pass through", () => {
    const { proxy, client } = asked();
    proxy.remote.write("HTTP/1.1 200 OK\r\n\r\n");
    proxy.remote.stopTaking();
    client.transport.write(new Uint8Array(1_000_000));
    assert.ok(client.events.includes("paused"));
    proxy.remote.startTaking();
    assert.ok(client.events.includes("resumed"));
    proxy.remote.end();
    assert.equal(client.events.at(-1), "lost ConnectionDone");
  });
});

describe("http-connect:", () => {
  test("asks the proxy for the target inside of it, with a login", () => {
    const reactor = new MemoryReactor();
    const inner = quoteArgument("tcp:example.org:80");
    connect(reactor, `http-connect:127.0.0.1:3128:endpoint=${inner}:username=ann:password=s`, () => new Recorder());
    const [connecting] = reactor.connects;
    assert.equal(connecting?.target, "127.0.0.1:3128");
    assert.match(connecting?.accept().text() ?? "", /^CONNECT example.org:80 [\s\S]*Authorization: Basic YW5uOnM=\r\n/);
  });

  test("tls: inside is TLS with the target, verified by its name, through the proxy", () => {
    const reactor = new MemoryReactor();
    const inner = quoteArgument("tls:example.org:443:alpn=h2");
    connect(reactor, `http-connect:127.0.0.1:3128:endpoint=${inner}`, () => new Recorder());
    reactor.settle();
    const proxy = reactor.connects[0]?.accept();
    assert.match(proxy?.text() ?? "", /^CONNECT example.org:443 /);
    proxy?.remote.write("HTTP/1.1 200 OK\r\n\r\n");
    assert.deepEqual(proxy?.tlsRequest, { side: "client", tls: { servername: "example.org", alpn: ["h2"] } });
  });

  for (const [description, problem] of [
    ["http-connect:h:3128", /argument "endpoint" is missing; the form is http-connect:PROXY:PORT/],
    ["http-connect:h:3128:endpoint=unix\\:/x", /a proxy reaches tcp: and tls: only, not "unix:"/],
    ["http-connect:h:3128:endpoint=tcp\\:a\\:80:username=u", /argument "password" is missing: a login has both/],
  ] as const) {
    test(`refuses ${description}`, () => {
      assert.throws(() => endpointTypes.client(description), problem);
    });
  }
});

/** A client that has connected to its proxy, and asked. */
function asked(options: Partial<HttpConnectOptions> = {}) {
  const reactor = new MemoryReactor();
  const client = new Recorder();
  let failure: Error | undefined;
  let value: Recorder | undefined;
  const all = { proxy: "tcp:127.0.0.1:3128", host: "example.org", port: 443, ...options };
  const connecting = connectThroughHttp(reactor, all, () => client);
  const proxy = reactor.connects[0]?.accept() as MemoryTransport;
  connecting.addCallbacks(
    (made) => {
      value = made;
    },
    (error: Error) => {
      failure = error;
    },
  );
  return { reactor, proxy, client, connecting, failure: () => failure, connected: () => value };
}
