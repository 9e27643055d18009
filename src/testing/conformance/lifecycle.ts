import assert from "node:assert/strict";
import { Deferred } from "../../core/deferred/deferred.ts";
import { type Cases, expectFaults, failure, outcome, until, type World } from "./world.ts";

/** Starting, running and stopping. */
export const LIFECYCLE: Cases<World> = {
  "start-up and shutdown go through their phases in order, each step in the order of adding": async (world) => {
    const { reactor } = world;
    const steps: string[] = [];
    for (const event of ["shutdown", "startup"] as const) {
      for (const phase of ["after", "during", "before"] as const) {
        for (const nth of [1, 2]) reactor.addTrigger(phase, event, () => steps.push(`${phase} ${event} ${nth}`));
      }
    }
    reactor.callWhenRunning(() => steps.push("running"));
    const ended = reactor.run();
    await until(world, "it runs", () => steps.includes("running"));
    assert.equal(reactor.running, true);
    reactor.stop();
    await outcome(world, ended);
    assert.equal(reactor.running, false);
    const inOrder = (event: string) =>
      ["before", "during", "after"].flatMap((phase) => [`${phase} ${event} 1`, `${phase} ${event} 2`]);
    assert.deepEqual(
      steps.filter((step) => step !== "running"),
      [...inOrder("startup"), ...inOrder("shutdown")],
    );
    assert.ok(steps.indexOf("running") < steps.indexOf("before shutdown 1"));
  },

  "the Deferred of a before step holds the next phase back": async (world) => {
    const { reactor } = world;
    const steps: string[] = [];
    const held = new Deferred<void>();
    reactor.addTrigger("before", "shutdown", () => held);
    reactor.addTrigger("during", "shutdown", () => steps.push("during"));
    const ended = reactor.run();
    await until(world, "it runs", () => reactor.running);
    reactor.stop();
    await world.settle();
    assert.deepEqual(steps, []);
    held.callback();
    await outcome(world, ended);
    assert.deepEqual(steps, ["during"]);
  },

  "an exception in a step is logged and stops nothing": async (world, logs) => {
    const { reactor } = world;
    const steps: string[] = [];
    const faults = [new Error("thrown"), new Error("failed")];
    reactor.addTrigger("before", "shutdown", () => {
      throw faults[0];
    });
    reactor.addTrigger("before", "shutdown", () => failing(faults[1]));
    reactor.addTrigger("during", "shutdown", () => steps.push("during"));
    const ended = reactor.run();
    await until(world, "it runs", () => reactor.running);
    reactor.stop();
    await outcome(world, ended);
    assert.deepEqual(steps, ["during"]);
    expectFaults(logs, ...faults);
  },

  "a disposed step is not taken": async (world) => {
    const { reactor } = world;
    const steps: string[] = [];
    reactor.addTrigger("during", "startup", () => steps.push("disposed"))[Symbol.dispose]();
    const ended = reactor.run();
    await until(world, "it runs", () => reactor.running);
    reactor.stop();
    await outcome(world, ended);
    assert.deepEqual(steps, []);
  },

  "it can be run again, and not twice at once": async (world) => {
    const { reactor } = world;
    for (let round = 0; round < 2; round += 1) {
      const ended = reactor.run();
      await until(world, "it runs", () => reactor.running);
      assert.equal((await failure(world, reactor.run())).name, "ReactorStateError");
      reactor.stop();
      await outcome(world, ended);
    }
  },

  "stop on a reactor that does not run throws": async (world) => {
    assert.throws(() => world.reactor.stop(), { name: "ReactorStateError" });
  },

  "callWhenRunning calls at once while it runs": async (world) => {
    const { reactor } = world;
    const ended = reactor.run();
    await until(world, "it runs", () => reactor.running);
    let wasCalled = false;
    reactor.callWhenRunning(() => {
      wasCalled = true;
    });
    assert.ok(wasCalled);
    reactor.stop();
    await outcome(world, ended);
  },

  "stopping from inside start-up works": async (world) => {
    const { reactor } = world;
    reactor.callWhenRunning(() => reactor.stop());
    await outcome(world, reactor.run());
    assert.equal(reactor.running, false);
  },
};

function failing(fault: unknown): Deferred<void> {
  const deferred = new Deferred<void>();
  deferred.errback(fault);
  return deferred;
}
