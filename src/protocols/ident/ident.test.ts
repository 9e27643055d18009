import assert from "node:assert/strict";
import fc from "fast-check";
import type { TcpAddress } from "../../core/address.ts";
import { Deferred } from "../../core/deferred/deferred.ts";
import { captureLogs } from "../../core/log/index.ts";
import { listen } from "../../endpoints/index.ts";
import { feedThreeWays, MemoryReactor, MemoryTransport } from "../../testing/index.ts";
import { describe, test } from "../../trial/test.ts";
import { askIdent } from "./client.ts";
import { encodeIdentLine, readIdentAnswer, readIdentQuery } from "./codec.ts";
import { LocalIdentError, RemoteIdentError } from "./errors.ts";
import type { IdentAnswer } from "./events.ts";
import { type IdentLookup, identServer } from "./server.ts";

const QUERY = { serverPort: 6191, clientPort: 23 };
const ANN = { kind: "user", system: "UNIX", charset: undefined, user: "ann" } as const;

describe("queries and answers", () => {
  for (const line of ["6191,23", "6191, 23", " 6191 ,\t23 "]) {
    test(`${JSON.stringify(line)} is a query`, () => assert.deepEqual(readIdentQuery(line), QUERY));
  }

  for (const line of ["", "6191", "6191 23", "6191, 23, 5", "a, b", "-1, 2", "6191, 23 : USERID", "123456, 1"]) {
    test(`${JSON.stringify(line)} is no query`, () => assert.throws(() => readIdentQuery(line), RemoteIdentError));
  }

  for (const [line, answer] of [
    ["6191, 23 : USERID : UNIX : stjohns", { ...ANN, user: "stjohns" }],
    ["6191,23:USERID:UNIX,US-ASCII:ann", { ...ANN, charset: "US-ASCII" }],
    ["6191, 23 : USERID : OTHER : a : b, c ", { ...ANN, system: "OTHER", user: "a : b, c" }],
    ["6191, 23 : ERROR : NO-USER", { kind: "error", error: "NO-USER" }],
    ["6191, 23 : ERROR : X-BUSY", { kind: "error", error: "X-BUSY" }],
  ] as const) {
    test(`${JSON.stringify(line)} is an answer`, () => assert.deepEqual(readIdentAnswer(line, QUERY), answer));
  }

  for (const line of [
    "",
    "6191, 23",
    "6191, 24 : USERID : UNIX : ann",
    "6191, 23 : USERID : UNIX :",
    "6191, 23 : USERID : : ann",
    "6191, 23 : ERROR : SOMETHING",
    `6191, 23 : USERID : UNIX : ${"x".repeat(513)}`,
  ]) {
    test(`${JSON.stringify(line).slice(0, 50)} is no answer`, () => {
      assert.throws(() => readIdentAnswer(line, QUERY), RemoteIdentError);
    });
  }

  for (const answer of [
    { kind: "error", error: "MY-ERROR" },
    { kind: "error", error: "X\r\nforged" },
    { ...ANN, user: "a\r\n6191, 23 : USERID : UNIX : root" },
    { ...ANN, user: "" },
    { ...ANN, user: "x".repeat(513) },
    { ...ANN, system: "A:B" },
  ] as const) {
    test(`${JSON.stringify(answer).slice(0, 60)} is not sent`, () => {
      assert.throws(() => encodeIdentLine(QUERY, answer), LocalIdentError);
    });
  }

  test("what encodeIdentLine makes is read as it was", () => {
    const user = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
      .filter((name) => /^[^\s\p{Cc}]/u.test(name));
    fc.assert(
      fc.property(fc.nat(65_535), fc.nat(65_535), user, fc.boolean(), (serverPort, clientPort, name, isKnown) => {
        const query = { serverPort, clientPort };
        assert.deepEqual(readIdentQuery(encodeIdentLine(query)), query);
        const answer = { ...ANN, charset: isKnown ? "UTF-8" : undefined, user: name.replace(/[\s\p{Cc}]/gu, "_") };
        assert.deepEqual(readIdentAnswer(encodeIdentLine(query, answer), query), answer);
      }),
    );
  });
});

describe("identServer", () => {
  test("answers queries in their order, whatever the cuts", () => {
    const heard = feedThreeWays(
      () => serving(({ serverPort }) => ({ ...ANN, user: `u${serverPort}` })),
      "1, 2\r\n0, 5\r\n99999, 5\n3,4\r\nnonsense\r\n5, 6\r\n",
      (transport) => transport.text(),
      { feed: (transport, data) => transport.remote.write(data) },
    );
    assert.deepEqual(heard.split("\r\n"), [
      "1, 2 : USERID : UNIX : u1",
      "0, 5 : ERROR : INVALID-PORT",
      "99999, 5 : ERROR : INVALID-PORT",
      "3, 4 : USERID : UNIX : u3",
      "",
    ]);
  });

  test("tells the lookup who asks, and waits for it before the next query", () => {
    const waiting: Deferred<IdentAnswer>[] = [];
    const transport = serving((_, { peer }) => {
      assert.deepEqual(peer, transport.peer);
      const answer = new Deferred<IdentAnswer>();
      waiting.push(answer);
      return answer;
    });
    transport.remote.write("1, 2\r\n3, 4\r\n");
    assert.equal(waiting.length, 1);
    waiting[0]?.callback(ANN);
    transport.settle();
    assert.deepEqual([waiting.length, transport.text()], [2, "1, 2 : USERID : UNIX : ann\r\n"]);
  });

  test("says UNKNOWN-ERROR when the lookup fails, and nothing of why", async (t) => {
    using logs = captureLogs();
    const transport = serving(() => {
      throw new Error("secret");
    });
    transport.remote.write("1, 2\r\n");
    assert.equal(transport.text(), "1, 2 : ERROR : UNKNOWN-ERROR\r\n");
    assert.match(logs.messages.join(), /secret/);
    assert.equal((await t.flushLoggedErrors()).length, 1);
  });

  test("closes after maxQueries, a line too long, or silence", async (t) => {
    const { reactor } = t;
    const port = await listen(
      reactor,
      "tcp:113",
      identServer(() => ANN, { clock: reactor, maxQueries: 2, idleTimeoutMs: 1_000 }),
    );
    t.addCleanup(() => port.stopListening());
    const [asking, long, silent] = [reactor.dial(113), reactor.dial(113), reactor.dial(113)];
    asking.remote.write("1, 2\r\n1, 2\r\n1, 2\r\n");
    long.remote.write("1".repeat(100));
    assert.deepEqual([asking.text().split("\r\n").length - 1, asking.connected, long.connected], [2, false, false]);
    reactor.advance(1_001);
    assert.equal(silent.connected, false);
  });
});

describe("askIdent", () => {
  test("asks the peer's machine about the connection", async () => {
    const seen: unknown[] = [];
    const answer = await asked((query) => {
      seen.push(query);
      return ANN;
    });
    assert.deepEqual([seen, answer], [[{ serverPort: 50_000, clientPort: 25 }], ANN]);
  });

  for (const [name, said] of [
    ["nonsense", "nonsense\r\n"],
    ["an answer to another query", "1, 2 : USERID : UNIX : root\r\n"],
    ["an endless line", "x".repeat(2_000)],
    ["the end", ""],
  ] as const) {
    test(`fails with RemoteIdentError at ${name}`, async (t) => {
      const { reactor } = t;
      const asking = askIdent(reactor, ENDS);
      const failures: string[] = [];
      asking.addErrback((error: Error) => failures.push(error.name));
      const transport = reactor.connects[0]?.accept();
      transport?.remote.write(said);
      transport?.remote.end();
      assert.deepEqual([failures, transport?.connected], [["RemoteIdentError"], false]);
    });
  }

  test("gives up after timeoutMs, and closes", async (t) => {
    const { reactor } = t;
    const failures: string[] = [];
    askIdent(reactor, ENDS, { timeoutMs: 500 }).addErrback((error: Error) => failures.push(error.name));
    const transport = reactor.connects[0]?.accept();
    reactor.advance(500);
    assert.deepEqual([failures, transport?.connected], [["TimeoutError"], false]);
  });
});

const ENDS = { peer: end(50_000), local: end(25) };

function end(port: number): TcpAddress {
  return { kind: "tcp", host: "127.0.0.1", port, family: 4 };
}

function serving(lookup: IdentLookup): MemoryTransport {
  const transport = new MemoryTransport();
  const factory = identServer(lookup, { clock: new MemoryReactor() });
  const protocol = factory.buildProtocol(transport.peer);
  if (protocol !== undefined) transport.attach(protocol);
  return transport;
}

async function asked(lookup: IdentLookup): Promise<IdentAnswer> {
  const reactor = new MemoryReactor({ network: true });
  await listen(reactor, "tcp:113", identServer(lookup, { clock: reactor }));
  const asking = askIdent(reactor, ENDS);
  reactor.settle();
  return await asking;
}
