/** Logins in a simulation: passwords are really hashed, no virtual time passes, and every run is the same. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { deferLater } from "ropewalk";
import { MemoryPasswords, OneTimeTokens, PasswordHasher, Portal } from "ropewalk/cred";
import { Simulation } from "ropewalk/sim";

describe("logins in a simulation", () => {
  test("take no virtual time, and come in the order of asking, however long each takes", async () => {
    assert.deepEqual((await history(1)).slice(0, 4), ["0 slow is set", "0 quick is set", "0 token", "5 slow"]);
  });

  test("are the same in every run of a seed, and others in another's", async () => {
    const [one, again, other] = [await history(7), await history(7), await history(8)];
    assert.deepEqual(again, one);
    assert.notDeepEqual(other, one);
  });
});

async function history(seed: number): Promise<string[]> {
  const sim = new Simulation({ seed });
  const seen: string[] = [];
  const note = (what: string): void => void seen.push(`${sim.nowMs} ${what}`);
  sim.host("server", {
    program: async (reactor) => {
      const slow = new MemoryPasswords(new PasswordHasher(reactor, { cost: { ln: 13, r: 8, p: 1 } }));
      const quick = new MemoryPasswords(new PasswordHasher(reactor, { cost: { ln: 1, r: 1, p: 1 } }));
      const setting = [slow, quick].map((each, at) =>
        each.set("ann", "right").addCallback(() => note(["slow is set", "quick is set"][at] ?? "")),
      );
      await Promise.all(setting);
      const token = new OneTimeTokens(reactor).issue("ann");
      note("token");
      await deferLater(reactor, 5);
      const logins = [slow, quick].map((each, at) =>
        new Portal((id) => ({ avatar: id }), [each])
          .login({ kind: "password", username: "ann", password: "right" })
          .addCallback(() => note(["slow", "quick"][at] ?? "")),
      );
      await Promise.all(logins);
      note(token);
    },
  });
  await sim.advance(1_000);
  assert.equal(seen.length, 6);
  return seen;
}
