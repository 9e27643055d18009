import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { TimerWheel } from "./timers.ts";

describe("the timers of a node reactor", () => {
  test("call later, never early and never inside callLater", async () => {
    const timers = quiet();
    const start = timers.now();
    let inside = true;
    const at = await new Promise<number>((resolve) => {
      timers.callLater(20, () => {
        assert.equal(inside, false);
        resolve(timers.now());
      });
      inside = false;
    });
    assert.ok(at - start >= 20, `${at - start} ms`);
  });

  test("call with no delay in the next turn", async () => {
    const timers = quiet();
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      timers.callLater(0, () => {
        order.push("call");
        resolve();
      });
      order.push("after");
    });
    assert.deepEqual(order, ["after", "call"]);
  });

  test("let an earlier call overtake one that the timer is set for", async () => {
    const timers = quiet();
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      timers.callLater(15, () => {
        order.push("later");
        resolve();
      });
      timers.callLater(3, () => order.push("earlier"));
    });
    assert.deepEqual(order, ["earlier", "later"]);
  });

  test("refuse a delay that is negative or no number", () => {
    assert.throws(() => quiet().callLater(-1, fail), RangeError);
    assert.throws(() => quiet().callLater(Number.NaN, fail), RangeError);
  });

  test("report what a call throws, and go on", async () => {
    const errors: unknown[] = [];
    const timers = new TimerWheel((error) => errors.push(error));
    await new Promise<void>((resolve) => {
      timers.callLater(0, () => {
        throw new Error("on purpose");
      });
      timers.callLater(0, resolve);
    });
    assert.equal((errors[0] as Error).message, "on purpose");
    assert.equal(errors.length, 1);
  });

  test("keep every promise in a burst of calls: order, and never early", async () => {
    const timers = quiet();
    const ran: number[] = [];
    const early: number[] = [];
    await new Promise<void>((resolve) => {
      for (let i = 0; i < 1000; i++) {
        const notBefore = performance.now() + 5;
        timers.callLater(5, () => {
          ran.push(i);
          if (performance.now() < notBefore) early.push(i);
          if (ran.length === 1000) resolve();
        });
      }
    });
    assert.deepEqual(ran, [...Array(1000).keys()]);
    assert.deepEqual(early, []);
    assert.equal(timers.size, 0);
  });

  test("count from the clock that the program sees, in a burst too", () => {
    const timers = quiet();
    const calls = Array.from({ length: 40 }, () => timers.callLater(60_000, fail));
    const now = timers.now();
    const next = timers.callLater(60_000, fail);
    assert.ok(calls.every(({ time }) => time <= now + 60_000));
    assert.ok(next.time >= now + 60_000);
    for (const call of [...calls, next]) call.cancel();
  });

  test("let I/O in between the slices of a long list", async () => {
    const timers = quiet();
    let left = 10;
    let turns = 0;
    let counting = true;
    const countTurn = () => {
      turns++;
      if (counting) setImmediate(countTurn);
    };
    await new Promise<void>((resolve) => {
      for (let i = 0; i < 10; i++) {
        for (let k = 0; k < 16; k++) timers.callLater(1, nothing);
        timers.callLater(1, () => {
          spin(12);
          if (--left === 0) resolve();
        });
      }
      setImmediate(countTurn);
      // By then all of them are due.
      spin(5);
    });
    counting = false;
    assert.ok(turns >= 5, `${turns} turns`);
  });

  test("run a call in the context of the reactor, not of whoever set the timer", async () => {
    const storage = new AsyncLocalStorage<string>();
    const timers = storage.run("reactor", quiet);
    const seen = await new Promise((resolve) => {
      storage.run("somebody", () => timers.callLater(0, () => resolve(storage.getStore())));
    });
    assert.equal(seen, "reactor");
  });

  test("do not keep the process alive when no call is active", () => {
    const took = runScript(`timers.callLater(100_000, () => {}).cancel();`);
    assert.equal(took.status, 0, took.stderr);
  });

  test("keep the process alive for an active call", () => {
    const { stdout } = runScript(`
      const far = timers.callLater(100_000, () => {});
      timers.callLater(10, () => { far.cancel(); console.log("ran"); });`);
    assert.equal(stdout, "ran\n");
  });

  test("keep the process alive for a call made after all others were cancelled", () => {
    const { stdout } = runScript(`
      timers.callLater(5, () => {}).cancel();
      setTimeout(() => timers.callLater(5, () => console.log("ran")), 20);`);
    assert.equal(stdout, "ran\n");
  });
});

function quiet(): TimerWheel {
  return new TimerWheel((error) => assert.fail(String(error)));
}

function fail(): void {
  assert.fail("must not be called");
}

function nothing(): void {}

function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Runs `code` in a process of its own, with `timers` at hand; a process that does not end is killed, status null. */
function runScript(code: string): { status: number | null; stdout: string; stderr: string } {
  const module = new URL("./timers.js", import.meta.url);
  const script = `import { TimerWheel } from "${module}"; const timers = new TimerWheel(console.error); ${code}`;
  return spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8", timeout: 20_000 });
}
