import assert from "node:assert/strict";
import { test } from "node:test";
import { Deferred } from "../core/deferred/deferred.ts";
import { fail } from "../core/deferred/succeed.ts";
import { Logger } from "../core/log/logger.ts";
import type { SimReactor } from "../sim/sim-reactor.ts";
import { LoggedErrorsError } from "./errors.ts";
import { outcomeOf, placesIn } from "./outcome.fixture.test.ts";

const placeOf = placesIn("src/trial/fault-watch.test.ts");
const log = new Logger("shop");

test("an error that is logged makes a test fail, with where it was made", async () => {
  const thrown = new RangeError("sold out"); // the error
  const error = faultsOf(await outcomeOf(() => log.failure("Cannot sell {what}", thrown, { what: "rope" })));
  assert.match(
    error.message,
    new RegExp(
      `^Test logged 1 error that it did not flush:\\n {2}\\[shop\\] Cannot sell rope\\n {4}RangeError: sold out\\n {6}made at ${placeOf("the error")}$`,
    ),
  );
  assert.equal(error.cause, thrown);
});

test("an event without an error says where it was logged", async () => {
  const { faults } = faultsOf(
    await outcomeOf(() => {
      log.error("Out of rope"); // the event
    }),
  );
  assert.match(faults[0]?.places.logged ?? "", new RegExp(`^${placeOf("the event")}$`));
});

test("warnings do not count", async () => {
  assert.equal(await outcomeOf(() => log.warn("Little rope is left")), undefined);
});

test("an error that nobody takes from a Deferred makes a test fail, with where the Deferred was made", async () => {
  const { faults } = faultsOf(
    await outcomeOf(() => {
      const order = new Deferred<number>(); // the Deferred
      order.errback(new RangeError("sold out")); // its error
    }),
  );
  assert.match(faults[0]?.places.deferred ?? "", new RegExp(`^${placeOf("the Deferred")}$`));
  assert.match(faults[0]?.places.thrown ?? "", new RegExp(`^${placeOf("its error")}$`));
});

test("an error that is taken in time is no fault", async () => {
  assert.equal(await outcomeOf(() => void fail(new Error("taken")).addErrback(() => undefined)), undefined);
});

test("an error of a Deferred that failed while the clock moved is seen", async () => {
  faultsOf(
    await outcomeOf((t) => {
      t.reactor.callLater(5, () => void fail(new Error("in a call")));
      t.reactor.advance(5);
    }),
  );
});

test("an error of a Deferred in a simulated test is seen, and can be flushed", async () => {
  const body = (t: { readonly reactor: SimReactor }): void => {
    t.reactor.callLater(0, () => void fail(new RangeError("in a call")));
  };
  faultsOf(
    await outcomeOf<SimReactor>(
      async (t) => {
        body(t);
        await t.advance(1);
      },
      { reactor: "sim" },
    ),
  );
  const flushed = await outcomeOf<SimReactor>(
    async (t) => {
      body(t);
      await t.advance(1);
      assert.equal((await t.flushLoggedErrors(RangeError)).length, 1);
    },
    { reactor: "sim" },
  );
  assert.equal(flushed, undefined);
});

test("errors that are flushed are given back, and count no more", async () => {
  const thrown = new RangeError("sold out");
  const error = await outcomeOf(async (t) => {
    log.failure("Cannot sell", thrown);
    fail(new TypeError("unhandled"));
    assert.deepEqual(await t.flushLoggedErrors(RangeError), [thrown]);
    const [rest] = await t.flushLoggedErrors();
    assert.equal(rest?.message, "unhandled");
    assert.deepEqual(await t.flushLoggedErrors(), []);
  });
  assert.equal(error, undefined);
});

test("a wrong type flushes nothing", async () => {
  const error = await outcomeOf(async (t) => {
    log.failure("Cannot sell", new RangeError("sold out"));
    assert.deepEqual(await t.flushLoggedErrors(TypeError), []);
  });
  faultsOf(error);
});

test("what is wrong with a test and what is wrong beside it both come out", async () => {
  const error = await outcomeOf((t) => {
    t.reactor.callLater(5, () => undefined);
    log.error("Out of rope");
    throw new RangeError("the test itself");
  });
  assert.equal(error?.name, "TestFailures");
  assert.match(
    error.message,
    /^RangeError: the test itself\nand\nLoggedErrorsError: [\s\S]*\nand\nDirtyReactorError: /,
  );
});

function faultsOf(error: Error | undefined): LoggedErrorsError {
  assert.ok(error instanceof LoggedErrorsError, String(error));
  return error;
}
