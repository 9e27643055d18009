import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Deferred } from "../../core/deferred/deferred.ts";
import { fail } from "../../core/deferred/succeed.ts";
import { ConnectionDone } from "../../core/errors.ts";
import { captureLogs } from "../../core/log/observers.ts";
import { connectedPair } from "../../testing/connected-pair.ts";
import { feedThreeWays } from "../../testing/feed-three-ways.ts";
import { MemoryTransport } from "../../testing/memory-transport.ts";
import {
  bytes,
  Divide,
  errorOf,
  Greet,
  latin1,
  Note,
  Overheated,
  Sum,
  served,
  ZeroDivisionError,
} from "./commands.fixture.test.ts";
import * as amp from "./index.ts";

const calculator = new amp.Responders()
  .respond(Sum, ({ a, b }) => ({ total: a + b }))
  .respond(Divide, ({ numerator, denominator }) => {
    if (denominator === 0) throw new ZeroDivisionError("by zéro");
    if (denominator > 1_000) throw new Overheated("too hot");
    if (denominator === 13) throw new Error("secret");
    return { result: numerator / denominator };
  });

/** What Twisted's client sends for Sum(a=13, b=81), its first call. */
const SUM = "\0\u0004_ask\0\u00011\0\u0008_command\0\u0003Sum\0\u0001a\0\u000213\0\u0001b\0\u000281\0\0";
const NINETY_FOUR = "\0\u0007_answer\0\u00011\0\u0005total\0\u000294\0\0";

describe("a call", () => {
  test("goes over the wire in the bytes of Twisted, and so does its answer", () => {
    const transport = new MemoryTransport();
    const client = new amp.AmpProtocol();
    transport.attach(client);
    const answer = errorOf(client.callRemote(Sum, { a: 13, b: 81 }));
    assert.equal(latin1(transport.bytes()), SUM);
    transport.remote.write(bytes(NINETY_FOUR));
    assert.deepEqual(answer, { value: { total: 94 } });
  });

  test("is answered in the same way whatever the cuts", () => {
    const make = () => new amp.AmpProtocol(calculator);
    const transports = new Map<amp.AmpProtocol, MemoryTransport>();
    const feed = (fed: amp.AmpProtocol, data: Uint8Array): void => {
      if (!transports.has(fed)) transports.set(fed, attached(fed));
      transports.get(fed)?.remote.write(data);
    };
    const unknown = "\0\u0004_ask\0\u00012\0\u0008_command\0\u0004nope\0\0";
    const said = feedThreeWays(make, SUM + unknown + SUM, (fed) => transports.get(fed)?.text(), { feed });
    const unhandled = "\0\u0006_error\0\u00012\0\u000b_error_code\0\u0009UNHANDLED\0\u0012_error_description\0\u001a";
    assert.equal(said, `${NINETY_FOUR}${unhandled}Unhandled Command: b'nope'\0\0${NINETY_FOUR}`);
  });

  test("without arguments needs none, and what is optional may be missing on either side", () => {
    const responders = new amp.Responders().respond(Greet, ({ name }) =>
      name === undefined ? {} : { greeting: name },
    );
    const { a: client, flush } = served(responders);
    const answers = [
      client.callRemote(Greet),
      client.callRemote(Greet, { name: undefined }),
      client.callRemote(Greet, { name: "" }),
    ];
    const seen = answers.map((each) => errorOf(each));
    flush();
    assert.deepEqual(seen, [{ value: {} }, { value: {} }, { value: { greeting: "" } }]);
  });

  test("may be answered by a Deferred or a Promise, and overtaken by another", async () => {
    const slow = new Deferred<{ total: number }>();
    const results = [slow, Promise.resolve({ total: 2 }), { total: 3 }];
    const responders = new amp.Responders().respond(Sum, () => results.shift() as { total: number });
    const { a: client, flush } = served(responders);
    const order: number[] = [];
    const calls = [1, 2, 3].map((a) =>
      client.callRemote(Sum, { a, b: 0 }).addCallback(({ total }) => order.push(total)),
    );
    flush();
    assert.deepEqual(order, [3]);
    await Promise.resolve();
    flush();
    slow.callback({ total: 1 });
    flush();
    await Promise.all(calls);
    assert.deepEqual(order, [3, 2, 1]);
  });

  test("goes both ways at once, from within a responder too", () => {
    const a: amp.AmpProtocol = new amp.AmpProtocol(calculator);
    const doubling = new amp.Responders().respond(Sum, ({ a, b }, other) =>
      other.callRemote(Sum, { a: 2 * a, b: 2 * b }),
    );
    const { b, flush } = connectedPair(a, new amp.AmpProtocol(doubling), { splits: "bytes" });
    const seen = [errorOf(a.callRemote(Sum, { a: 1, b: 2 })), errorOf(b.callRemote(Sum, { a: 3, b: 4 }))];
    flush();
    assert.deepEqual(seen, [{ value: { total: 6 } }, { value: { total: 7 } }]);
  });

  test("gets its own answer, whatever the order of the answers and the cuts", () => {
    const order = fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(order, fc.nat(), (ranks, seed) => {
        const waiting: { rank: number; fire: () => void }[] = [];
        const responders = new amp.Responders().respond(Sum, ({ a, b }) => {
          const answer = new Deferred<{ total: number }>();
          waiting.push({ rank: a, fire: () => answer.callback({ total: b }) });
          return answer;
        });
        const { a: client, flush } = served(responders, { splits: { seed, maxBytes: 9 } });
        const seen = ranks.map((a, b) => errorOf(client.callRemote(Sum, { a, b })));
        flush();
        for (const { fire } of waiting.sort((one, other) => one.rank - other.rank)) fire();
        flush();
        assert.deepEqual(
          seen,
          ranks.map((_, b) => ({ value: { total: b } })),
        );
      }),
      { numRuns: 50 },
    );
  });

  test("that is cancelled leaves the others alone, and its answer is passed over", () => {
    const { a: client, flush } = served(calculator);
    const cancelled = client.callRemote(Sum, { a: 1, b: 1 });
    const other = errorOf(client.callRemote(Sum, { a: 1, b: 2 }));
    const seen = errorOf(cancelled);
    cancelled.cancel();
    flush();
    assert.equal(seen.error?.name, "AbortError");
    assert.deepEqual(other, { value: { total: 3 } });
  });

  test("with values that cannot be sent fails here, and sends nothing", () => {
    const { a: client, transportA } = served(calculator);
    const seen = errorOf(client.callRemote(Sum, { a: 1.5, b: 0 }));
    assert.ok(seen.error instanceof amp.LocalAmpError);
    assert.match(seen.error.message, /^Cannot call "Sum": "a": expected an integer up to 2\^53 - 1, got 1.5$/);
    assert.throws(
      () => client.callRemote(Note, { text: "x".repeat(65_536) }),
      /Cannot call "Note": Cannot send a value of 65536/,
    );
    assert.equal(transportA.bufferedBytes, 0);
  });

  test("before the connection fails", () => {
    assert.match(errorOf(new amp.AmpProtocol().callRemote(Greet)).error?.message ?? "", /there is no connection yet/);
  });
});

describe("an error", () => {
  test("that the command declares arrives as the class declared, with its message", () => {
    const { a: client, transportA, flush } = served(calculator);
    const seen = errorOf(client.callRemote(Divide, { numerator: 1, denominator: 0 }));
    flush();
    assert.ok(seen.error instanceof ZeroDivisionError);
    assert.equal(seen.error.message, "by zéro");
    assert.equal(transportA.connected, true);
  });

  test("that is declared as fatal arrives, and closes the connection", () => {
    const { a: client, transportA, flush } = served(calculator);
    const seen = errorOf(client.callRemote(Divide, { numerator: 1, denominator: 1_001 }));
    flush();
    assert.ok(seen.error instanceof Overheated);
    assert.equal(transportA.connected, false);
  });

  test("that nobody declared is logged here, says nothing there, and closes the connection", () => {
    using logs = captureLogs();
    const { a: client, transportA, flush } = served(calculator);
    const seen = errorOf(client.callRemote(Divide, { numerator: 1, denominator: 13 }));
    flush();
    assert.ok(seen.error instanceof amp.RemoteCallError);
    assert.deepEqual(
      [seen.error.command, seen.error.code, seen.error.description],
      ["Divide", "UNKNOWN", "Unknown Error"],
    );
    assert.equal(transportA.connected, false);
    assert.deepEqual(
      logs.events.map(({ namespace, error }) => [namespace, (error as Error).message]),
      [["ropewalk.amp", "secret"]],
    );
  });

  test("comes for a command that nobody responds to, and the connection stays", () => {
    const { a: client, transportA, flush } = served(calculator);
    const seen = errorOf(client.callRemote(Greet));
    flush();
    assert.ok(seen.error instanceof amp.UnhandledCommandError);
    assert.equal(
      seen.error.message,
      `Peer answered the call of "Greet" with the error UNHANDLED: Unhandled Command: b'Greet'`,
    );
    assert.equal(transportA.connected, true);
  });

  test("comes for values that are not what the command declares, whoever sent them", () => {
    using logs = captureLogs();
    const other = amp.command("Sum", { arguments: { a: amp.Unicode }, response: { total: amp.Unicode } });
    const { a: client, flush } = served(calculator);
    const seen = errorOf(client.callRemote(other, { a: "one" }));
    flush();
    assert.match(seen.error?.message ?? "", /the error UNKNOWN: Unknown Error/);
    assert.match(String(logs.events[0]?.["error"]), /Peer called "Sum" with "a": expected an integer/);

    const wrong = served(new amp.Responders().respond(other, () => ({ total: "six" })));
    const answer = errorOf(wrong.a.callRemote(Sum, { a: 1, b: 2 }));
    wrong.flush();
    assert.match(answer.error?.message ?? "", /Peer answered "Sum" with "total": expected an integer/);
    assert.equal(wrong.transportA.connected, true);
  });

  test("comes for a responder that returns what cannot be sent", () => {
    using logs = captureLogs();
    const { a: client, flush } = served(new amp.Responders().respond(Sum, () => ({ total: 0.5 })));
    const seen = errorOf(client.callRemote(Sum, { a: 1, b: 2 }));
    flush();
    assert.equal((seen.error as amp.RemoteCallError).code, "UNKNOWN");
    assert.match(String(logs.events[0]?.["error"]), /Cannot answer "Sum": "total": expected an integer/);
  });
});

describe("a one-way command", () => {
  test("is sent without a tag, answered by nobody, and may come at any rate", () => {
    const heard: string[] = [];
    const responders = new amp.Responders().respond(Note, ({ text }) => {
      heard.push(text);
    });
    const { a: client, transportB, flush } = served(responders);
    assert.equal(client.callRemote(Note, { text: "one" }), undefined);
    client.callRemote(Note, { text: "two" });
    flush();
    assert.deepEqual(heard, ["one", "two"]);
    assert.equal(transportB.bufferedBytes, 0);
  });

  test("is answered if the peer wants to know, as Twisted does", () => {
    const server = new amp.AmpProtocol(new amp.Responders().respond(Note, () => {}));
    const transport = attached(server);
    transport.remote.write(bytes("\0\u0004_ask\0\u00019\0\u0008_command\0\u0004Note\0\u0004text\0\u0001x\0\0"));
    assert.equal(transport.text(), "\0\u0007_answer\0\u00019\0\0");
  });

  for (const [how, responders] of [
    ["has no responder", new amp.Responders()],
    ["fails", new amp.Responders().respond(Note, () => fail(new Error("no")))],
  ] as const) {
    test(`that ${how} closes the connection, for there is no other way to say so`, () => {
      using logs = captureLogs();
      const { a: client, transportA, transportB, flush } = served(responders);
      client.callRemote(Note, { text: "x" });
      flush();
      assert.equal(transportA.connected, false);
      assert.equal(transportB.bufferedBytes, 0);
      assert.equal(logs.events.length, 1);
    });
  }
});

describe("the end of the connection", () => {
  test("fails the calls that are unanswered, and those that come later, with its reason", () => {
    const { a: client, transportA, flush } = served(new amp.Responders().respond(Sum, () => new Deferred()));
    const early = errorOf(client.callRemote(Sum, { a: 1, b: 1 }));
    flush();
    transportA.loseConnection();
    flush();
    assert.ok(early.error instanceof ConnectionDone);
    assert.equal(errorOf(client.callRemote(Sum, { a: 1, b: 1 })).error, early.error);
    assert.throws(() => client.callRemote(Note, { text: "late" }), ConnectionDone);
  });

  test("drops the answers that come too late", () => {
    const slow = new Deferred<{ total: number }>();
    const { a: client, transportA, transportB, flush } = served(new amp.Responders().respond(Sum, () => slow));
    errorOf(client.callRemote(Sum, { a: 1, b: 1 }));
    flush();
    transportA.abortConnection();
    flush();
    slow.callback({ total: 2 });
    assert.equal(transportB.bufferedBytes, 0);
  });

  const BROKEN: readonly (readonly [string, string, amp.AmpProblem])[] = [
    ["an answer that nobody waits for", NINETY_FOUR, "stray answer"],
    ["an error that nobody waits for", "\0\u0006_error\0\u00017\0\0", "stray answer"],
    ["an empty box", "\0\0", "box kind"],
    ["a box that is no call and no answer", "\0\u0001a\0\0\0\0", "box kind"],
    ["bytes that are no AMP", "GET / HTTP/1.1\r\n\r\n", "key length"],
  ];
  for (const [what, wire, problem] of BROKEN) {
    test(`comes of ${what}, and what follows is not looked at`, () => {
      const client = new Refusing(calculator);
      const transport = attached(client);
      transport.remote.write(bytes(wire + SUM));
      transport.settle();
      assert.deepEqual(client.problems, [problem]);
      assert.equal(transport.connected, false);
      assert.equal(transport.text(), "");
    });
  }

  test("tells the unanswered calls what the peer did", () => {
    const client = new amp.AmpProtocol();
    const transport = attached(client);
    const seen = errorOf(client.callRemote(Greet));
    transport.remote.write(bytes("\0\0"));
    transport.settle();
    assert.ok(seen.error instanceof amp.RemoteAmpError);
  });
});

describe("limits", () => {
  test("keep the calls of this side that are unanswered", () => {
    const { a: client, flush } = served(calculator, { a: { limits: { maxCalls: 2, maxKeys: undefined } } });
    const seen = [1, 2, 3].map((a) => errorOf(client.callRemote(Sum, { a, b: 0 })));
    flush();
    assert.match(seen[2]?.error?.message ?? "", /^Cannot call: 2 calls are unanswered, as many as are allowed/);
    assert.deepEqual(seen.slice(0, 2), [{ value: { total: 1 } }, { value: { total: 2 } }]);
    const again = errorOf(client.callRemote(Sum, { a: 4, b: 0 }));
    flush();
    assert.deepEqual(again, { value: { total: 4 } });
  });

  test("keep those of the peer, who learns that it is too many, and may call again after an answer", () => {
    const waiting: Deferred<{ result: number }>[] = [];
    const responders = new amp.Responders().respond(Divide, () => {
      const answer = new Deferred<{ result: number }>();
      waiting.push(answer);
      return answer;
    });
    const { a: client, flush } = served(responders, { b: { limits: { maxCalls: 2 } } });
    const call = (): { error?: Error; value?: unknown } => {
      const seen = errorOf(client.callRemote(Divide, { numerator: 1, denominator: 1 }));
      flush();
      return seen;
    };
    const seen = [call(), call(), call()];
    assert.match(seen[2]?.error?.message ?? "", /UNKNOWN: Too many unanswered calls, 2 allowed/);
    waiting[0]?.callback({ result: 1 });
    waiting[1]?.errback(new ZeroDivisionError("declared"));
    flush();
    assert.deepEqual(seen[0], { value: { result: 1 } });
    assert.equal(seen[1]?.error?.message, "declared");
    call();
    call();
    assert.equal(waiting.length, 4);
  });

  test("abort a connection whose peer does not take what it asked for", () => {
    using logs = captureLogs();
    const Load = amp.command("Load", { response: { bytes: amp.String } });
    const responders = new amp.Responders().respond(Load, () => ({ bytes: new Uint8Array(60_000) }));
    const server = new amp.AmpProtocol(responders, { limits: { maxUnsentBytes: 100_000 } });
    const transport = attached(server);
    transport.remote.stopTaking();
    const ask = "\0\u0004_ask\0\u00011\0\u0008_command\0\u0004Load\0\0";
    transport.remote.write(bytes(ask));
    assert.equal(transport.connected, true);
    transport.remote.write(bytes(ask));
    transport.settle();
    assert.equal(transport.connected, false);
    assert.match(String(logs.events[0]?.["error"]), /Peer left more than 100000 bytes untaken/);
  });
});

describe("a table of responders", () => {
  test("serves subclasses, which get themselves", () => {
    class Member extends amp.AmpProtocol {
      readonly notes: string[] = [];
      constructor() {
        super(memberResponders);
      }
    }
    const memberResponders: amp.Responders<Member> = new amp.Responders<Member>().respond(Note, ({ text }, member) => {
      member.notes.push(text);
    });
    const { a, b, flush } = connectedPair(new amp.AmpProtocol(), new Member());
    a.callRemote(Note, { text: "hi" });
    flush();
    assert.deepEqual(b.notes, ["hi"]);
  });

  test("has one responder for a command", () => {
    assert.throws(
      () => new amp.Responders().respond(Sum, () => ({ total: 0 })).respond(Sum, () => ({ total: 1 })),
      /Cannot respond to "Sum" twice/,
    );
  });
});

class Refusing extends amp.AmpProtocol {
  readonly problems: string[] = [];
  override boxRefused(error: amp.RemoteAmpError): void {
    this.problems.push(error.problem);
  }
}

function attached(protocol: amp.AmpProtocol): MemoryTransport {
  const transport = new MemoryTransport();
  transport.attach(protocol);
  return transport;
}
