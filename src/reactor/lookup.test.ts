import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CancelledError } from "../core/deferred/errors.ts";
import { succeed } from "../core/deferred/succeed.ts";
import { ConnectError, LookupError } from "../core/errors.ts";
import { Protocol } from "../core/protocol.ts";
import { systemLookup } from "./lookup.ts";
import { NodeReactor } from "./node-reactor.ts";

describe("the system's resolver", () => {
  for (const [host, family] of [
    ["127.0.0.1", 4],
    ["::1", 6],
  ] as const) {
    test(`has the answer to ${host} at once`, () => {
      assert.deepEqual(systemLookup(host).inspect().result, [{ host, family }]);
    });
  }

  test("finds all addresses of a name in the hosts file", async () => {
    const addresses = await systemLookup("localhost");
    assert.ok(addresses.length > 0);
    for (const { host, family } of addresses) assert.equal(host, family === 4 ? "127.0.0.1" : "::1");
  });

  test("fails with a LookupError that has the name and the system's code", async () => {
    await assert.rejects(
      async () => systemLookup("no such name"),
      (error) => {
        assert.ok(error instanceof LookupError && error instanceof ConnectError);
        assert.match(error.message, /^Cannot look up "no such name": E/);
        assert.match(error.code ?? "", /^E/);
        return true;
      },
    );
  });

  test("forgets a lookup that is cancelled, at once", () => {
    const looking = systemLookup("localhost");
    looking.cancel();
    let reason: unknown;
    looking.addErrback((error) => {
      reason = error;
    });
    assert.ok(reason instanceof CancelledError);
  });
});

describe("a resolver of one's own", () => {
  test("is asked instead, until it is disposed", () => {
    const reactor = new NodeReactor();
    const answer = [{ host: "127.0.0.9", family: 4 as const }];
    const installed = reactor.installResolver(() => succeed(answer));
    assert.equal(reactor.lookup("anything").inspect().result, answer);
    installed[Symbol.dispose]();
    assert.deepEqual(reactor.lookup("127.0.0.1").inspect().result, [{ host: "127.0.0.1", family: 4 }]);
  });

  test("fails what asked it if it throws", async () => {
    const reactor = new NodeReactor();
    using _broken = reactor.installResolver(() => {
      throw new Error("on purpose");
    });
    const connecting = reactor.connectTcp({ host: "some.test", port: 9 }, () => new Protocol());
    await assert.rejects(async () => await connecting, /on purpose/);
  });
});
