import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Deferred } from "./deferred/deferred.ts";
import { CancelledError } from "./deferred/errors.ts";
import { succeed } from "./deferred/succeed.ts";
import { Later } from "./later.ts";

describe("Later", () => {
  it("loads with the first use, and calls at once from then on", async () => {
    let loads = 0;
    const later = new Later(async () => ({ number: ++loads }));
    assert.equal(later.isLoaded, false);
    assert.equal(await later.use(({ number }) => succeed(number)), 1);
    assert.equal(later.isLoaded, true);
    let seen = 0;
    later.use(({ number }) => {
      seen = number;
      return succeed();
    });
    assert.equal(seen, 1);
  });

  it("calls in the order of asking while it loads", async () => {
    const later = new Later(async () => ({}));
    const order: number[] = [];
    const uses = [1, 2].map((number) =>
      later.use(() => {
        order.push(number);
        return succeed();
      }),
    );
    await Promise.all(uses);
    assert.deepEqual(order, [1, 2]);
  });

  it("fails with what the loading failed with, and tries again", async () => {
    let isThere = false;
    const later = new Later(async () => {
      if (!isThere) throw new Error("no such module");
      return {};
    });
    await assert.rejects(async () => await later.use(() => succeed()), /no such module/);
    isThere = true;
    assert.equal(await later.use(() => succeed("loaded")), "loaded");
  });

  it("calls nothing for a use that was cancelled while it loaded", async () => {
    let load = (_module: object): void => {};
    const later = new Later(
      () =>
        new Promise<object>((loaded) => {
          load = loaded;
        }),
    );
    const cancelled = later.use(() => assert.fail("It was cancelled"));
    const other = later.use(() => succeed("called"));
    cancelled.cancel();
    await assert.rejects(async () => await cancelled, CancelledError);
    load({});
    assert.equal(other instanceof Deferred, true);
  });
});
