import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { logPublisher } from "../../../core/log/publisher.ts";
import { MemoryReactor } from "../../../testing/memory-reactor.ts";
import { HttpError } from "../message/http-error.ts";
import { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import type { Answer } from "../server/site.ts";
import { FileSessionStore } from "./file-store.ts";
import { type SessionsOptions, sessions } from "./server.ts";
import type { Session } from "./session.ts";
import { MemorySessionStore, type SessionStore } from "./store.ts";

interface Visitor {
  visits: number;
  user: string;
  list: string[];
}

for (const kind of ["memory", "files"] as const) {
  describe(`a session in ${kind}`, () => {
    test("is kept from request to request, for each browser its own", async () => {
      const { browser } = make(kind);
      const [ann, bob] = [browser(), browser()];
      assert.deepEqual([await ann.visit(), await ann.visit(), await bob.visit(), await ann.visit()], [1, 2, 1, 3]);
    });

    test("ends when nobody has used it for the idle time, and lives on while somebody does", async () => {
      const { reactor, browser } = make(kind, { idleMs: 1_000, absoluteMs: 100_000 });
      const [ann, bob] = [browser(), browser()];
      await ann.visit();
      await bob.visit();
      for (let times = 0; times < 5; times += 1) {
        reactor.advance(999);
        await bob.look();
      }
      assert.deepEqual([await ann.visit(), await bob.visit()], [1, 2]);
    });

    test("ends after the absolute time, however much it is used", async () => {
      const { reactor, browser } = make(kind, { idleMs: 1_000, absoluteMs: 2_500 });
      const ann = browser();
      const visits: unknown[] = [];
      for (let times = 0; times < 5; times += 1) {
        visits.push(await ann.visit());
        reactor.advance(900);
      }
      assert.deepEqual(visits, [1, 2, 3, 1, 2]);
    });

    test("goes on under another id when it is regenerated, and nowhere else", async () => {
      const { browser } = make(kind);
      const ann = browser();
      await ann.visit();
      const thief = browser(ann.cookie);
      assert.equal(await thief.visit(), 2);
      const before = ann.cookie;
      await ann.ask(async (session) => {
        (await session.data()).user = "ann";
        await session.regenerate();
      });
      assert.notEqual(ann.cookie, before);
      assert.deepEqual([await ann.visit(), await ann.user()], [3, "ann"]);
      assert.deepEqual([await thief.visit(), await thief.user()], [1, undefined]);
    });

    test("is gone when it is destroyed, and its cookie, too", async () => {
      const { browser } = make(kind);
      const ann = browser();
      await ann.visit();
      const thief = browser(ann.cookie);
      const answer = await ann.ask((session) => session.destroy());
      assert.match(answer.headers.get("set-cookie") ?? "", /^__Host-session=; Max-Age=0; /);
      assert.equal(ann.cookie, "");
      assert.deepEqual([await thief.visit(), await ann.visit()], [1, 1]);
    });

    test("that is destroyed may be followed by a new one at once", async () => {
      const { browser } = make(kind);
      const ann = browser();
      await ann.visit();
      const before = ann.cookie;
      await ann.ask(async (session) => {
        await session.destroy();
        (await session.data()).user = "bob";
      });
      assert.notEqual(ann.cookie, before);
      assert.deepEqual([await ann.visit(), await ann.user()], [1, "bob"]);
    });

    test("that another request has ended meanwhile does not come back", async () => {
      const { browser } = make(kind);
      const ann = browser();
      await ann.visit();
      const thief = browser(ann.cookie);
      await thief.ask(async (session) => {
        (await session.data()).visits = 17;
        await ann.ask((other) => other.destroy());
      });
      assert.equal(await thief.visit(), 1);
    });
  });
}

describe("a session", () => {
  test("of nobody who keeps anything costs nothing: no cookie, no entry, no look into the store", async () => {
    const calls: string[] = [];
    const store = watched(calls);
    const { browser } = make("memory", { store });
    const ann = browser(`__Host-session=${"a".repeat(43)}`);
    const answer = await ann.ask(() => {});
    assert.deepEqual([calls, answer.headers.get("set-cookie"), answer.headers.get("vary")], [[], null, null]);
    const looked = await browser().ask((session) => session.data());
    assert.deepEqual([calls, looked.headers.get("set-cookie"), looked.headers.get("vary")], [[], null, "Cookie"]);
  });

  test("is read once in a request, and written only if it has changed, in whatever depth", async () => {
    const calls: string[] = [];
    const { browser } = make("memory", { store: watched(calls) });
    const ann = browser();
    await ann.ask(async (session) => {
      (await session.data()).list = ["a"];
    });
    await ann.ask(async (session) => {
      await session.data();
      assert.deepEqual((await session.data()).list, ["a"]);
    });
    await ann.ask(async (session) => {
      (await session.data()).list?.push("b");
    });
    assert.deepEqual(calls, ["create", "read", "read", "update"]);
  });

  test("has its time of use written ten times in an idle time at most", async () => {
    const calls: string[] = [];
    const { browser, reactor } = make("memory", { store: watched(calls), idleMs: 1_000 });
    const ann = browser();
    await ann.visit();
    calls.length = 0;
    for (let times = 0; times < 4; times += 1) {
      await ann.look();
      reactor.advance(50);
    }
    assert.equal(calls.filter((call) => call === "update").length, 1);
  });

  test("sets a careful cookie, once, and keeps caches away", async () => {
    const { browser } = make("memory");
    const ann = browser();
    const first = await ann.ask(setUser);
    assert.match(
      first.headers.get("set-cookie") ?? "",
      /^__Host-session=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
    );
    assert.deepEqual([first.headers.get("cache-control"), first.headers.get("vary")], ["no-store", "Cookie"]);
    const second = await ann.ask(setUser);
    assert.deepEqual([second.headers.get("set-cookie"), second.headers.get("cache-control")], [null, null]);
  });

  test("leaves the program's own Cache-Control alone", async () => {
    const respond = sessions<Visitor>({ reactor: new MemoryReactor() }, async (_request, session) => {
      await setUser(session);
      return new Response("hello", { headers: { "Cache-Control": "private" } });
    });
    const answer = await respond(new Request("http://rope.example/"));
    assert.equal(answer.headers.get("cache-control"), "private");
  });

  test("never puts one user's cookie on an answer that others get, too", async () => {
    const home = Response.redirect("/", 303);
    const respond = sessions<Visitor>({ reactor: new MemoryReactor() }, async (_request, session) => {
      await setUser(session);
      return home;
    });
    const answers = [1, 2].map(async () => await respond(new Request("http://rope.example/")));
    const cookies = (await Promise.all(answers)).map(({ headers }) => headers.getSetCookie());
    assert.deepEqual(
      cookies.map(({ length }) => length),
      [1, 1],
    );
    assert.deepEqual([...home.headers.keys()], ["location"]);
  });

  test("has another name where its cookie cannot promise what the prefix says, or as the program likes", async () => {
    const options: readonly (readonly [Partial<SessionsOptions>, RegExp])[] = [
      [{ cookie: { secure: false } }, /^session=[^;]*; Path=\/; HttpOnly;/],
      [{ cookie: { path: "/app" } }, /^session=[^;]*; Path=\/app;/],
      [{ cookie: { domain: "rope.example" } }, /^session=[^;]*; Path=\/; Domain=rope\.example;/],
      [{ cookieName: "knot", cookie: { maxAgeMs: 60_000 } }, /^knot=[^;]*; Max-Age=60;/],
    ];
    for (const [given, expected] of options) {
      const answer = await make("memory", given).browser().ask(setUser);
      assert.match(answer.headers.get("set-cookie") ?? "", expected);
    }
  });

  test("never takes an id of the browser's choice, and leaves its cookie alone", async () => {
    const { browser } = make("memory");
    for (const chosen of ["x", "a".repeat(43), "../../etc/passwd"]) {
      const mallory = browser(`__Host-session=${chosen}`);
      const looked = await mallory.ask((session) => session.data());
      assert.equal(looked.headers.get("set-cookie"), null);
      assert.equal(await mallory.visit(), 1);
      assert.notEqual(mallory.cookie, `__Host-session=${chosen}`);
    }
  });

  test("is in the store under a hash of what the cookie says", async () => {
    const ids: string[] = [];
    const store = new MemorySessionStore(new MemoryReactor());
    const { browser } = make("memory", {
      store: {
        create: (id, text, expiresMs) => {
          ids.push(id);
          store.create(id, text, expiresMs);
        },
        read: (id) => store.read(id),
        update: (id, text, expiresMs) => store.update(id, text, expiresMs),
        remove: (id) => store.remove(id),
      },
    });
    const ann = browser();
    await ann.visit();
    const token = ann.cookie.split("=")[1] as string;
    assert.deepEqual(ids, [createHash("sha256").update(token).digest("hex")]);
  });

  test("of a request that fails is not saved", async () => {
    const { browser } = make("memory");
    const ann = browser();
    await ann.visit();
    const failing = ann.ask(async (session) => {
      (await session.data()).visits = 17;
      throw new HttpError(404, "No such knot");
    });
    await assert.rejects(failing, HttpError);
    assert.equal(await ann.visit(), 2);
  });

  test("that is too big, or no JSON, fails the request", async () => {
    const { browser } = make("memory", { maxBytes: 100 });
    const ann = browser();
    const big = ann.ask(async (session) => {
      (await session.data()).user = "é".repeat(50);
    });
    await assert.rejects(big, { name: "RangeError", message: "Cannot save a session of 111 bytes: 100 are allowed" });
    const circular = ann.ask(async (session) => {
      const data = (await session.data()) as Record<string, unknown>;
      data["self"] = data;
    });
    await assert.rejects(circular, TypeError);
  });

  test("that the store has malformed begins anew, and the log says so", async () => {
    const lines: string[] = [];
    using _observer = logPublisher.addOnlooker(
      ({ level, error }) => void lines.push(`${level} ${(error as Error).name}`),
    );
    const texts: string[] = ["no JSON", "{}", '{"createdMs":0,"usedMs":0,"data":null}'];
    const removed: string[] = [];
    const store: SessionStore = {
      read: () => texts.shift(),
      create: () => {},
      update: () => assert.fail("updated"),
      remove: (id) => void removed.push(id),
    };
    const ann = make("memory", { store }).browser(`__Host-session=${"a".repeat(43)}`);
    assert.deepEqual([await ann.visit(), await ann.visit(), await ann.visit()], [1, 1, 1]);
    assert.deepEqual(lines, ["warn SyntaxError", "warn TypeError", "warn TypeError"]);
    assert.equal(removed.length, 3);
  });

  test("fails the request if the store does", async () => {
    const fails = () => Promise.reject(new RangeError("away"));
    const store: SessionStore = { read: fails, create: fails, update: fails, remove: fails };
    await assert.rejects(make("memory", { store }).browser().ask(setUser), RangeError);
  });

  test("wants positive numbers, and a cookie that can be", () => {
    for (const options of [{ idleMs: 0 }, { absoluteMs: Number.NaN }, { maxBytes: -1 }]) {
      assert.throws(() => make("memory", options), RangeError);
    }
    assert.throws(() => make("memory", { cookieName: "a b" }), TypeError);
    assert.throws(() => make("memory", { cookieName: "__Host-a", cookie: { secure: false } }), TypeError);
  });
});

describe("a store in memory", () => {
  test("is bounded: one too many ends those that have expired, or the one that was written the longest ago", () => {
    const reactor = new MemoryReactor();
    const store = new MemorySessionStore(reactor, { maxSessions: 2 });
    const inMs = (ms: number): number => reactor.wallTimeMs() + ms;
    store.create("a", "A", inMs(10));
    store.create("b", "B", inMs(1_000));
    reactor.advance(10);
    store.create("c", "C", inMs(1_000));
    assert.deepEqual(
      ["a", "b", "c"].map((id) => store.read(id)),
      [undefined, "B", "C"],
    );
    store.update("b", "B2", inMs(1_000));
    store.create("d", "D", inMs(1_000));
    assert.deepEqual(
      ["b", "c", "d"].map((id) => store.read(id)),
      ["B2", undefined, "D"],
    );
    assert.equal(store.size, 2);
    assert.throws(() => new MemorySessionStore(reactor, { maxSessions: 0 }), RangeError);
  });
});

describe("a store in files", () => {
  test("outlives its process, and shows nobody else what is in it", async () => {
    const { reactor, browser } = make("files");
    const ann = browser();
    await ann.visit();
    const again = make("files", {}, reactor).browser(ann.cookie);
    assert.equal(await again.visit(), 2);
    const [path = ""] = reactor.files.paths().filter((each) => each.endsWith(".session"));
    assert.equal((await reactor.files.stat(path)).mode & 0o777, 0o600);
  });

  test("sweeps what has expired, and nothing else", async () => {
    const reactor = new MemoryReactor();
    const store = new FileSessionStore(reactor, "/sessions");
    assert.equal(await store.sweep(), 0);
    await store.create("aa", "A", reactor.wallTimeMs() + 10);
    await store.create("bb", "B", reactor.wallTimeMs() + 20);
    await reactor.files.write("/sessions/README", "mine");
    reactor.advance(10);
    assert.equal(await store.sweep(), 1);
    assert.deepEqual([await store.read("aa"), await store.read("bb")], [undefined, "B"]);
    assert.deepEqual(await reactor.files.list("/sessions"), ["README", "bb.session"]);
    reactor.advance(10);
    assert.equal(await store.read("bb"), undefined);
    assert.deepEqual(await reactor.files.list("/sessions"), ["README"]);
  });

  test("names no file outside of its folder, and passes on what the disk says", async () => {
    const reactor = new MemoryReactor();
    const store = new FileSessionStore(reactor, "/sessions");
    for (const id of ["", "../x", "a/b", "A"]) await assert.rejects(store.read(id), TypeError);
    await reactor.files.write("/sessions", "a file");
    await assert.rejects(store.create("aa", "A", 1), { code: /EEXIST|ENOTDIR/ });
    await assert.rejects(store.read("aa"), { code: "ENOTDIR" });
  });
});

async function setUser(session: Session<Visitor>): Promise<void> {
  (await session.data()).user = "ann";
}

function watched(calls: string[]): SessionStore {
  const store = new MemorySessionStore(new MemoryReactor());
  const noted = (name: string): void => void calls.push(name);
  return {
    read: (id) => {
      noted("read");
      return store.read(id);
    },
    create: (...given) => {
      noted("create");
      store.create(...given);
    },
    update: (...given) => {
      noted("update");
      store.update(...given);
    },
    remove: (id) => {
      noted("remove");
      store.remove(id);
    },
  };
}

type Step = (session: Session<Visitor>) => unknown;

/** Sessions, and browsers with a cookie each, which say what is to be done with theirs. */
function make(kind: "memory" | "files", options: Partial<SessionsOptions> = {}, reactor = new MemoryReactor()) {
  const store = kind === "files" ? new FileSessionStore(reactor, "/sessions") : new MemorySessionStore(reactor);
  const steps = new Map<Request, Step>();
  const respond = sessions<Visitor>({ reactor, store, ...options }, async (request, session) => {
    await steps.get(request)?.(session);
    return new Response("hello");
  });
  const browser = (cookie = "") => {
    const one = {
      cookie,
      async ask(step: Step): Promise<Answer> {
        const headers: Record<string, string> = one.cookie === "" ? {} : { Cookie: one.cookie };
        const request = new Request("http://rope.example/", { headers });
        steps.set(request, step);
        const answer = await respond(request);
        const set = answer.headers.get("set-cookie");
        if (set !== null) one.cookie = set.includes("Max-Age=0") ? "" : (set.split(";")[0] ?? "");
        return answer;
      },
      async visit(): Promise<number | undefined> {
        let visits: number | undefined;
        await one.ask(async (session) => {
          const data = await session.data();
          visits = (data.visits ?? 0) + 1;
          data.visits = visits;
        });
        return visits;
      },
      async user(): Promise<string | undefined> {
        let user: string | undefined;
        await one.ask(async (session) => {
          user = (await session.data()).user;
        });
        return user;
      },
      look: (): Promise<Answer> => one.ask((session) => session.data()),
    };
    return one;
  };
  return { reactor, browser };
}
