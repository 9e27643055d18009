import assert from "node:assert/strict";
import { join } from "node:path";
import { CancelledError, TimeoutError } from "../core/deferred/errors.ts";
import { fail, succeed } from "../core/deferred/succeed.ts";
import { ConnectError, ConnectionDone, ListenError } from "../core/errors.ts";
import { Protocol } from "../core/protocol.ts";
import type { Reactor } from "../core/reactor.ts";
import { idleTimeout } from "../policies/idle-timeout.ts";
import { throttle } from "../policies/throttle.ts";
import { MemoryReactor } from "../testing/memory-reactor.ts";
import type { MemoryTransport } from "../testing/memory-transport.ts";
import { describe, test } from "../trial/test.ts";
import { temporaryFolder, testOnBoth } from "./certificates.fixture.test.ts";
import { ClientService } from "./client-service.ts";
import { connect, listen } from "./connect.ts";
import { endpointTypes } from "./default-types.ts";
import { EndpointSyntaxError } from "./errors.ts";
import { quoteArgument } from "./grammar.ts";
import type { ClientEndpoint, ClientType, ServerEndpoint } from "./types.ts";

class Echo extends Protocol {
  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }
}

describe("listen", () => {
  test("fires with the port when it is open", async (t) => {
    const { reactor } = t;
    const port = await listen(reactor, "tcp:8000", () => new Echo());
    const caller = reactor.dial(8000);
    t.addCleanup(() => caller.remote.end());
    caller.remote.write("hello");
    assert.equal(caller.text(), "hello");
    await port.stopListening();
    assert.equal(port.listening, false);
  });

  test("a description that cannot be parsed fails the Deferred", async () => {
    await assert.rejects(async () => listen(new MemoryReactor(), "tcp:http", () => new Echo()), EndpointSyntaxError);
  });

  test("takes an endpoint of one's own, and a table of types of one's own", async (t) => {
    const asked: Reactor[] = [];
    const endpoint: ServerEndpoint = {
      listen(reactor) {
        asked.push(reactor);
        return fail(new ConnectError("not here"));
      },
    };
    const { reactor } = t;
    await assert.rejects(async () => listen(reactor, endpoint, () => new Echo()), /not here/);
    const types = endpointTypes.with({ servers: [{ name: "own", form: "own", make: () => endpoint }] });
    await assert.rejects(async () => listen(reactor, "own", () => new Echo(), { types }), /not here/);
    assert.deepEqual(asked, [reactor, reactor]);
  });

  test("an endpoint that throws fails the Deferred", async () => {
    const endpoint: ServerEndpoint = {
      listen: () => {
        throw new TypeError("broken");
      },
    };
    await assert.rejects(async () => listen(new MemoryReactor(), endpoint, () => new Echo()), /broken/);
  });
});

describe("connect", () => {
  test("fires with the factory's protocol", async (t) => {
    const { reactor } = t;
    const connecting = connect(reactor, "tcp:example.org:80", () => new Echo());
    reactor.connects[0]?.accept();
    const echo: Echo = await connecting;
    t.addCleanup(() => echo.transport.loseConnection());
    assert.ok(echo instanceof Echo);
  });

  test("fires with the protocol inside of all policies, by its own type", async (t) => {
    class Asker extends Protocol {
      ask(): void {
        this.transport.write("x".repeat(30));
      }
    }
    const { reactor } = t;
    const rates = { writeBytesPerSecond: 10, burstBytes: 10 };
    const factory = idleTimeout(
      throttle(() => new Asker(), { clock: reactor, perConnection: rates }),
      { clock: reactor, idleTimeoutMs: 60_000 },
    );
    const connecting = connect(reactor, "tcp:192.0.2.1:80", factory);
    const line = reactor.connects[0]?.accept() as MemoryTransport;
    const asker = await connecting;
    asker.ask();
    // Through all of them: what waits for the throttle leaves before the end.
    asker.transport.loseConnection();
    reactor.advance(10_000);
    assert.equal(line.text().length, 30);
    assert.equal(line.remote.sawEnd, true);
  });

  test("cancelling gives up the attempt", (t) => {
    const { reactor } = t;
    const connecting = connect(reactor, "tcp:example.org:80", () => new Echo());
    const error = failureOf(connecting);
    connecting.cancel();
    assert.ok(error.get() instanceof CancelledError);
    assert.deepEqual(reactor.getDelayedCalls(), []);
    assert.equal(reactor.connections.length, 0);
  });

  test("a signal that aborts cancels with its reason", (t) => {
    const { reactor } = t;
    const controller = new AbortController();
    const error = failureOf(connect(reactor, "unix:/x", () => new Echo(), { signal: controller.signal }));
    controller.abort("enough");
    assert.ok(error.get() instanceof CancelledError);
    assert.equal((error.get() as Error).cause, "enough");
    assert.deepEqual(reactor.getDelayedCalls(), []);
  });

  test("a signal that has aborted already dials nothing", (t) => {
    const { reactor } = t;
    const error = failureOf(connect(reactor, "unix:/x", () => new Echo(), { signal: AbortSignal.abort("before") }));
    assert.ok(error.get() instanceof CancelledError);
    assert.equal((error.get() as Error).cause, "before");
    assert.equal(reactor.connects.length, 0);
  });

  test("a signal that aborts later leaves the connection alone", async (t) => {
    const { reactor } = t;
    const controller = new AbortController();
    const connecting = connect(reactor, "unix:/x", () => new Echo(), { signal: controller.signal });
    reactor.connects[0]?.accept();
    const echo = await connecting;
    t.addCleanup(() => echo.transport.loseConnection());
    controller.abort();
    assert.equal(echo.transport.connected, true);
  });

  test("timeoutMs=N is for the whole attempt", (t) => {
    const { reactor } = t;
    const error = failureOf(connect(reactor, "tcp:example.org:80:timeoutMs=70", () => new Echo()));
    reactor.advance(69);
    assert.equal(error.get(), undefined);
    reactor.advance(1);
    assert.ok(error.get() instanceof TimeoutError);
  });

  test("a description that cannot be parsed fails the Deferred", async () => {
    await assert.rejects(async () => connect(new MemoryReactor(), "tcp:h", () => new Echo()), EndpointSyntaxError);
  });

  test("takes an endpoint of one's own, and a table of types of one's own that wraps others", async (t) => {
    const made: ClientEndpoint[] = [];
    const twice: ClientType = {
      name: "twice",
      form: "twice:endpoint=<client description>",
      make: ({ parsed }, types) => {
        const inner = types.client(parsed.keywords["endpoint"] ?? "");
        made.push(inner);
        return inner;
      },
    };
    const types = endpointTypes.with({ clients: [twice] });
    const description = `twice:endpoint=${quoteArgument(`twice:endpoint=${quoteArgument("unix:/a\\:b")}`)}`;
    const { reactor } = t;
    const connecting = connect(reactor, description, () => new Echo(), { types });
    reactor.connects[0]?.accept();
    const connected = await connecting;
    t.addCleanup(() => connected.transport.loseConnection());
    assert.ok(connected instanceof Echo);
    assert.equal(made.length, 2);
    assert.equal(reactor.connects[0]?.target, "unix:/a:b");
    const echo = new Echo();
    const own: ClientEndpoint = { connect: () => succeed(echo as never) };
    assert.equal(await connect(reactor, own, () => new Echo()), echo);
  });
});

describe("on real sockets, and on simulated ones", () => {
  const folder = temporaryFolder();

  class Asker extends Echo {
    #heard = "";

    override connectionMade(): void {
      this.transport.write("ask");
    }
    override dataReceived(data: Uint8Array): void {
      this.#heard += new TextDecoder().decode(data);
      if (this.#heard === "ask") this.transport.loseConnection();
      else assert.ok("ask".startsWith(this.#heard));
    }
  }

  const served = quoteArgument(join(folder, "a:b=c.sock"));
  for (const [server, client] of [
    ["tcp:0:interface=127.0.0.1", "tcp:127.0.0.1:PORT"],
    ["tcp:0:interface=127.0.0.1", "tcp:localhost:PORT:bindAddress=127.0.0.1"],
    ["tcp6:0:interface=\\:\\:1", "tcp:\\:\\:1:PORT"],
    [`unix:${served}:mode=600`, `unix:${served}`],
  ] as const) {
    testOnBoth(`${server.split(":")[0]} and ${client.split(":").slice(0, 2)} talk`, folder, async (reactor) => {
      const port = await listen(reactor, server, () => new Echo());
      const number = port.address.kind === "tcp" ? String(port.address.port) : "";
      const asker = await connect(reactor, client.replace("PORT", number), () => new Asker());
      assert.ok((await asker.transport.whenClosed()) instanceof ConnectionDone);
      await port.stopListening();
    });
  }

  testOnBoth("a port that is taken is a ListenError", folder, async (reactor) => {
    const port = await listen(reactor, "tcp:0:interface=127.0.0.1", () => new Echo());
    assert.ok(port.address.kind === "tcp");
    const again = `tcp:${port.address.port}:interface=127.0.0.1`;
    await assert.rejects(async () => listen(reactor, again, () => new Echo()), ListenError);
    await port.stopListening();
  });

  testOnBoth("nobody there is a ConnectError that names the address", folder, async (reactor) => {
    const port = await listen(reactor, "tcp:0:interface=127.0.0.1", () => new Echo());
    assert.ok(port.address.kind === "tcp");
    await port.stopListening();
    const nobody = `tcp:127.0.0.1:${port.address.port}`;
    await assert.rejects(
      async () => connect(reactor, nobody, () => new Echo()),
      (error) => {
        assert.ok(error instanceof ConnectError);
        assert.equal(error.code, "ECONNREFUSED");
        assert.deepEqual(
          error.errors.map(({ address }) => address),
          [port.address],
        );
        return true;
      },
    );
  });

  test("ClientService prepares and gives what policies wrap, and stops through them", async (t) => {
    const { reactor } = t;
    const rates = { writeBytesPerSecond: 10, burstBytes: 10 };
    const prepared: Echo[] = [];
    const service = new ClientService(
      reactor,
      "tcp:192.0.2.1:80",
      throttle(() => new Echo(), { clock: reactor, perConnection: rates }),
      { prepareConnection: (echo) => prepared.push(echo) },
    );
    service.startService();
    const line = reactor.connects[0]?.accept() as MemoryTransport;
    const echo: Echo = await service.whenConnected();
    assert.deepEqual(prepared, [echo]);
    echo.transport.write("x".repeat(30));
    const stopped = service.stopService();
    reactor.advance(10_000);
    line.remote.end();
    await stopped;
    assert.equal(line.text().length, 30);
  });

  testOnBoth("ClientService finds a server that comes up later, and one that comes back", folder, async (reactor) => {
    const where = `unix:${quoteArgument(join(folder, "later.sock"))}`;
    const service = new ClientService(reactor, where, () => new Echo(), { policy: () => 1 });
    service.startService();
    await assert.rejects(async () => service.whenConnected({ failAfter: 2 }), ConnectError);
    const accepted: Protocol[] = [];
    const remember = () => {
      const echo = new Echo();
      accepted.push(echo);
      return echo;
    };
    const port = await listen(reactor, where, remember);
    const first = await service.whenConnected();
    first.transport.abortConnection();
    await first.transport.whenClosed();
    const second = await service.whenConnected();
    assert.notEqual(second, first);
    await service.stopService();
    assert.equal(second.transport.connected, false);
    await port.stopListening();
  });
});

/** What a Deferred failed with so far. */
function failureOf(deferred: ReturnType<typeof connect>): { get(): unknown } {
  let failure: unknown;
  deferred.addErrback((error) => {
    failure = error;
    return undefined as never;
  });
  return { get: () => failure };
}
