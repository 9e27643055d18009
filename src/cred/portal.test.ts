import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Deferred } from "../core/deferred/deferred.ts";
import { CancelledError } from "../core/deferred/errors.ts";
import { logPublisher } from "../core/log/publisher.ts";
import { ANONYMOUS, type AvatarId, allowAnonymous, checker, firstOf } from "./checker.ts";
import { LoginFailed, UnknownCredentials } from "./errors.ts";
import { type Admission, Portal } from "./portal.ts";
import { sameSecret } from "./same-secret.ts";

const RIGHT = { kind: "token", token: "right" };
const WRONG = { kind: "token", token: "wrong" };
const byToken = checker("token", ({ token }) => (token === "right" ? "ann" : undefined));

describe("a portal", () => {
  test("gives the realm's avatar to who is recognised, and tells the realm what is wanted", async () => {
    const portal = new Portal(
      (id: AvatarId, want: "mail" | "shell") => ({ avatar: `${String(id)}'s ${want}` }),
      [byToken],
    );
    const login = await portal.login(RIGHT, "shell");
    assert.deepEqual([login.avatarId, login.avatar], ["ann", "ann's shell"]);
  });

  test("takes a realm that is an object, and keeps its this", async () => {
    class House {
      #name = "house";
      requestAvatar(id: AvatarId): Admission<string> {
        return { avatar: `${this.#name} of ${String(id)}` };
      }
    }
    assert.equal((await new Portal(new House(), [byToken]).login(RIGHT)).avatar, "house of ann");
  });

  test("refuses wrong credentials with one error that says nothing else", async () => {
    const portal = new Portal(() => assert.fail("asked"), [byToken, checker("token", async () => undefined)]);
    await assert.rejects(
      async () => await portal.login(WRONG),
      (error: Error) => {
        assert.ok(error instanceof LoginFailed);
        assert.equal(error.message, "Cannot log in: the credentials are wrong");
        assert.equal(error.cause, undefined);
        return true;
      },
    );
  });

  test("asks the checkers that take the kind, in their order, until one knows", async () => {
    const asked: string[] = [];
    const named = (name: string, answer: string | undefined) =>
      checker("token", () => {
        asked.push(name);
        return answer;
      });
    const other = checker("password", () => assert.fail("asked for a token"));
    const portal = new Portal(
      (id) => ({ avatar: id }),
      [other, named("a", undefined), named("b", "bob"), named("c", "cid")],
    );
    assert.equal((await portal.login(RIGHT)).avatar, "bob");
    assert.deepEqual(asked, ["a", "b"]);
    assert.deepEqual(portal.kinds, ["password", "token"]);
  });

  test("says which kinds it takes when it is given another", async () => {
    await assert.rejects(async () => await new Portal(() => ({ avatar: 1 }), [byToken]).login({ kind: "anonymous" }), {
      name: "UnknownCredentials",
      message: `Cannot check credentials of kind "anonymous": the portal's checkers take token`,
    });
    await assert.rejects(
      async () => await new Portal(() => ({ avatar: 1 }), []).login(RIGHT),
      (error) => {
        assert.ok(error instanceof UnknownCredentials);
        assert.match(error.message, /take none$/);
        return true;
      },
    );
  });

  test("passes on what a checker or a realm failed with", async () => {
    const broken = checker("token", () => {
      throw new RangeError("database is away");
    });
    await assert.rejects(
      async () => await new Portal(() => ({ avatar: 1 }), [broken, byToken]).login(RIGHT),
      RangeError,
    );
    const refusing = new Portal(() => Promise.reject(new LoginFailed("Cannot log in: ann is on holiday")), [byToken]);
    await assert.rejects(async () => await refusing.login(RIGHT), { name: "LoginFailed", message: /holiday/ });
  });

  test("lets the anonymous in if it has a checker for them, under an id that is no name", async () => {
    const portal = new Portal((id) => ({ avatar: id === ANONYMOUS ? "guest" : "user" }), [byToken, allowAnonymous()]);
    assert.equal((await portal.login({ kind: "anonymous" })).avatar, "guest");
    assert.equal((await portal.login(RIGHT)).avatar, "user");
  });
});

describe("a logout", () => {
  test("tells the realm once, and may be taken out of its login", async () => {
    const calls: string[] = [];
    const portal = new Portal(() => ({ avatar: 1, logout: () => calls.push("left") }), [byToken]);
    const { logout } = await portal.login(RIGHT);
    assert.equal(calls.length, 0);
    await logout();
    await logout();
    assert.equal(calls.length, 1);
  });

  test("needs nothing of the realm", async () => {
    const { logout } = await new Portal(() => ({ avatar: 1 }), [byToken]).login(RIGHT);
    assert.equal(await logout(), undefined);
  });

  test("fails if the realm's does", async () => {
    const logout = () => Promise.reject(new RangeError("no"));
    const login = await new Portal(() => ({ avatar: 1, logout }), [byToken]).login(RIGHT);
    await assert.rejects(async () => await login.logout(), RangeError);
  });
});

describe("a login that is cancelled", () => {
  test("while a checker looks, cancels that", async () => {
    let stopped = false;
    const looking = new Deferred<string>(() => {
      stopped = true;
    });
    const login = new Portal(() => assert.fail("asked"), [checker("token", () => looking)]).login(RIGHT);
    login.cancel();
    await assert.rejects(async () => await login, CancelledError);
    assert.ok(stopped);
  });

  test("while the realm works, logs the avatar out that comes after all", async () => {
    const admitting = new Deferred<Admission<string>>();
    const login = new Portal(() => admitting, [byToken]).login(RIGHT);
    const calls: string[] = [];
    login.cancel();
    await assert.rejects(async () => await login, CancelledError);
    admitting.callback({ avatar: "ann", logout: () => calls.push("left") });
    assert.equal(calls.length, 1);
  });

  test("while the realm works, leaves a trace in the log of what fails then", async () => {
    const lines: string[] = [];
    using _observer = logPublisher.addOnlooker(({ level, error }) => void lines.push(`${level} ${String(error)}`));
    for (const outcome of ["realm", "logout"]) {
      const admitting = new Deferred<Admission<string>>();
      const login = new Portal(() => admitting, [byToken]).login(RIGHT);
      login.addErrback(() => {});
      login.cancel();
      if (outcome === "realm") admitting.errback(new RangeError("realm"));
      else admitting.callback({ avatar: "ann", logout: () => Promise.reject(new RangeError("logout")) });
    }
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(lines, ["info RangeError: realm", "critical RangeError: logout"]);
  });
});

describe("a chain of checkers", () => {
  test("asks those that take the kind, until one knows", async () => {
    const staff = checker("token", ({ token }) => (token === "staff" ? "sue" : undefined));
    const chain = firstOf(staff, byToken);
    assert.deepEqual(chain.kinds, ["token"]);
    assert.equal(await chain.check({ kind: "token", token: "right" }), "ann");
    assert.equal(await chain.check({ kind: "token", token: "staff" }), "sue");
    assert.equal(await chain.check({ kind: "token", token: "none" }), undefined);
  });

  test("passes checkers of other kinds by", async () => {
    const passwords = { kinds: ["password"], check: () => assert.fail("asked for a token") };
    assert.equal(await firstOf(passwords, { kinds: ["token"], check: () => "ann" }).check(RIGHT), "ann");
  });
});

test("secrets are the same if all their bytes are, as text or as bytes", () => {
  assert.equal(sameSecret("é", Uint8Array.of(0xc3, 0xa9)), true);
  assert.equal(sameSecret("", ""), true);
  for (const [a, b] of [
    ["", "a"],
    ["a", "b"],
    ["a", "aa"],
    ["a\0", "a"],
  ] as const)
    assert.equal(sameSecret(a, b), false);
});
