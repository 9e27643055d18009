import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Deferred } from "../../core/deferred/deferred.ts";
import { captureLogs } from "../../core/log/observers.ts";
import { Protocol } from "../../core/protocol.ts";
import { connectedPair } from "../../testing/connected-pair.ts";
import { MemoryTransport } from "../../testing/memory-transport.ts";
import { bytes, errorOf, latin1, Sum, Upgrade } from "./commands.fixture.test.ts";
import * as amp from "./index.ts";

class Words extends Protocol {
  heard = "";
  lost: Error | undefined = undefined;
  readonly #greeting: string;
  constructor(greeting: string) {
    super();
    this.#greeting = greeting;
  }
  override connectionMade(): void {
    this.transport.write(this.#greeting);
  }
  override dataReceived(data: Uint8Array): void {
    this.heard += latin1(data);
  }
  override connectionLost(reason: Error): void {
    this.lost = reason;
  }
}

describe("a switch of the protocol", () => {
  test("gives both ends another one, to the byte, and its end too", () => {
    const serverWords = new Words("from the server");
    const responders = new amp.Responders().respond(Upgrade, ({ to }) => {
      assert.equal(to, "words");
      return serverWords;
    });
    for (const splits of ["whole", "bytes"] as const) {
      serverWords.heard = "";
      const {
        a: client,
        b: server,
        transportA,
        flush,
      } = connectedPair(new amp.AmpProtocol(), new amp.AmpProtocol(responders), { splits });
      const words = new Words("from the client");
      const switched = errorOf(client.switchProtocol(Upgrade, { to: "words" }, () => words));
      flush();
      assert.equal(switched.value, words);
      assert.deepEqual([words.heard, serverWords.heard], ["from the server", "from the client"]);
      assert.deepEqual([client.innermost, server.innermost], [words, serverWords]);
      transportA.loseConnection();
      flush();
      assert.deepEqual([words.lost?.name, serverWords.lost?.name], ["ConnectionDone", "ConnectionDone"]);
    }
  });

  test("hands over the bytes that came with the answer", () => {
    const client = new amp.AmpProtocol();
    const transport = attached(client);
    const words = new Words("");
    errorOf(client.switchProtocol(Upgrade, {}, () => words));
    assert.equal(latin1(transport.bytes()), "\0\u0004_ask\0\u00011\0\u0008_command\0\u0007Upgrade\0\0");
    transport.remote.write(bytes("\0\u0007_answer\0\u00011\0\0hello"));
    assert.equal(words.heard, "hello");
  });

  test("allows no call until the answer, and fails those that are unanswered at it", () => {
    const waiting = new Deferred<{ total: number }>();
    const responders = new amp.Responders().respond(Sum, () => waiting).respond(Upgrade, () => new Words(""));
    const { a: client, flush } = connectedPair(new amp.AmpProtocol(), new amp.AmpProtocol(responders));
    const early = errorOf(client.callRemote(Sum, { a: 1, b: 1 }));
    errorOf(client.switchProtocol(Upgrade, {}, () => new Words("")));
    const late = errorOf(client.callRemote(Sum, { a: 1, b: 1 }));
    assert.match(late.error?.message ?? "", /Cannot call "Sum": the connection changes its protocol/);
    flush();
    assert.match(early.error?.message ?? "", /changed its protocol before the answer came/);
    waiting.callback({ total: 2 });
    flush();
  });

  test("that the peer declines leaves all as it was; answers to its calls were only held back", () => {
    const sums = new amp.Responders().respond(Sum, ({ a, b }) => ({ total: a + b }));
    const { a: client, b: server, flush } = connectedPair(new amp.AmpProtocol(sums), new amp.AmpProtocol(sums));
    const declined = errorOf(client.switchProtocol(Upgrade, {}, () => new Words("")));
    const back = errorOf(server.callRemote(Sum, { a: 1, b: 1 }));
    flush();
    assert.ok(declined.error instanceof amp.UnhandledCommandError);
    const forth = errorOf(client.callRemote(Sum, { a: 2, b: 2 }));
    flush();
    assert.deepEqual([back, forth], [{ value: { total: 2 } }, { value: { total: 4 } }]);
  });

  test("that the connection does not live to see fails", () => {
    const { a: client, transportA, flush } = connectedPair(new amp.AmpProtocol(), new amp.AmpProtocol());
    const switched = errorOf(client.switchProtocol(Upgrade, {}, () => new Words("")));
    transportA.abortConnection();
    flush();
    assert.equal(switched.error?.name, "ConnectionAborted");
  });

  test("without a protocol to follow closes the connection", () => {
    using logs = captureLogs();
    const responders = new amp.Responders().respond(Upgrade, () => new Words(""));
    const one = connectedPair(new amp.AmpProtocol(), new amp.AmpProtocol(responders));
    const here = errorOf(one.a.switchProtocol(Upgrade, {}, () => undefined));
    one.flush();
    assert.match(here.error?.message ?? "", /Cannot follow "Upgrade": the factory built no protocol/);
    assert.equal(one.transportA.connected, false);

    const careless = new amp.Responders().respond(Upgrade, () => undefined as never);
    const other = connectedPair(new amp.AmpProtocol(), new amp.AmpProtocol(careless));
    const there = errorOf(other.a.switchProtocol(Upgrade, {}, () => new Words("")));
    other.flush();
    assert.match(there.error?.message ?? "", /UNKNOWN/);
    assert.match(String(logs.events[0]?.["error"]), /No protocol to follow "Upgrade"/);
  });

  test("passes on half-close and the state of the write buffer", () => {
    class Halves extends Words {
      readonly calls: string[] = [];
      override readConnectionLost(): void {
        this.calls.push("read end");
      }
      override writingPaused(): void {
        this.calls.push("paused");
      }
      override writingResumed(): void {
        this.calls.push("resumed");
      }
    }
    const halves = new Halves("");
    const client = new amp.AmpProtocol();
    const transport = attached(client);
    errorOf(client.switchProtocol(Upgrade, {}, () => halves));
    transport.remote.write(bytes("\0\u0007_answer\0\u00011\0\0"));
    transport.remote.stopTaking();
    halves.transport.write(new Uint8Array(100_000));
    transport.remote.startTaking();
    transport.settle();
    transport.remote.end();
    transport.settle();
    assert.deepEqual(halves.calls, ["paused", "resumed", "read end"]);
    assert.equal(transport.connected, true);
  });
});

function attached(protocol: amp.AmpProtocol): MemoryTransport {
  const transport = new MemoryTransport();
  transport.attach(protocol);
  return transport;
}
