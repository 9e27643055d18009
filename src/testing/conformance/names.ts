import assert from "node:assert/strict";
import { Deferred } from "../../core/deferred/deferred.ts";
import { fail, succeed } from "../../core/deferred/succeed.ts";
import { ConnectError, LookupError } from "../../core/errors.ts";
import type { HostAddress, Port } from "../../core/reactor.ts";
import { Recorder } from "../recorder.ts";
import { type Cases, failure, outcome, until, type World } from "./world.ts";

/** Names become addresses, and connections go by name. */
export const NAMES: Cases<World> = {
  "an IP literal stands for itself": async (world) => {
    assert.deepEqual(await outcome(world, world.reactor.lookup("192.0.2.7")), [{ host: "192.0.2.7", family: 4 }]);
    assert.deepEqual(await outcome(world, world.reactor.lookup("::1")), [{ host: "::1", family: 6 }]);
  },

  "localhost is the loopback address": async (world) => {
    const found = await outcome(world, world.reactor.lookup("localhost"));
    assert.ok(found.some(({ host }) => host === "127.0.0.1" || host === "::1"));
  },

  "a resolver can be installed, and goes away when it is disposed": async (world) => {
    const { reactor } = world;
    const asked: string[] = [];
    const answering = (host: string) => (name: string) => {
      asked.push(name);
      return succeed<readonly HostAddress[]>([{ host, family: 4 }]);
    };
    const hostOf = async () => (await outcome(world, reactor.lookup("some.test")))[0]?.host;
    const first = reactor.installResolver(answering("192.0.2.1"));
    assert.equal(await hostOf(), "192.0.2.1");
    const second = reactor.installResolver(answering("192.0.2.2"));
    assert.equal(await hostOf(), "192.0.2.2");
    second[Symbol.dispose]();
    assert.equal(await hostOf(), "192.0.2.1");
    first[Symbol.dispose]();
    assert.deepEqual(asked, ["some.test", "some.test", "some.test"]);
  },

  "a resolver is not asked about an IP literal": async (world) => {
    const { reactor } = world;
    using _resolver = reactor.installResolver((host) => fail(new LookupError(`Asked about ${host}`)));
    assert.deepEqual(await outcome(world, reactor.lookup("192.0.2.7")), [{ host: "192.0.2.7", family: 4 }]);
  },

  "resolvers can be disposed in any order": async (world) => {
    const { reactor } = world;
    const answering = (host: string) => () => succeed<readonly HostAddress[]>([{ host, family: 4 }]);
    const first = reactor.installResolver(answering("192.0.2.1"));
    const second = reactor.installResolver(answering("192.0.2.2"));
    first[Symbol.dispose]();
    assert.equal((await outcome(world, reactor.lookup("some.test")))[0]?.host, "192.0.2.2");
    second[Symbol.dispose]();
    const hosts = (await outcome(world, reactor.lookup("localhost"))).map(({ host }) => host);
    assert.ok(hosts.length > 0 && !hosts.includes("192.0.2.1"), "the first one is not back");
  },

  "connectTcp asks the resolver, and dials what it says": async (world) => {
    const port = await listen(world);
    using _resolver = world.reactor.installResolver(() => succeed([{ host: world.host, family: 4 }]));
    const client = new Recorder();
    await outcome(
      world,
      world.reactor.connectTcp({ host: "some.test", port: numberOf(port) }, () => client),
    );
    assert.deepEqual(client.transport.peer, { kind: "tcp", host: world.host, port: numberOf(port), family: 4 });
    await close(world, client, port);
  },

  "connectTcp to a name that is unknown fails with what the resolver says": async (world) => {
    const unknown = new LookupError("no such host");
    using _resolver = world.reactor.installResolver(() => fail(unknown));
    const connecting = world.reactor.connectTcp({ host: "some.test", port: 1 }, () => new Recorder());
    assert.equal(await failure(world, connecting), unknown);
  },

  "cancelling connectTcp cancels the lookup, and dials nothing": async (world) => {
    const cancelled: string[] = [];
    const lookup = new Deferred<readonly HostAddress[]>(() => cancelled.push("lookup"));
    using _resolver = world.reactor.installResolver(() => lookup);
    const connecting = world.reactor.connectTcp({ host: "some.test", port: 1 }, () => new Recorder());
    await world.settle();
    connecting.cancel();
    assert.equal((await failure(world, connecting)).name, "AbortError");
    assert.deepEqual(cancelled, ["lookup"]);
  },

  "the time for a connect counts the lookup": async (world) => {
    using _resolver = world.reactor.installResolver(() => new Deferred<readonly HostAddress[]>());
    const options = { host: "some.test", port: 1, timeoutMs: 20 };
    const connecting = world.reactor.connectTcp(options, () => new Recorder());
    let error: Error | undefined;
    connecting.addErrback((failed: Error) => {
      error = failed;
    });
    await world.settle();
    await world.advance(20);
    await until(world, "the time is up", () => error !== undefined);
    assert.equal(error?.name, "TimeoutError");
  },

  "the next address is dialled when one refuses": async (world) => {
    const port = await listen(world);
    using _resolver = world.reactor.installResolver(() =>
      succeed([
        { host: world.otherHost, family: 4 },
        { host: world.host, family: 4 },
      ]),
    );
    const client = new Recorder();
    await outcome(
      world,
      world.reactor.connectTcp({ host: "some.test", port: numberOf(port) }, () => client),
    );
    assert.deepEqual(client.transport.peer, port.address);
    await close(world, client, port);
  },

  "a connect that fails at every address lists each of them": async (world) => {
    const port = await listen(world);
    await outcome(world, port.stopListening());
    const hosts = [world.otherHost, world.host];
    using _resolver = world.reactor.installResolver(() => succeed(hosts.map((host) => ({ host, family: 4 as const }))));
    const connecting = world.reactor.connectTcp({ host: "some.test", port: numberOf(port) }, () => new Recorder());
    const error = await failure(world, connecting);
    assert.ok(error instanceof ConnectError, String(error));
    assert.equal(error.code, "ECONNREFUSED");
    assert.deepEqual(
      error.errors.map(({ address }) => address),
      hosts.map((host) => ({ kind: "tcp", host, port: numberOf(port), family: 4 })),
    );
  },
};

async function listen(world: World): Promise<Port> {
  return await outcome(
    world,
    world.reactor.listenTcp({ port: 0, host: world.host }, () => new Recorder()),
  );
}

async function close(world: World, client: Recorder, port: Port): Promise<void> {
  client.transport.loseConnection();
  await until(world, "connectionLost", () => client.reason !== undefined);
  await outcome(world, port.stopListening());
}

function numberOf({ address }: Port): number {
  assert.ok(address.kind === "tcp");
  return address.port;
}
