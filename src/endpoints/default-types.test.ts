import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Deferred } from "../core/deferred/deferred.ts";
import { Protocol } from "../core/protocol.ts";
import type { Port, Reactor } from "../core/reactor.ts";
import { endpointTypes } from "./default-types.ts";

type Call = [method: string, first: unknown];

describe("server descriptions ask the reactor for what they say", () => {
  const cases: [string, Call][] = [
    ["tcp:80", ["listenTcp", { port: 80 }]],
    ["tcp:port=0:interface=127.0.0.1:backlog=5", ["listenTcp", { port: 0, host: "127.0.0.1", backlog: 5 }]],
    ["tcp:80:interface=\\:\\:1", ["listenTcp", { port: 80, host: "::1" }]],
    ["tcp6:80", ["listenTcp", { port: 80, host: "::", ipv6Only: true }]],
    ["tcp6:80:interface=\\:\\:1", ["listenTcp", { port: 80, host: "::1", ipv6Only: true }]],
    ["unix:/run/a\\:b.sock", ["listenUnix", { path: "/run/a:b.sock" }]],
    [
      "unix:path=x:mode=660:lockfile=1:backlog=9",
      ["listenUnix", { path: "x", mode: 0o660, lockfile: true, backlog: 9 }],
    ],
    ["unix:x:lockfile=0", ["listenUnix", { path: "x", lockfile: false }]],
    ["fd:3", ["adoptPort", 3]],
    ["fd:descriptor=3", ["adoptPort", 3]],
  ];
  for (const [description, call] of cases) {
    test(description, () => {
      const { reactor, calls } = recordingReactor();
      endpointTypes.server(description).listen(reactor, factory);
      assert.deepEqual(calls, [call]);
    });
  }
});

describe("client descriptions ask the reactor for what they say", () => {
  const cases: [string, Call][] = [
    ["tcp:example.org:80", ["connectTcp", { host: "example.org", port: 80 }]],
    ["tcp:host=\\:\\:1:port=80", ["connectTcp", { host: "::1", port: 80 }]],
    [
      "tcp:h:80:timeoutMs=500:bindAddress=127.0.0.2",
      ["connectTcp", { host: "h", port: 80, timeoutMs: 500, bindAddress: "127.0.0.2" }],
    ],
    ["unix:/run/x.sock", ["connectUnix", { path: "/run/x.sock" }]],
    ["unix:path=x:timeoutMs=500", ["connectUnix", { path: "x", timeoutMs: 500 }]],
    ["fd:3", ["adoptConnection", 3]],
    ["tls:example.org:443", ["connectTcp", { host: "example.org", port: 443, tls: { servername: "example.org" } }]],
    [
      "tls:10.0.0.1:443:servername=example.org:alpn=h2,http/1.1:minVersion=tlsv1.3:timeoutMs=500:bindAddress=127.0.0.2",
      [
        "connectTcp",
        {
          host: "10.0.0.1",
          port: 443,
          timeoutMs: 500,
          bindAddress: "127.0.0.2",
          tls: { servername: "example.org", alpn: ["h2", "http/1.1"], minVersion: "TLSv1.3" },
        },
      ],
    ],
    ["tls:example.org:endpoint=tcp\\:10.0.0.1\\:8443", ["connectTcp", { host: "10.0.0.1", port: 8443 }]],
    ["tls:example.org:443:endpoint=unix\\:/run/a\\\\\\:b", ["connectUnix", { path: "/run/a:b" }]],
  ];
  for (const [description, call] of cases) {
    test(description, () => {
      const { reactor, calls } = recordingReactor();
      endpointTypes.client(description).connect(reactor, factory);
      assert.deepEqual(calls, [call]);
    });
  }
});

describe("mistakes name the argument and show the form", () => {
  const mistakes: [side: "server" | "client", description: string, argument: string | undefined, form: string][] = [
    ["server", "tcp", "port", "tcp:PORT[:interface=A][:backlog=N]"],
    ["server", "tcp:65536", "port", "tcp:PORT[:interface=A][:backlog=N]"],
    ["server", "tcp:80:backlog=0", "backlog", "tcp:PORT[:interface=A][:backlog=N]"],
    ["server", "tcp:80:mode=660", "mode", "tcp:PORT[:interface=A][:backlog=N]"],
    ["server", "tcp:80:interface=", "interface", "tcp:PORT[:interface=A][:backlog=N]"],
    ["server", "tcp:80:interface=::1", "", "tcp:PORT[:interface=A][:backlog=N]"],
    [
      "server",
      "tcp6:80:interface=127.0.0.1",
      "interface",
      "tcp6:PORT[:interface=A][:backlog=N], the colons of A escaped with \\",
    ],
    ["server", "unix", "path", "unix:PATH[:mode=660][:lockfile=0|1][:backlog=N]"],
    ["server", "unix:x:mode=999", "mode", "unix:PATH[:mode=660][:lockfile=0|1][:backlog=N]"],
    ["server", "unix:x:lockfile=maybe", "lockfile", "unix:PATH[:mode=660][:lockfile=0|1][:backlog=N]"],
    ["server", "fd:stdin", "descriptor", "fd:N"],
    ["server", "stdio:1", "1", "stdio: (no arguments)"],
    ["server", "systemd:domain=IPX:index=0", "domain", "systemd[:domain=INET|INET6|UNIX]:index=N or …:name=S"],
    ["client", "tcp:example.org", "port", "tcp:HOST:PORT[:timeoutMs=N][:bindAddress=A]"],
    ["client", "tcp:example.org:0", "port", "tcp:HOST:PORT[:timeoutMs=N][:bindAddress=A]"],
    ["client", "tcp:example.org:80:timeoutMs=30s", "timeoutMs", "tcp:HOST:PORT[:timeoutMs=N][:bindAddress=A]"],
    ["client", "unix:", "path", "unix:PATH[:timeoutMs=N]"],
    ["client", "fd:-1", "descriptor", "fd:N"],
  ];
  for (const [side, description, argument, form] of mistakes) {
    test(`${side} ${description}`, () => {
      assert.throws(() => endpointTypes[side](description), {
        name: "EndpointSyntaxError",
        description,
        argument,
        form,
      });
    });
  }

  const tlsMistakes: [side: "server" | "client", description: string, argument: string, message: RegExp][] = [
    ["server", "tls:443", "cert", /"cert" is missing: TLS needs cert=, key= \(one file may hold both\) or sni=/],
    ["server", "tls:443:sni=d:chain=f", "chain", /"chain" needs cert= or key=/],
    [
      "server",
      "tls:443:cert=f:clientCertificates=require",
      "clientCa",
      /"clientCa" is missing: clientCertificates needs it/,
    ],
    ["server", "tls:443:cert=f:minVersion=TLSv1.1", "minVersion", /"TLSv1.1" is not one of TLSv1.2, TLSv1.3/],
    ["server", "tls:443:cert=f:alpn=h2,", "alpn", /it is empty/],
    ["client", "tls:example.org", "port", /"port" is missing/],
    ["client", "tls:h:443:bindAddress=::1", "", /a colon inside an argument is written \\:/],
    ["client", "tls:h:endpoint=tcp\\:i\\:80:bindAddress=a", "bindAddress", /"bindAddress" belongs inside endpoint=/],
  ];
  for (const [side, description, argument, message] of tlsMistakes) {
    test(`${side} ${description}`, () => {
      assert.throws(() => endpointTypes[side](description), {
        name: "EndpointSyntaxError",
        description,
        argument,
        message,
      });
    });
  }

  test("a mistake in the description inside another is told about that one", () => {
    assert.throws(() => endpointTypes.client("tls:h:endpoint=tcp\\:i"), {
      name: "EndpointSyntaxError",
      description: "tcp:i",
      argument: "port",
    });
  });
});

describe("stdio:", () => {
  test("as a server makes the one connection, and a port that can be stopped without ending it", async () => {
    const { reactor, calls, results } = recordingReactor();
    const listening = endpointTypes.server("stdio:").listen(reactor, factory);
    assert.deepEqual(calls, [["openStdio", factory]]);
    results[0]?.callback(new Protocol());
    const port: Port = await listening;
    assert.deepEqual(port.address, { kind: "stdio" });
    assert.equal(port.listening, true);
    await port[Symbol.asyncDispose]();
    assert.equal(port.listening, false);
  });

  test("as a client gives the protocol", async () => {
    const { reactor, calls, results } = recordingReactor();
    const connecting = endpointTypes.client("stdio").connect(reactor, factory);
    assert.deepEqual(calls, [["openStdio", factory]]);
    const protocol = new Protocol();
    results[0]?.callback(protocol);
    assert.equal(await connecting, protocol);
  });
});

const factory = () => new Protocol();

/** Writes down the method and first argument of each call, and leaves its result to the test. */
function recordingReactor() {
  const calls: Call[] = [];
  const results: Deferred<unknown>[] = [];
  const reactor = new Proxy({} as Reactor, {
    get: (_target, method: string) => (first: unknown) => {
      const result = new Deferred<unknown>();
      calls.push([method, first]);
      results.push(result);
      return result;
    },
  });
  return { reactor, calls, results };
}
