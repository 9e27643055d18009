import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Deferred } from "../core/deferred/deferred.ts";
import { CancelledError } from "../core/deferred/errors.ts";
import { captureLogs } from "../core/log/observers.ts";
import { Protocol } from "../core/protocol.ts";
import type { Reactor } from "../core/reactor.ts";
import { ClientService } from "../endpoints/client-service.ts";
import { Simulation } from "../sim/simulation.ts";
import { MultiService } from "./multi-service.ts";
import { startTree } from "./start-tree.ts";
import { StreamServerService } from "./stream-server-service.ts";
import { failureOf, World } from "./world.fixture.test.ts";

describe("a tree on a reactor", () => {
  test("is stopped before the reactor shuts down, and the reactor waits for it", async () => {
    const world = new World();
    const last = new Deferred<void>();
    world.add("a", { stop: () => last });
    const ended = world.reactor.run();
    await startTree(world.reactor, world.tree);
    world.reactor.stop();
    assert.deepEqual(world.seen, ["start a", "stop a"]);
    assert.equal(ended.called, false);
    last.callback();
    await ended;
  });

  test("has its start cancelled when the reactor stops", async () => {
    const world = new World();
    world.add("a");
    world.add("slow", { start: () => new Deferred() });
    const ended = world.reactor.run();
    const started = startTree(world.reactor, world.tree);
    world.reactor.stop();
    assert.ok((await failureOf(started)) instanceof CancelledError);
    await ended;
    assert.deepEqual(world.seen, ["start a", "start slow", "stop a"]);
  });

  test("may be a single service, which has its limit and its name too", async () => {
    const world = new World();
    const ended = world.reactor.run();
    await startTree(world.reactor, world.child("stuck", { stop: () => new Deferred() }));
    using logs = captureLogs();
    world.reactor.stop();
    world.reactor.advance(10_000);
    await ended;
    const [event] = logs.events;
    assert.match(String(event?.["error"]), /Cannot stop service "stuck": it did not stop within 10000 ms/);
  });

  test("that did not start is not stopped with the reactor", async () => {
    const world = new World();
    world.add("a", { start: () => Promise.reject(new Error("no disk")) });
    const ended = world.reactor.run();
    await failureOf(startTree(world.reactor, world.tree));
    world.reactor.stop();
    await ended;
    assert.deepEqual(world.seen, ["start a"]);
  });
});

describe("a tree in the simulation", () => {
  test("serves a client on another host, survives the crash of its own with a fresh tree, and stops in virtual time", async () => {
    const sim = new Simulation({ seed: 5 });
    const trees: MultiService[] = [];
    const program = async (reactor: Reactor): Promise<void> => {
      const port = new StreamServerService("tcp:80", () => new Protocol());
      const tree = new MultiService({ name: "tree", services: [port] });
      trees.push(tree);
      await startTree(reactor, tree);
    };
    const [server, guest] = [sim.host("server", { program }), sim.host("guest")];
    const client = new ClientService(guest.reactor, "tcp:server:80", () => new Protocol());
    await sim.run(async () => {
      await startTree(guest.reactor, client);
      const first = await client.whenConnected();
      server.kill();
      await first.transport.whenClosed();
      await client.whenConnected();
    });
    assert.equal(trees.length, 2);
    assert.equal(trees[1]?.state, "running");
    await sim.run(() => client.stopService());
  });
});
