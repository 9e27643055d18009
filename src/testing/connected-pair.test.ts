import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TlsFacts } from "../core/tls.ts";
import { Clock, connectedPair } from "./index.ts";
import { codeOf, HalfCloseRecorder, Recorder } from "./recorder.ts";

describe("connectedPair", () => {
  test("connects the one that dialled first, and moves nothing before it is told to", () => {
    const order: string[] = [];
    const [a, b] = [new Recorder(), new Recorder()];
    a.onMade = () => order.push("a");
    b.onMade = () => order.push("b");
    const pair = connectedPair(a, b);
    assert.deepEqual(order, ["a", "b"]);
    assert.ok(pair.isQuiet);
    a.transport.write("hello");
    assert.ok(!pair.isQuiet);
    assert.deepEqual(b.events, ["made"]);
    pair.flush();
    assert.deepEqual(b.events, ["made", "data hello"]);
    assert.ok(pair.isQuiet);
  });

  test("makes one read of each end at each pump", () => {
    const { a, b, pump } = connectedPair(new Recorder(), new Recorder(), {
      splits: { fromA: [2, 3], fromB: "bytes" },
    });
    a.transport.write("abcdefgh");
    b.transport.write("12");
    assert.equal(pump(), true);
    assert.deepEqual(b.events, ["made", "data ab"]);
    assert.deepEqual(a.events, ["made", "data 1"]);
    pump();
    assert.deepEqual(b.events, ["made", "data ab", "data cde"]);
    assert.equal(pump(), false);
    assert.deepEqual(b.events, ["made", "data ab", "data cde", "data fgh"]);
    assert.deepEqual(a.events, ["made", "data 1", "data 2"]);
  });

  test("cuts the same at random from the same seed, and otherwise from another", () => {
    const cutsOf = (seed: number): string[] => {
      const { a, b, flush } = connectedPair(new Recorder(), new Recorder(), { splits: { seed, maxBytes: 5 } });
      a.transport.write("abcdefghijklmnopqrstuvwxyz");
      flush();
      assert.equal(b.text, "abcdefghijklmnopqrstuvwxyz");
      return b.events;
    };
    assert.deepEqual(cutsOf(1), cutsOf(1));
    assert.notDeepEqual(cutsOf(1), cutsOf(2));
  });

  test("holds a writer on when what is on the way fills the buffer, and lets it go on when the reader reads", () => {
    const { a, b, transportA, transportB, flush } = connectedPair(new Recorder(), new Recorder(), {
      capacityBytes: 4,
      highWaterBytes: 4,
    });
    transportB.pauseReading();
    transportA.write("abcd");
    flush();
    assert.equal(transportA.bufferedBytes, 0);
    transportA.write("efghi");
    flush();
    assert.equal(transportA.bufferedBytes, 5);
    assert.deepEqual(a.events, ["made", "paused"]);
    assert.deepEqual(b.events, ["made"]);
    transportB.resumeReading();
    flush();
    assert.deepEqual(a.events, ["made", "paused", "resumed"]);
    assert.equal(b.text, "abcdefghi");
  });

  test("ends both when one loses the connection, after the bytes", () => {
    const { a, b, flush } = connectedPair(new Recorder(), new Recorder());
    a.transport.write("bye");
    a.transport.loseConnection();
    flush();
    assert.deepEqual(a.events, ["made", "lost ConnectionDone"]);
    assert.deepEqual(b.events, ["made", "data bye", "lost ConnectionDone"]);
  });

  test("tells the other end of an abort as a reset, and drops what was on the way", () => {
    const { a, b, flush } = connectedPair(new Recorder(), new Recorder());
    a.transport.write("never");
    a.transport.abortConnection();
    flush();
    assert.deepEqual(a.events, ["made", "lost ConnectionAborted"]);
    assert.deepEqual(b.events, ["made", "lost ConnectionLost"]);
    assert.equal(codeOf(b.reason), "ECONNRESET");
  });

  test("does not tell a paused reader of a reset until it reads or writes", () => {
    const { a, b, transportB, flush } = connectedPair(new Recorder(), new Recorder());
    transportB.pauseReading();
    a.transport.abortConnection();
    flush();
    assert.deepEqual(b.events, ["made"]);
    transportB.write("are you there");
    flush();
    assert.deepEqual(b.events, ["made", "lost ConnectionLost"]);
  });

  test("tells a closing end of a reset though it was not reading", () => {
    const { a, b, transportB, flush } = connectedPair(new Recorder(), new Recorder(), { capacityBytes: 1 });
    transportB.pauseReading();
    a.transport.pauseReading();
    transportB.write("last words");
    transportB.loseConnection();
    flush();
    a.transport.abortConnection();
    flush();
    assert.deepEqual(b.events, ["made", "lost ConnectionLost"]);
  });

  test("lets each direction end by itself", () => {
    const { a, b, flush } = connectedPair(new HalfCloseRecorder(), new HalfCloseRecorder());
    a.transport.write("question");
    a.transport.loseWriteConnection();
    flush();
    assert.deepEqual(b.events, ["made", "data question", "read ended"]);
    assert.deepEqual(a.events, ["made", "write ended"]);
    b.transport.write("answer");
    b.transport.loseWriteConnection();
    flush();
    assert.deepEqual(a.events, ["made", "write ended", "data answer", "read ended", "lost ConnectionDone"]);
    assert.deepEqual(b.events, ["made", "data question", "read ended", "write ended", "lost ConnectionDone"]);
  });

  test("resets an end that goes on writing to one that is gone", () => {
    const { a, b, flush } = connectedPair(new HalfCloseRecorder(), new HalfCloseRecorder());
    a.transport.loseConnection();
    flush();
    assert.deepEqual(b.events, ["made", "read ended"]);
    b.transport.write("anybody there");
    flush();
    assert.deepEqual(b.events, ["made", "read ended", "lost ConnectionLost"]);
  });

  test("aborts after the close timeout on its clock when the peer does not take the last bytes", () => {
    const clock = new Clock();
    const { a, b, flush } = connectedPair(new Recorder(), new Recorder(), { clock, capacityBytes: 1 });
    b.transport.pauseReading();
    a.transport.write("abc");
    a.transport.loseConnection();
    flush();
    clock.advance(29_999);
    flush();
    assert.deepEqual(a.events, ["made"]);
    clock.advance(1);
    flush();
    assert.deepEqual(a.events, ["made", "lost ConnectionAborted"]);
    assert.equal(clock.getDelayedCalls().length, 0);
  });

  test("ends flush with an error when two ends answer each other for ever", () => {
    const [a, b] = [new Recorder(), new Recorder()];
    a.onData = () => a.transport.write("ping");
    b.onData = () => b.transport.write("pong");
    const { flush } = connectedPair(a, b, { turnLimit: 1_000 });
    a.transport.write("ping");
    assert.throws(flush, /Cannot settle: still busy after 1000 turns/);
  });

  test("has addresses that can be chosen", () => {
    const addressA = { kind: "unix", path: "" } as const;
    const { transportA, transportB } = connectedPair(new Recorder(), new Recorder(), { addressA });
    assert.equal(transportA.local, addressA);
    assert.equal(transportB.peer, addressA);
    assert.deepEqual(transportA.peer, transportB.local);
  });
});

describe("connectedPair with startTls", () => {
  test("hands both the facts when both have asked, and lets nothing pass between", () => {
    const { a, b, flush } = connectedPair(new Recorder(), new Recorder());
    const facts: TlsFacts[] = [];
    b.onData = (data) => {
      if (b.text !== "STARTTLS") return;
      assert.equal(data.length, 8);
      b.transport.write("go ahead");
      const secured = b.transport.startTls({ side: "server", tls: { alpn: ["h2", "imap"] } });
      secured.addCallback((seen) => facts.push(seen));
    };
    a.transport.write("STARTTLS");
    const secured = a.transport.startTls({ side: "client", tls: { alpn: ["imap"], servername: "example.org" } });
    secured.addCallback((seen) => facts.push(seen));
    a.transport.write("LOGIN");
    flush();
    assert.equal(a.text, "go ahead");
    assert.equal(b.text, "STARTTLSLOGIN");
    assert.deepEqual(
      facts.map(({ alpnProtocol, servername }) => [alpnProtocol, servername]),
      [
        ["imap", "example.org"],
        ["imap", "example.org"],
      ],
    );
  });

  test("fails and closes both ends when they cannot agree", () => {
    const { a, b, flush } = connectedPair(new Recorder(), new Recorder());
    const errors: Error[] = [];
    const take = (error: Error) => void errors.push(error);
    a.transport.startTls({ side: "client", tls: { alpn: ["imap"] } }).addErrback(take);
    b.transport.startTls({ side: "server", tls: { alpn: ["pop3"] } }).addErrback(take);
    flush();
    assert.deepEqual(
      errors.map(({ name }) => name),
      ["TlsError", "TlsError"],
    );
    assert.match(errors[0]?.message ?? "", /no common protocol among "imap" and "pop3"/);
    assert.deepEqual([a.reason, b.reason], errors);
  });

  test("fails when both take the same side", () => {
    const { a, b, flush } = connectedPair(new Recorder(), new Recorder());
    const errors: Error[] = [];
    const take = (error: Error) => void errors.push(error);
    a.transport.startTls({ side: "client", tls: {} }).addErrback(take);
    b.transport.startTls({ side: "client", tls: {} }).addErrback(take);
    flush();
    assert.match(errors[0]?.message ?? "", /both ends take the client's side/);
  });
});
