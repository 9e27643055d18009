import assert from "node:assert/strict";
import fc from "fast-check";
import { captureLogs } from "../../core/log/index.ts";
import { listen } from "../../endpoints/index.ts";
import { feedThreeWays, MemoryReactor, MemoryTransport } from "../../testing/index.ts";
import { describe, test } from "../../trial/test.ts";
import { finger } from "./client.ts";
import { cleanAnswer, encodeFingerQuery, type FingerQuery, readFingerQuery } from "./codec.ts";
import { LocalFingerError, RemoteFingerError } from "./errors.ts";
import { type FingerAnswer, type FingerServerOptions, fingerServer } from "./server.ts";

describe("queries", () => {
  for (const [line, query] of [
    ["", {}],
    ["/W", { verbose: true }],
    ["ann", { user: "ann" }],
    ["/W ann", { verbose: true, user: "ann" }],
    ["/w ann ", { verbose: true, user: "ann" }],
    ["ann@b.test", { user: "ann", hosts: ["b.test"] }],
    ["@b.test@c.test", { hosts: ["b.test", "c.test"] }],
    ["/W ann@b", { verbose: true, user: "ann", hosts: ["b"] }],
    ["/Wann", { user: "/Wann" }],
    ["/w@b", { verbose: true, hosts: ["b"] }],
  ] as const) {
    test(`${JSON.stringify(line)} is one`, () => {
      assert.deepEqual(readFingerQuery(line), { verbose: false, user: "", hosts: [], ...query });
    });
  }

  for (const line of ["ann bob", "/W /w", "/W /W@b", "ann@", "@", "a@@b", "\u0000", "ann\u001b[2J", "ann\r"]) {
    test(`${JSON.stringify(line)} is none`, () => assert.throws(() => readFingerQuery(line), RemoteFingerError));
  }

  for (const query of [{ user: "a b" }, { user: "a\r\nb" }, { user: "a@b" }, { hosts: [""] }, { user: "/W" }]) {
    test(`${JSON.stringify(query)} is not sent`, () => assert.throws(() => encodeFingerQuery(query), LocalFingerError));
  }

  test("what encodeFingerQuery makes is read as it was", () => {
    const name = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
      .filter((text) => /^[^\p{Cc}\s@]+$/u.test(text) && !/^\/w$/i.test(text));
    const queries = fc.tuple(fc.boolean(), fc.option(name, { nil: "" }), fc.array(name, { maxLength: 3 }));
    fc.assert(
      fc.property(queries, ([verbose, user, hosts]) => {
        const query: FingerQuery = { verbose, user, hosts };
        assert.deepEqual(readFingerQuery(encodeFingerQuery(query)), query);
      }),
    );
  });
});

describe("cleanAnswer", () => {
  test("ends lines as the network does, and leaves nothing that steers a terminal", () => {
    assert.equal(cleanAnswer("a\nb\r\nc\td"), "a\r\nb\r\nc\td\r\n");
    assert.equal(cleanAnswer("\u001b[2Jü\u0007\u202e\u2028x"), "?[2Jü???x\r\n");
    assert.equal(cleanAnswer(""), "");
  });
});

describe("fingerServer", () => {
  test("answers one query and ends, whatever the cuts", () => {
    const heard = feedThreeWays(
      () => serving(({ user, verbose }) => `${user} is ${verbose ? "very " : ""}out\n`),
      "/W ann\r\nbob\r\n",
      (transport) => [transport.text(), transport.connected],
      { feed: (transport, data) => transport.connected && transport.remote.write(data) },
    );
    assert.deepEqual(heard, ["ann is very out\r\n", false]);
  });

  test("does not forward unless it is told to", () => {
    const forwarding = serving(({ hosts }) => hosts.join(), { allowForwarding: true });
    for (const [transport, answer] of [
      [serving(() => "never"), "Finger forwarding service denied\r\n"],
      [forwarding, "b.test\r\n"],
    ] as const) {
      transport.remote.write("ann@b.test\r\n");
      assert.equal(transport.text(), answer);
    }
  });

  test("says nothing of what went wrong", async (t) => {
    using logs = captureLogs();
    const transport = serving(() => {
      throw new Error("secret");
    });
    transport.remote.write("ann\r\n");
    assert.deepEqual([transport.text(), transport.connected], ["Something went wrong here\r\n", false]);
    assert.match(logs.messages.join(), /secret/);
    assert.equal((await t.flushLoggedErrors()).length, 1);
    const other = serving(() => "never");
    other.remote.write("a b\r\n");
    assert.equal(other.text(), "That is no query\r\n");
  });

  test("closes on a query too long, or silence", async (t) => {
    const { reactor } = t;
    const port = await listen(
      reactor,
      "tcp:79",
      fingerServer(() => "", { clock: reactor, idleTimeoutMs: 1_000 }),
    );
    t.addCleanup(() => port.stopListening());
    const [long, silent] = [reactor.dial(79), reactor.dial(79)];
    long.remote.write("x".repeat(600));
    assert.deepEqual([long.connected, silent.connected], [false, true]);
    reactor.advance(1_001);
    assert.equal(silent.connected, false);
  });
});

describe("finger", () => {
  test("asks, and gives the answer with plain line feeds", async (t) => {
    const reactor = t.watch(new MemoryReactor({ network: true }));
    const port = await listen(
      reactor,
      "tcp:79",
      fingerServer(({ user }) => `${user}\nis out`, { clock: reactor }),
    );
    t.addCleanup(() => port.stopListening());
    const asked = finger(reactor, "tcp:127.0.0.1:79", { user: "ann" });
    reactor.settle();
    assert.equal(await asked, "ann\nis out\n");
  });

  for (const [name, act, failure] of [
    [
      "more than maxBytes",
      (transport: MemoryTransport) => transport.remote.write("x".repeat(101)),
      "RemoteFingerError",
    ],
    ["a reset", (transport: MemoryTransport) => transport.remote.reset(), "ConnectionLost"],
  ] as const) {
    test(`fails at ${name}, and closes`, (t) => {
      const { reactor } = t;
      const failures: string[] = [];
      const asked = finger(reactor, "tcp:127.0.0.1:79", { user: "ann" }, { maxBytes: 100 });
      asked.addErrback((error: Error) => failures.push(error.name));
      const transport = reactor.connects[0]?.accept();
      assert.ok(transport !== undefined);
      act(transport);
      assert.deepEqual([failures, transport.connected], [[failure], false]);
    });
  }

  test("gives up after timeoutMs, and closes", (t) => {
    const { reactor } = t;
    const failures: string[] = [];
    const asked = finger(reactor, "tcp:127.0.0.1:79", {}, { timeoutMs: 500 });
    asked.addErrback((error: Error) => failures.push(error.name));
    const transport = reactor.connects[0]?.accept();
    reactor.advance(500);
    assert.deepEqual([failures, transport?.connected], [["TimeoutError"], false]);
  });
});

function serving(answer: FingerAnswer, options: Partial<FingerServerOptions> = {}): MemoryTransport {
  const transport = new MemoryTransport();
  const factory = fingerServer(answer, { clock: new MemoryReactor(), ...options });
  const protocol = factory.buildProtocol(transport.peer);
  if (protocol !== undefined) transport.attach(protocol);
  return transport;
}
