/** Logins in a simulation: passwords are really hashed, no virtual time passes, and every run is the same. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { deferLater } from "ropewalk";
import { MemoryPasswords, OneTimeTokens, PasswordHasher, Portal, remembered } from "ropewalk/cred";
import { Simulation } from "ropewalk/sim";
import { post, Response, requireLogin, serve, sessions } from "ropewalk/web";

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

describe("logins by HTTP in a simulation, over a line that loses", () => {
  test("let the right ones in, and no others; a session lasts; every run of a seed is the same", async () => {
    const [one, again] = [await visits(3), await visits(3)];
    assert.deepEqual(one.seen, ["200 visit 1 of ann", "200 visit 2 of ann", "401", "200 visit 3 of ann"]);
    assert.deepEqual(again, one);
    assert.notEqual((await visits(4)).hash, one.hash);
  });
});

/** A server that wants a login and keeps a session, and a client that comes again; the third time with a wrong password. */
async function visits(seed: number): Promise<{ readonly seen: readonly string[]; readonly hash: string }> {
  const sim = new Simulation({ seed });
  const client = sim.host("client");
  sim.host("server", {
    program: async (reactor) => {
      const passwords = new MemoryPasswords(new PasswordHasher(reactor, { cost: { ln: 4, r: 8, p: 1 } }));
      await passwords.set("ann", "right");
      const portal = new Portal((id) => ({ avatar: String(id) }), [remembered(reactor, passwords)]);
      const count = sessions<{ visits: number }>({ reactor }, async (request, session) => {
        const greet = requireLogin(portal, { reactor, realm: "ropes" }, async (_request, { avatar }) => {
          const data = await session.data();
          data.visits = (data.visits ?? 0) + 1;
          return new Response(`visit ${data.visits} of ${avatar}`);
        });
        return greet(request);
      });
      await serve(reactor, "tcp:80", count);
    },
  });
  sim.link("server", "client", { latencyMs: 20, jitterMs: 10, loss: 0.05 });
  await sim.advance(10);
  const seen: string[] = [];
  let cookie = "";
  for (const password of ["right", "right", "wrong", "right"]) {
    const headers = cookie === "" ? {} : { cookie };
    const answer = await sim.run(() => post(client.reactor, "http://server/", { auth: ["ann", password], headers }));
    const text = answer.status === 200 ? ` ${await sim.run(() => answer.text())}` : "";
    seen.push(`${answer.status}${text}`);
    cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? cookie;
  }
  return { seen, hash: sim.hash };
}

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
