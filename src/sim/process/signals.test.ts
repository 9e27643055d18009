import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { captureLogs } from "../../core/log/observers.ts";
import { Simulation } from "../simulation.ts";

describe("a signal", () => {
  test("is heard by all who listen, in a later turn, until they are disposed; what one throws is logged", async () => {
    using logs = captureLogs();
    const sim = new Simulation({ seed: 1 });
    const host = sim.host("a");
    const heard: string[] = [];
    host.reactor.onSignal("SIGHUP", () => {
      heard.push("one");
      throw new Error("broken");
    });
    const two = host.reactor.onSignal("SIGHUP", () => heard.push("two"));
    host.raiseSignal("SIGHUP");
    assert.deepEqual(heard, []);
    await sim.advance(1);
    assert.deepEqual(heard, ["one", "two"]);
    two[Symbol.dispose]();
    host.raiseSignal("HUP");
    await sim.advance(1);
    assert.deepEqual(heard, ["one", "two", "one"]);
    assert.equal(logs.events.filter(({ error }) => (error as Error | undefined)?.message === "broken").length, 2);
  });

  test("that nobody listens for ends the process, and its program starts anew", async () => {
    for (const [signal, boots] of [
      ["SIGHUP", 2],
      ["SIGKILL", 2],
      ["SIGWINCH", 1],
    ] as const) {
      const sim = new Simulation({ seed: 1 });
      let started = 0;
      const host = sim.host("a", { program: () => started++ });
      await sim.advance(1);
      host.raiseSignal(signal);
      await sim.advance(1);
      assert.equal(started, boots, signal);
    }
  });

  test("of no known name is refused, and one that no program can catch", () => {
    const { reactor } = new Simulation({ seed: 1 }).host("a");
    const host = new Simulation({ seed: 1 }).host("a");
    assert.throws(() => reactor.onSignal("HUP", () => {}), TypeError);
    assert.throws(() => reactor.onSignal("SIGKILL", () => {}), /no program can catch it/);
    assert.throws(() => host.raiseSignal("SIGNONE"), TypeError);
    assert.throws(() => host.raiseSignal("SIGSTOP"), { name: "UnsupportedError" });
  });

  test("reaches no host that is down", async () => {
    const sim = new Simulation({ seed: 1 });
    let started = 0;
    const host = sim.host("a", { program: () => started++ });
    host.crash();
    host.raiseSignal("SIGKILL");
    host.raiseSignal("SIGTERM");
    await sim.advance(1);
    assert.equal(started, 0);
  });
});

describe("SIGINT and SIGTERM", () => {
  for (const signal of ["SIGINT", "SIGTERM"]) {
    test(`stop a reactor that runs: ${signal}`, async () => {
      const sim = new Simulation({ seed: 1 });
      const host = sim.host("a");
      const ended = host.reactor.run();
      await sim.advance(1);
      host.raiseSignal(signal);
      await sim.until(ended);
      assert.equal(host.reactor.running, false);
    });
  }

  test("end the process at once when they come again, whatever its shutdown waits for", async () => {
    const sim = new Simulation({ seed: 1 });
    let started = 0;
    const host = sim.host("a", {
      program: (reactor) => {
        started += 1;
        reactor.addTrigger("before", "shutdown", () => new Promise(() => {}));
        reactor.run();
      },
    });
    await sim.advance(1);
    host.raiseSignal("SIGTERM");
    await sim.advance(1_000);
    assert.equal(started, 1);
    host.raiseSignal("SIGTERM");
    await sim.advance(1);
    assert.equal(started, 2);
  });
});
