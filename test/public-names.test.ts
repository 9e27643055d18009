/** The names that ARCHITECTURE.md and the README promise are there under the subpaths that they promise, built and typed. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exportedSubpaths, exportsOf } from "../tools/declarations.ts";

/** What can be called or extended. */
const VALUES: Readonly<Record<string, string>> = {
  ropewalk: `
    Deferred succeed fail maybeDeferred gatherResults deferredList race coroutine fromAsync
    DeferredLock DeferredSemaphore DeferredQueue
    CancelledError AlreadyCalledError TimeoutError FirstError
    Protocol DatagramProtocol ProcessProtocol
    NodeReactor listen connect run react
    LoopingCall Cooperator deferLater Deadline
    ConnectionDone ConnectionLost ConnectionAborted ConnectError
    Logger`,
  "ropewalk/amp": "AmpProtocol Responders command oneWayCommand switchCommand ListOf AmpList optional",
  "ropewalk/cred": `
    Portal checker firstOf allowAnonymous MemoryPasswords PasswordFile InsecureSecrets OneTimeTokens
    PasswordHasher LoginThrottle LoginFailed sameSecret`,
  "ropewalk/endpoints": "ClientService",
  "ropewalk/line": "LineProtocol",
  "ropewalk/framing": "NetstringProtocol Int8Protocol Int16Protocol Int32Protocol",
  "ropewalk/http1": "Http1Connection HeaderMap",
  "ropewalk/log": "Logger",
  "ropewalk/haproxy": "receiveProxyHeader sendProxyHeader proxyHeaderOf readProxyHeader encodeProxyHeader",
  "ropewalk/memcache": "MemcacheProtocol MemcachePool MemcacheServer MemcacheStore",
  "ropewalk/policies": "idleTimeout limitConnections throttle trafficLog",
  "ropewalk/socks": "socksServer connectThroughSocks socksBind socksAssociate",
  "ropewalk/testing":
    "Clock MemoryReactor MemoryTransport connectedPair feedThreeWays transportConformance reactorConformance",
  "ropewalk/websocket": "WebSocketProtocol connectWebSocket webSocketFactory acceptWebSocket WebSocketConnection",
};

const TYPES: Readonly<Record<string, string>> = {
  ropewalk: "Factory Transport Reactor Port Address DelayedCall",
};

describe("the public names", () => {
  for (const [specifier, names] of Object.entries(VALUES)) {
    test(`of ${specifier} are functions and classes once it is built`, async () => {
      const exported = (await import(specifier)) as Record<string, unknown>;
      const missing = words(names).filter((name) => typeof exported[name] !== "function");
      assert.deepEqual(missing, []);
    });
  }

  for (const [specifier, names] of Object.entries({ ...VALUES, ...TYPES })) {
    test(`of ${specifier} have types`, () => {
      const found = exportedSubpaths().find(({ subpath }) => subpath.replace(/^\./, "ropewalk") === specifier);
      assert.ok(found, `package.json exports no ${specifier}`);
      const typed = new Set(exportsOf(found.declarations).map(({ name }) => name));
      const missing = words(`${names} ${TYPES[specifier] ?? ""} ${VALUES[specifier] ?? ""}`).filter(
        (name) => !typed.has(name),
      );
      assert.deepEqual(missing, []);
    });
  }
});

function words(names: string): string[] {
  return names.split(/\s+/).filter((name) => name !== "");
}
