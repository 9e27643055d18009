import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Deferred } from "../core/deferred/deferred.ts";
import { CancelledError } from "../core/deferred/errors.ts";
import { MemoryReactor } from "../testing/memory-reactor.ts";
import { ServiceStartError, ServiceStopError } from "./errors.ts";
import { MultiService } from "./multi-service.ts";
import type { ServiceLike } from "./service.ts";

describe("starting", () => {
  test("starts the children in the order of adding, each when the one before it has started", () => {
    const { seen, child, tree, reactor } = new World();
    const first = new Deferred<void>();
    void tree.addService(child("a", { start: () => first }));
    void tree.addService(child("b"));
    const started = tree.startService(reactor);
    assert.deepEqual(seen, ["start a"]);
    assert.equal(tree.state, "starting");
    first.callback();
    assert.deepEqual(seen, ["start a", "start b"]);
    assert.equal(started.called, true);
    assert.equal(tree.state, "running");
  });

  test("stops those that started, in reverse, when one does not, and names that one", async () => {
    const { seen, child, tree, reactor } = new World();
    for (const name of ["a", "b"]) void tree.addService(child(name));
    void tree.addService(child("c", { start: () => Promise.reject(new Error("no disk")) }));
    void tree.addService(child("d"));
    await assert.rejects(
      async () => await tree.startService(reactor),
      (error: ServiceStartError) => {
        assert.ok(error instanceof ServiceStartError);
        assert.equal(error.service, "c");
        assert.equal(error.message, 'Cannot start service "c": no disk');
        assert.equal((error.cause as Error).message, "no disk");
        return true;
      },
    );
    assert.deepEqual(seen, ["start a", "start b", "start c", "stop b", "stop a"]);
    assert.deepEqual(
      tree.children.map(({ name, state }) => `${name} ${state}`),
      ["a idle", "b idle", "c failed", "d idle"],
    );
  });
});

describe("stopping", () => {
  test("stops the children in reverse, each when the one after it has stopped", () => {
    const { seen, child, tree, reactor } = new World();
    const last = new Deferred<void>();
    void tree.addService(child("a"));
    void tree.addService(child("b", { stop: () => last }));
    void tree.startService(reactor);
    const stopped = tree.stopService();
    assert.deepEqual(seen.slice(2), ["stop b"]);
    last.callback();
    assert.deepEqual(seen.slice(2), ["stop b", "stop a"]);
    assert.equal(stopped.called, true);
    assert.equal(tree.state, "idle");
  });

  test("leaves behind a child that takes too long, and names it", async () => {
    const { seen, child, tree, reactor } = new World();
    void tree.addService(child("a"));
    void tree.addService(child("stuck", { stop: () => new Deferred() }));
    void tree.startService(reactor);
    const stopped = tree.stopService();
    reactor.advance(9_999);
    assert.deepEqual(seen.slice(2), ["stop stuck"]);
    reactor.advance(1);
    assert.deepEqual(seen.slice(2), ["stop stuck", "stop a"]);
    await assert.rejects(
      async () => await stopped,
      (error: ServiceStopError) => {
        assert.ok(error instanceof ServiceStopError);
        assert.equal(error.message, 'Cannot stop service "stuck": it did not stop within 10000 ms');
        return true;
      },
    );
  });

  test("during the start ends the start, and undoes what was done of it", async () => {
    const { seen, child, tree, reactor } = new World();
    void tree.addService(child("a"));
    void tree.addService(child("slow", { start: () => new Deferred() }));
    void tree.addService(child("never"));
    const started = tree.startService(reactor);
    const stopped = tree.stopService();
    await assert.rejects(async () => await started, CancelledError);
    await stopped;
    assert.deepEqual(seen, ["start a", "start slow", "stop a"]);
    assert.equal(tree.state, "idle");
  });
});

interface Steps {
  readonly privilegedStart?: () => unknown;
  readonly start?: () => unknown;
  readonly stop?: () => unknown;
}

class World {
  readonly seen: string[] = [];
  readonly reactor = new MemoryReactor();
  readonly tree = new MultiService({ name: "tree" });

  readonly child = (name: string, steps: Steps = {}): ServiceLike => {
    const { seen } = this;
    const note = (step: string, f: (() => unknown) | undefined) => () => {
      seen.push(`${step} ${name}`);
      return f?.();
    };
    return {
      name,
      ...(steps.privilegedStart && { privilegedStartService: note("privileged start", steps.privilegedStart) }),
      startService: note("start", steps.start),
      stopService: note("stop", steps.stop),
    };
  };
}
