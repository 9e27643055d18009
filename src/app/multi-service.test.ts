import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Deferred } from "../core/deferred/deferred.ts";
import { CancelledError } from "../core/deferred/errors.ts";
import { captureLogs } from "../core/log/observers.ts";
import { ServiceStartError, ServiceStateError, ServiceStopError } from "./errors.ts";
import { MultiService } from "./multi-service.ts";
import { failureOf, World } from "./world.fixture.test.ts";

describe("starting", () => {
  test("starts the children in the order of adding, each when the one before it has started", () => {
    const world = new World();
    const first = new Deferred<void>();
    world.add("a", { start: () => first });
    world.add("b");
    const started = world.tree.startService(world.reactor);
    assert.deepEqual(world.take(), ["start a"]);
    assert.equal(world.tree.state, "starting");
    first.callback();
    assert.deepEqual(world.take(), ["start b"]);
    assert.equal(started.called, true);
    assert.equal(world.tree.running, true);
  });

  test("awaits Promises as well as Deferreds", async () => {
    const world = new World();
    world.add("a", { start: () => Promise.resolve().then(() => world.seen.push("a is ready")) });
    world.add("b");
    await world.tree.startService(world.reactor);
    assert.deepEqual(world.seen, ["start a", "a is ready", "start b"]);
  });

  test("gives every child its privileged start before any is started", async () => {
    const world = new World();
    world.add("a", { privilegedStart: () => {} });
    world.add("b");
    world.add("c", { privilegedStart: () => {} });
    await world.tree.startService(world.reactor);
    assert.deepEqual(world.seen, ["bind a", "bind c", "start a", "start b", "start c"]);
  });

  test("leaves room between the privileged start and the start", async () => {
    const world = new World();
    world.add("a", { privilegedStart: () => {} });
    await world.tree.privilegedStartService(world.reactor);
    world.seen.push("root is given up");
    await world.tree.startService(world.reactor);
    assert.deepEqual(world.seen, ["bind a", "root is given up", "start a"]);
  });

  test("hands the reactor to each child", async () => {
    const world = new World();
    let given: unknown;
    world.add("a", {
      start: (reactor) => {
        given = reactor;
      },
    });
    await world.tree.startService(world.reactor);
    assert.equal(given, world.reactor);
  });

  test("starts a child that another one adds while it starts, in its turn", async () => {
    const world = new World();
    world.add("a", { start: () => void world.add("late") });
    world.add("b");
    await world.tree.startService(world.reactor);
    assert.deepEqual(world.seen, ["start a", "start b", "start late"]);
    assert.equal(world.states, "a running, b running, late running");
  });

  test("is refused while it runs, starts or stops, and allowed after a stop", async () => {
    const world = new World();
    const [started, stopped] = [new Deferred<void>(), new Deferred<void>()];
    world.add("a", { start: () => started, stop: () => stopped });
    const first = world.tree.startService(world.reactor);
    const refused = async () => {
      const error = await failureOf(world.tree.startService(world.reactor));
      assert.ok(error instanceof ServiceStateError);
      return error.message;
    };
    assert.equal(await refused(), 'Cannot start service "tree": it is starting');
    started.callback();
    await first;
    assert.equal(await refused(), 'Cannot start service "tree": it is running');
    const end = world.tree.stopService();
    assert.equal(await refused(), 'Cannot start service "tree": it is stopping');
    stopped.callback();
    await end;
    await world.tree.startService(world.reactor);
    assert.equal(world.tree.running, true);
  });
});

describe("a child that does not start", () => {
  test("stops those before it, in reverse, and is named", async () => {
    const world = new World();
    world.add("a");
    world.add("b");
    world.add("c", { start: () => Promise.reject(new Error("no disk")) });
    world.add("d");
    const error = await failureOf(world.tree.startService(world.reactor));
    assert.ok(error instanceof ServiceStartError);
    assert.equal(error.service, "c");
    assert.equal(error.message, 'Cannot start service "c": no disk');
    assert.equal((error.cause as Error).message, "no disk");
    assert.deepEqual(world.seen, ["start a", "start b", "start c", "stop b", "stop a"]);
    assert.equal(world.states, "a idle, b idle, c failed, d idle");
    assert.equal(world.tree.state, "failed");
    assert.equal(world.tree.children[2]?.error?.message, "no disk");
  });

  test("is stopped itself only if its privileged start had succeeded", async () => {
    const world = new World();
    world.add("a", { privilegedStart: () => {} });
    world.add("b", { privilegedStart: () => {}, start: () => Promise.reject(new Error("on purpose")) });
    world.add("c", { privilegedStart: () => {} });
    await failureOf(world.tree.startService(world.reactor));
    assert.deepEqual(world.seen.slice(3), ["start a", "start b", "stop c", "stop b", "stop a"]);
    assert.equal(world.states, "a idle, b failed, c idle");
  });

  test("undoes the privileged starts before it if its own fails, and nothing is started", async () => {
    const world = new World();
    world.add("a", { privilegedStart: () => {} });
    world.add("b", {
      privilegedStart: () => {
        throw new Error("port taken");
      },
    });
    const error = await failureOf(world.tree.startService(world.reactor));
    assert.equal(error.message, 'Cannot start service "b": port taken');
    assert.deepEqual(world.seen, ["bind a", "bind b", "stop a"]);
  });

  test("is named with its parents", async () => {
    const world = new World();
    const inner = new MultiService({
      name: "backend",
      services: [world.child("db", { start: () => Promise.reject(1) })],
    });
    void world.tree.addService(inner);
    const error = await failureOf(world.tree.startService(world.reactor));
    assert.equal(error.message, 'Cannot start service "backend/db": 1');
    assert.equal(error.cause, 1);
  });

  test("does not hide behind one that does not stop either, which is logged", async () => {
    const world = new World();
    world.add("a", { stop: () => Promise.reject(new Error("stuck")) });
    world.add("b", { start: () => Promise.reject(new Error("no disk")) });
    using logs = captureLogs();
    const error = await failureOf(world.tree.startService(world.reactor));
    assert.equal(error.message, 'Cannot start service "b": no disk');
    assert.deepEqual(logs.messages, ["Cannot stop service a after a start that failed"]);
  });

  test("can be started again with the rest", async () => {
    const world = new World();
    let isBroken = true;
    world.add("a");
    world.add("b", {
      start: () => {
        if (isBroken) throw new Error("not yet");
      },
    });
    await failureOf(world.tree.startService(world.reactor));
    isBroken = false;
    world.take();
    await world.tree.startService(world.reactor);
    assert.deepEqual(world.seen, ["start a", "start b"]);
    assert.equal(world.states, "a running, b running");
    assert.equal(world.tree.children[1]?.error, undefined);
  });
});

describe("stopping", () => {
  test("stops the children in reverse, each when the one after it has stopped", async () => {
    const world = new World();
    const last = new Deferred<void>();
    world.add("a");
    world.add("b", { stop: () => last });
    await world.tree.startService(world.reactor);
    world.take();
    const stopped = world.tree.stopService();
    assert.deepEqual(world.seen, ["stop b"]);
    assert.equal(world.states, "a running, b stopping");
    last.callback();
    assert.deepEqual(world.seen, ["stop b", "stop a"]);
    assert.equal(stopped.called, true);
    assert.equal(world.tree.state, "idle");
  });

  test("leaves behind a child that takes too long, and names it", async () => {
    const world = new World();
    world.add("a");
    world.add("stuck", { stop: () => new Deferred() });
    await world.tree.startService(world.reactor);
    world.take();
    const stopped = world.tree.stopService();
    world.reactor.advance(9_999);
    assert.deepEqual(world.seen, ["stop stuck"]);
    world.reactor.advance(1);
    assert.deepEqual(world.seen, ["stop stuck", "stop a"]);
    const error = await failureOf(stopped);
    assert.ok(error instanceof ServiceStopError);
    assert.deepEqual(error.services, ["stuck"]);
    assert.equal(error.message, 'Cannot stop service "stuck": it did not stop within 10000 ms');
    assert.equal(world.states, "a idle, stuck failed");
  });

  test("gives each child the time that stopTimeoutMs says, and leaves no timer behind", async () => {
    const world = new World();
    const slow = new Deferred<void>();
    const tree = new MultiService({ services: [world.child("slow", { stop: () => slow })], stopTimeoutMs: 50 });
    await tree.startService(world.reactor);
    const stopped = tree.stopService();
    world.reactor.advance(49);
    slow.callback();
    await stopped;
    assert.equal(world.reactor.getDelayedCalls().length, 0);
  });

  test("goes on after a child that fails to stop, and names all that did, with their parents", async () => {
    const world = new World();
    const inner = new MultiService({
      name: "inner",
      services: [world.child("x", { stop: () => Promise.reject(new Error("x is broken")) }), world.child("y")],
    });
    world.add("a", { stop: () => Promise.reject(new Error("a is broken")) });
    void world.tree.addService(inner);
    await world.tree.startService(world.reactor);
    world.take();
    const error = await failureOf(world.tree.stopService());
    assert.equal(error.message, 'Cannot stop service "inner/x": x is broken; Cannot stop service "a": a is broken');
    assert.deepEqual(world.seen, ["stop y", "stop x", "stop a"]);
    assert.equal(world.tree.state, "failed");
  });

  test("does nothing to what never started", async () => {
    const world = new World();
    world.add("a");
    await world.tree.stopService();
    assert.deepEqual(world.seen, []);
    assert.equal(world.tree.state, "idle");
  });

  test("asked twice, stops once, and tells both", async () => {
    const world = new World();
    const last = new Deferred<void>();
    world.add("a", { stop: () => last });
    await world.tree.startService(world.reactor);
    const ends = [world.tree.stopService(), world.tree.stopService()];
    last.errback(new Error("on purpose"));
    for (const end of ends) assert.match((await failureOf(end)).message, /on purpose/);
    assert.deepEqual(world.seen, ["start a", "stop a"]);
  });

  test("happens at the end of an `await using` block", async () => {
    const world = new World();
    world.add("a");
    {
      await using tree = world.tree;
      await tree.startService(world.reactor);
    }
    assert.deepEqual(world.seen, ["start a", "stop a"]);
  });
});

describe("a stop during the start", () => {
  test("cancels what it waits for, and undoes what was done", async () => {
    const world = new World();
    let isCancelled = false;
    world.add("a");
    world.add("slow", {
      start: () =>
        new Deferred(() => {
          isCancelled = true;
        }),
    });
    world.add("never");
    const started = world.tree.startService(world.reactor);
    const stopped = world.tree.stopService();
    assert.ok((await failureOf(started)) instanceof CancelledError);
    await stopped;
    assert.equal(isCancelled, true);
    assert.deepEqual(world.seen, ["start a", "start slow", "stop a"]);
    assert.equal(world.tree.state, "idle");
  });

  test("waits for a Promise, which cannot be cancelled, and stops what it started", async () => {
    const world = new World();
    let finish: () => void = () => {};
    world.add("slow", {
      start: () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    });
    const started = world.tree.startService(world.reactor);
    const stopped = world.tree.stopService();
    finish();
    assert.ok((await failureOf(started)) instanceof CancelledError);
    await stopped;
    assert.deepEqual(world.seen, ["start slow", "stop slow"]);
  });

  test("waits no longer than for a stop, and names what hangs", async () => {
    const world = new World();
    world.add("a");
    world.add("hung", { start: () => new Promise(() => {}) });
    const started = world.tree.startService(world.reactor);
    const stopped = world.tree.stopService();
    using logs = captureLogs();
    world.reactor.advance(10_000);
    assert.ok((await failureOf(started)) instanceof CancelledError);
    await stopped;
    assert.deepEqual(world.seen, ["start a", "start hung", "stop a"]);
    assert.deepEqual(logs.messages, ['Cannot start service "hung": it did not start within 10000 ms']);
  });

  test("reaches through parents", async () => {
    const world = new World();
    const inner = new MultiService({
      name: "inner",
      services: [world.child("x"), world.child("slow", { start: () => new Deferred() })],
    });
    world.add("a");
    void world.tree.addService(inner);
    const started = world.tree.startService(world.reactor);
    await world.tree.stopService();
    assert.ok((await failureOf(started)) instanceof CancelledError);
    assert.deepEqual(world.seen, ["start a", "start x", "start slow", "stop x", "stop a"]);
    assert.equal(inner.state, "idle");
  });

  test("between privileged start and start stops what was opened", async () => {
    const world = new World();
    world.add("a", { privilegedStart: () => {} });
    await world.tree.privilegedStartService(world.reactor);
    await world.tree.stopService();
    assert.deepEqual(world.seen, ["bind a", "stop a"]);
  });
});

describe("children of a tree that runs", () => {
  test("one that is added is started at once", async () => {
    const world = new World();
    await world.tree.startService(world.reactor);
    const started = world.tree.addService(world.child("a", { privilegedStart: () => {} }));
    assert.deepEqual(world.seen, ["bind a", "start a"]);
    await started;
    assert.equal(world.states, "a running");
  });

  test("one that is added and does not start is not a child, and the rest runs on", async () => {
    const world = new World();
    world.add("a");
    await world.tree.startService(world.reactor);
    const broken = world.child("b", { privilegedStart: () => {}, start: () => Promise.reject(new Error("no disk")) });
    const error = await failureOf(world.tree.addService(broken));
    assert.equal(error.message, 'Cannot start service "b": no disk');
    assert.deepEqual(world.seen.slice(1), ["bind b", "start b", "stop b"]);
    assert.equal(world.states, "a running");
    assert.equal(world.tree.running, true);
  });

  test("one that is added while the tree stops is left for the next start", async () => {
    const world = new World();
    const last = new Deferred<void>();
    world.add("a", { stop: () => last });
    await world.tree.startService(world.reactor);
    const stopped = world.tree.stopService();
    world.add("b");
    last.callback();
    await stopped;
    assert.equal(world.states, "a idle, b idle");
    await world.tree.startService(world.reactor);
    assert.equal(world.states, "a running, b running");
  });

  test("one that is removed is stopped", async () => {
    const world = new World();
    const child = world.add("a");
    world.add("b");
    await world.tree.startService(world.reactor);
    world.take();
    await world.tree.removeService(child);
    assert.deepEqual(world.seen, ["stop a"]);
    assert.equal(world.states, "b running");
    assert.throws(() => world.tree.removeService(child), RangeError);
  });

  test("one is restarted alone, and its neighbours run on", async () => {
    const world = new World();
    world.add("a");
    const child = world.add("b", { privilegedStart: () => {} });
    await world.tree.startService(world.reactor);
    world.take();
    await world.tree.restartService(child);
    assert.deepEqual(world.seen, ["stop b", "bind b", "start b"]);
    assert.equal(world.states, "a running, b running");
  });

  test("one that fails its restart says so, is not stopped with the rest, and can be restarted", async () => {
    const world = new World();
    let isBroken = false;
    const child = world.add("a", { start: () => (isBroken ? Promise.reject(new Error("no disk")) : undefined) });
    await world.tree.startService(world.reactor);
    isBroken = true;
    assert.equal((await failureOf(world.tree.restartService(child))).message, 'Cannot start service "a": no disk');
    assert.equal(world.states, "a failed");
    isBroken = false;
    await world.tree.restartService(child);
    assert.equal(world.states, "a running");
    assert.deepEqual(world.seen, ["start a", "stop a", "start a", "start a"]);
  });

  test("restarts take turns, and a stop comes after those that were asked for before", async () => {
    const world = new World();
    const slow = new Deferred<void>();
    let starts = 0;
    const a = world.add("a", { start: () => (++starts === 2 ? slow : undefined) });
    const b = world.add("b");
    await world.tree.startService(world.reactor);
    world.take();
    const first = world.tree.restartService(a);
    const second = world.tree.restartService(b);
    assert.deepEqual(world.take(), ["stop a", "start a"]);
    slow.callback();
    await first;
    await second;
    assert.deepEqual(world.take(), ["stop b", "start b"]);
    await world.tree.stopService();
    assert.deepEqual(world.take(), ["stop b", "stop a"]);
    assert.ok((await failureOf(world.tree.restartService(a))) instanceof ServiceStateError);
  });

  test("a stop cuts a restart short", async () => {
    const world = new World();
    let starts = 0;
    const a = world.add("a", { start: () => (++starts === 2 ? new Deferred() : undefined) });
    await world.tree.startService(world.reactor);
    const restarted = world.tree.restartService(a);
    await world.tree.stopService();
    assert.ok((await failureOf(restarted)) instanceof ServiceStartError);
    assert.equal(world.tree.state, "idle");
  });
});

describe("names", () => {
  test("children of one name are told apart by numbers", () => {
    const world = new World();
    for (let n = 0; n < 3; n++) world.add("port");
    assert.equal(world.states, "port idle, port-2 idle, port-3 idle");
    assert.equal(world.tree.getServiceNamed("port-3"), [...world.tree][2]);
  });

  test("a child that is not there is an error that says who is", () => {
    const world = new World();
    world.add("a");
    assert.throws(() => world.tree.getServiceNamed("b"), {
      name: "RangeError",
      message: 'Cannot find service "b" in "tree": the children are "a"',
    });
  });

  test("the same child is not added twice", () => {
    const world = new World();
    const child = world.add("a");
    assert.throws(() => world.tree.addService(child), {
      name: "TypeError",
      message: 'Cannot add service "a" to "tree": it is there already',
    });
  });
});
