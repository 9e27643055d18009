import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { DatagramProtocol } from "../core/datagram.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { fail, succeed } from "../core/deferred/succeed.ts";
import { deferLater } from "../core/time/defer-later.ts";
import { TestTimeoutError } from "./errors.ts";
import { outcomeOf, placesIn } from "./outcome.fixture.test.ts";

const placeOf = placesIn("src/trial/context.test.ts");

test("clean-ups are done last in first out, each awaited, all of them whatever fails", async () => {
  const done: string[] = [];
  const error = await outcomeOf((t) => {
    t.addCleanup(() => done.push("first"));
    t.addCleanup(async () => {
      await Promise.resolve();
      done.push("second");
    });
    t.addCleanup(() => {
      done.push("third");
      throw new Error("third");
    });
    throw new Error("body");
  });
  assert.deepEqual(done, ["third", "second", "first"]);
  assert.equal(error?.message, "Error: body\nand\nError: third");
});

test("a clean-up that waits for a turn of a reactor in memory gets it", async () => {
  const error = await outcomeOf(
    async (t) => {
      const port = await t.reactor.listenUdp({ port: 7 }, new DatagramProtocol());
      t.addCleanup(async () => {
        await port.stopListening();
        await port.stopListening();
      });
    },
    { timeoutMs: 30_000 },
  );
  assert.equal(error, undefined);
});

test("a clean-up may add another one", async () => {
  const done: string[] = [];
  await outcomeOf((t) => t.addCleanup(() => t.addCleanup(() => done.push("added"))));
  assert.deepEqual(done, ["added"]);
});

test("a Deferred that a test returns is awaited, also by a test that is not async", async () => {
  const error = await outcomeOf((t) => {
    const failing = deferLater(t.reactor, 5, () => {
      throw new RangeError("later");
    });
    t.reactor.advance(5);
    return failing;
  });
  assert.equal(error?.name, "RangeError");
});

test("a test that is never done fails by its timeout, and says what it waits for", async () => {
  const error = await outcomeOf(
    async (t) => {
      t.reactor.callLater(5, () => undefined); // the call
      await new Deferred<void>(); // the Deferred
    },
    { timeoutMs: 20 },
  );
  assert.equal(error?.name, "TestFailures");
  const [timeout] = (error as AggregateError).errors as unknown[];
  assert.ok(timeout instanceof TestTimeoutError);
  assert.match(
    timeout.message,
    new RegExp(
      `^Test is not done within 20 ms; it waits for:\\n  delayed call, due in 5 ms, made at ${placeOf("the call")}\\n  Deferred that was not fired, made at ${placeOf("the Deferred")}$`,
    ),
  );
});

test("a test whose time is up is told by its signal, and the Deferred that it returned is cancelled", async () => {
  let isCancelled = false;
  let signal: AbortSignal | undefined;
  const error = await outcomeOf(
    (t) => {
      signal = t.signal;
      return new Deferred<void>(() => {
        isCancelled = true;
      });
    },
    { timeoutMs: 20 },
  );
  assert.equal(error?.name, "TestTimeoutError");
  assert.deepEqual([isCancelled, signal?.aborted], [true, true]);
});

test("clean-ups are done after a timeout too", async () => {
  let isDone = false;
  await outcomeOf(
    (t) => {
      t.addCleanup(() => {
        isDone = true;
      });
      return new Promise(() => undefined);
    },
    { timeoutMs: 20 },
  );
  assert.ok(isDone);
});

test("successResultOf takes the value, and refuses what has none", () => {
  return checkedBody((t) => {
    const deferred = succeed(42);
    assert.equal(t.successResultOf(deferred), 42);
    assert.equal(t.successResultOf(deferred), undefined);
    assert.throws(() => t.successResultOf(new Deferred()), /should have a value by now: unfired/);
    const cause = new RangeError("no");
    assert.throws(() => t.successResultOf(fail(cause)), { message: /failed with RangeError: no/, cause });
    const waiting = succeed(1).addCallback(() => new Deferred());
    assert.throws(() => t.successResultOf(waiting), /a link returned one that has no result yet/);
    const paused = succeed(1);
    paused.pause();
    assert.throws(() => t.successResultOf(paused), /it is paused/);
  });
});

test("failureResultOf takes the error, and refuses what has none, or another one", () => {
  return checkedBody((t) => {
    const error = new RangeError("no");
    assert.equal(t.failureResultOf(fail(error)), error);
    assert.equal(t.failureResultOf(fail(error), TypeError, RangeError), error);
    assert.throws(
      () => t.failureResultOf(fail(error), TypeError),
      /failed with TypeError, and failed with RangeError: no/,
    );
    assert.throws(() => t.failureResultOf(succeed(42)), /has the value 42/);
    assert.throws(() => t.failureResultOf(new Deferred()), /should have failed by now: unfired/);
  });
});

test("assertNoResult leaves what comes later alone", () => {
  return checkedBody((t) => {
    const deferred = new Deferred<number>();
    t.assertNoResult(deferred);
    deferred.callback(42);
    assert.throws(() => t.assertNoResult(deferred), /should have no result yet, and has 42/);
    assert.equal(t.successResultOf(deferred), 42);
    const failed = fail(new RangeError("no"));
    assert.throws(() => t.assertNoResult(failed), /failed with RangeError: no/);
    failed.addErrback(() => undefined);
  });
});

test("what is patched is as it was when the test ends, inherited properties too", async () => {
  class Shop {
    ropes = 3;
    sell(): string {
      return "sold";
    }
  }
  const shop = new Shop();
  const error = await outcomeOf((t) => {
    t.patch(shop, "ropes", 4);
    t.patch(shop, "ropes", 5);
    t.patch(shop, "sell", () => "patched");
    assert.deepEqual([shop.ropes, shop.sell()], [5, "patched"]);
  });
  assert.equal(error, undefined);
  assert.deepEqual([shop.ropes, shop.sell(), Object.keys(shop)], [3, "sold", ["ropes"]]);
});

test("temporary paths are the test's own, and gone with it", async () => {
  const paths: string[] = [];
  const error = await outcomeOf(async (t) => {
    paths.push(await t.mktemp(), await t.mktemp(), await t.mkdtemp());
    assert.deepEqual(paths.map(existsSync), [false, false, true]);
    writeFileSync(paths[0] as string, "text");
    writeFileSync(`${paths[2]}/inside`, "text");
  });
  assert.equal(error, undefined);
  assert.deepEqual(paths.map(existsSync), [false, false, false]);
  assert.equal(new Set(paths).size, 3);
});

test("a test that skips is skipped where the runner can, and goes no further", async () => {
  const error = await outcomeOf((t) => {
    t.skip("no rope");
  });
  assert.equal(error?.name, "SkippedTest");
});

test("tests that are started side by side run one after the other", async () => {
  const events: string[] = [];
  const body = (name: string) => async () => {
    events.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    events.push(`${name} ends`);
  };
  await Promise.all([outcomeOf(body("one")), outcomeOf(body("two"))]);
  assert.deepEqual(events, ["one begins", "one ends", "two begins", "two ends"]);
});

test("the seed decides what a simulation does, and is shown when a test fails", async () => {
  const draws: number[] = [];
  const draw = (seed: number) => outcomeOf((t) => draws.push(t.sim.random("dice")()), { seed });
  await draw(5);
  await draw(5);
  await draw(6);
  assert.equal(draws[0], draws[1]);
  assert.notEqual(draws[0], draws[2]);
  const error = await outcomeOf(
    (t) => {
      t.sim.host("a");
      throw new Error("no");
    },
    { seed: 7 },
  );
  assert.match(error?.message ?? "", /^no\n\(seed 7: repeat it with TRIAL_SEED=7 in the environment\)$/);
});

async function checkedBody(body: Parameters<typeof outcomeOf>[0]): Promise<void> {
  const error = await outcomeOf(body);
  if (error !== undefined) throw error;
}
