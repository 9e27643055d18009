import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Simulation } from "../simulation.ts";

const WORK = moduleOf(`
  export default (n) => n * 2;
  export const keep = (value) => { value.list.push(4); return value; };
  export const slow = (n) => new Promise((resolve) => setTimeout(() => resolve(n), n));
  export const never = () => new Promise(() => {});
  export const fails = () => { throw Object.assign(new RangeError("too much"), { name: "Odd", code: "EODD", f() {} }); };
`);

describe("work in a simulated worker", () => {
  test("gives its result in a later turn, without any virtual time", async () => {
    const { sim, reactor } = make();
    const result = reactor.runInWorker<number>(WORK, 21);
    assert.equal(result.called, false);
    assert.equal(await sim.until(result), 42);
    assert.equal(sim.nowMs, 0);
  });

  test("gets a copy, and gives one", async () => {
    const { sim, reactor } = make();
    const argument = { list: [1] };
    assert.deepEqual(await sim.until(reactor.runInWorker(WORK, argument, { name: "keep" })), { list: [1, 4] });
    assert.deepEqual(argument, { list: [1] });
    await assert.rejects(sim.until(reactor.runInWorker(WORK, () => {})), { name: "DataCloneError" });
  });

  test("is the same in every run: results come in the order of the calls, however long each takes", async () => {
    const { sim, reactor } = make();
    const order: number[] = [];
    const results = [20, 1].map((ms) =>
      reactor.runInWorker<number>(WORK, ms, { name: "slow" }).addCallback((n) => void order.push(n)),
    );
    await sim.until(Promise.all(results));
    assert.deepEqual(order, [20, 1]);
    assert.equal(sim.nowMs, 0);
  });

  test("fails with a copy of what was thrown: name, message and what can be cloned of its own", async () => {
    const { sim, reactor } = make();
    await assert.rejects(sim.until(reactor.runInWorker(WORK, 0, { name: "fails" })), (error: Error) => {
      assert.deepEqual([error.name, error.message, { ...error }], ["Odd", "too much", { code: "EODD" }]);
      return true;
    });
  });

  test("fails where there is no function of that name, no module, or no way to find it", async () => {
    const { sim, reactor } = make();
    await assert.rejects(sim.until(reactor.runInWorker(WORK, 0, { name: "none" })), /it is no function but undefined/);
    await assert.rejects(sim.until(reactor.runInWorker("file:///nowhere.js", 0)), { code: "ERR_MODULE_NOT_FOUND" });
    await assert.rejects(sim.until(reactor.runInWorker("./x.js", 0)), /pass new URL/);
  });

  test("can be cancelled: nobody waits for it", async () => {
    const { sim, reactor } = make();
    const result = reactor.runInWorker(WORK, 0, { name: "never" });
    const outcome = assert.rejects(Promise.resolve(result), { name: "AbortError" });
    result.cancel();
    await sim.advance(10);
    await outcome;
    assert.equal(sim.nowMs, 10);
    assert.equal(await sim.until(reactor.runInWorker(WORK, 1)), 2);
  });

  test("is of no concern to a process that died", async () => {
    const { sim, reactor, host } = make();
    let heard = false;
    reactor.runInWorker(WORK, 1).addBoth(() => {
      heard = true;
    });
    host.kill();
    await sim.advance(10);
    assert.equal(heard, false);
  });
});

function make() {
  const sim = new Simulation({ seed: 1 });
  const host = sim.host("a");
  return { sim, host, reactor: host.reactor };
}

function moduleOf(text: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(text)}`);
}
