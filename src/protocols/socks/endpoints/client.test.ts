import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { connect } from "../../../endpoints/connect.ts";
import { endpointTypes } from "../../../endpoints/default-types.ts";
import { quoteArgument } from "../../../endpoints/grammar.ts";
import { MemoryReactor } from "../../../testing/index.ts";
import { Recorder } from "../../../testing/recorder.ts";
import { socksServer } from "../server.ts";
import "./client.ts";

describe("socks5: and socks4:", () => {
  test("reach a target by its name through a proxy, with a login", async () => {
    const reactor = new MemoryReactor({ network: true, hosts: { "example.org": ["127.0.0.1"] } });
    const users: (string | undefined)[] = [];
    const allow = ({ username }: { username: string | undefined }): boolean => users.push(username) > 0;
    const authenticate = ({ password }: { password: string }): boolean => password === "a:b=c";
    await reactor.listenTcp({ port: 1080, host: "127.0.0.1" }, socksServer(reactor, { authenticate, allow }));
    const target = new Recorder();
    await reactor.listenTcp({ port: 80 }, () => target);
    const inner = quoteArgument("tcp:example.org:80");
    const login = `username=ann:password=${quoteArgument("a:b=c")}`;
    const connecting = connect(reactor, `socks5:127.0.0.1:1080:endpoint=${inner}:${login}`, () => new Recorder());
    reactor.settle();
    (await connecting).transport.write("hello");
    reactor.settle();
    assert.equal(target.text, "hello");
    assert.deepEqual(users, ["ann"]);
  });

  test("socks4: says the user id, and leaves names to the proxy", () => {
    const reactor = new MemoryReactor();
    connect(reactor, "socks4:127.0.0.1:1080:endpoint=tcp\\:example.org\\:80:userId=ann", () => new Recorder());
    const sent = reactor.connects[0]?.accept().bytes() as Uint8Array;
    assert.equal(Buffer.from(sent).toString("latin1"), "\x04\x01\0\x50\0\0\0\x01ann\0example.org\0");
  });

  test("tls: inside is TLS with the target, verified by its name, through the proxy", async () => {
    const reactor = new MemoryReactor();
    const inner = quoteArgument("tls:example.org:443:alpn=h2");
    const client = new Recorder();
    connect(reactor, `socks5:127.0.0.1:1080:timeoutMs=5000:endpoint=${inner}`, () => client);
    reactor.settle();
    const proxy = reactor.connects[0]?.accept();
    assert.equal(reactor.connects[0]?.target, "127.0.0.1:1080");
    proxy?.remote.write(Uint8Array.of(5, 0));
    assert.match(new TextDecoder().decode(proxy?.bytes()), /example\.org/);
    proxy?.remote.write(Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
    assert.deepEqual(proxy?.tlsRequest, { side: "client", tls: { servername: "example.org", alpn: ["h2"] } });
    assert.deepEqual(client.events, []);
  });

  test("the proxy is dialled from bindAddress", () => {
    const reactor = new MemoryReactor();
    connect(reactor, "socks5:h:1080:endpoint=tcp\\:a\\:1:bindAddress=127.0.0.2", () => new Recorder());
    assert.deepEqual(reactor.connects[0]?.options, { host: "h", port: 1080, bindAddress: "127.0.0.2" });
  });

  for (const [description, problem] of [
    ["socks5:h:1080", /argument "endpoint" is missing; the form is socks5:PROXY:PORT/],
    ["socks5:h", /argument "port" is missing/],
    ["socks5:h:1080:endpoint=unix\\:/x", /a proxy reaches tcp: and tls: only, not "unix:"/],
    ["socks5:h:1080:endpoint=tcp\\:a", /Cannot parse endpoint "tcp:a": argument "port" is missing/],
    ["socks5:h:1080:endpoint=tcp\\:a\\:80\\:timeoutMs\\=5", /unknown argument "timeoutMs"/],
    ["socks5:h:1080:endpoint=tls\\:a\\:1\\:endpoint\\=x", /its tls: has an endpoint= of its own/],
    ["socks5:h:1080:endpoint=tcp\\:a\\:80:username=u", /argument "password" is missing: a login has both/],
    ["socks5:h:1080:endpoint=tcp\\:a\\:80:password=u", /argument "username" is missing/],
    ["socks4:h:1080:endpoint=tcp\\:a\\:80:username=u", /unknown argument "username"/],
  ] as const) {
    test(`refuses ${description}`, () => {
      assert.throws(() => endpointTypes.client(description), problem);
    });
  }
});
