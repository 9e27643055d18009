import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { captureLogs } from "../../core/log/observers.ts";
import { bytesOf, frame } from "./ear.fixture.test.ts";
import { LocalWebSocketError, type RemoteWebSocketError } from "./errors.ts";
import { PreparedMessage } from "./prepared.ts";
import { WebSocketProtocol } from "./protocol.ts";
import { type Meeting, met } from "./talker.fixture.test.ts";

describe("messages", () => {
  for (const deflate of [false, true]) {
    test(`go both ways, whole and in fragments, ${deflate ? "compressed" : "as they are"}`, async () => {
      const { reactor, client, server } = await met({ deflate }, { deflate });
      const long = "all work and no play ".repeat(200);
      client.sendMessage("häß");
      client.sendMessage(Uint8Array.of(1, 2));
      client.sendMessage(long);
      client.sendFragment("a", false);
      client.sendFragment("b", true);
      server.sendMessage(long);
      server.sendMessage("");
      server.sendMessage(new Uint8Array(50_000));
      reactor.settle();
      assert.deepEqual(server.events, ["made", "häß", "<0102>", "4200×a", "ab"]);
      assert.deepEqual(client.events, ["made", "4200×a", "", "50000 bytes"]);
      assert.equal(server.messages[2], long);
    });
  }

  test("are delivered in fragments, if that is asked for", async () => {
    const { reactor, client, server } = await met({ fragments: true });
    client.sendFragment("a", false);
    client.sendFragment("b", true);
    client.sendMessage("whole");
    reactor.settle();
    assert.deepEqual(server.events, ["made", "a…", "b.", "whole."]);
  });

  test("that are prepared are the same for everybody", async () => {
    const message = new PreparedMessage("news ".repeat(500));
    for (const deflate of [false, true, { sendTakeover: true }]) {
      const { reactor, client, server } = await met({ deflate }, { deflate: true });
      server.sendMessage("news ".repeat(300));
      server.sendPrepared(message);
      server.sendMessage("news ".repeat(300));
      client.sendPrepared(message);
      reactor.settle();
      assert.deepEqual(client.events, ["made", "1500×n", "2500×n", "1500×n"]);
      assert.equal(client.messages[1], "news ".repeat(500));
      assert.equal(server.messages[0], "news ".repeat(500));
    }
  });

  test("cannot be sent before the WebSocket is open, and go nowhere after its end", async () => {
    assert.throws(() => new WebSocketProtocol().sendMessage("a"), LocalWebSocketError);
    const { reactor, client, server } = await met();
    client.close();
    client.sendMessage("too late");
    client.sendPing();
    reactor.settle();
    client.sendMessage("far too late");
    client.close();
    assert.deepEqual(server.events, ["made", "close 1000", "lost ConnectionDone"]);
  });
});

describe("signs of life", () => {
  test("pings are answered, and told", async () => {
    const { reactor, client, server } = await met();
    client.sendPing(Uint8Array.of(1, 2, 3));
    reactor.settle();
    assert.deepEqual(
      [client.events, server.events],
      [
        ["made", "pong 3"],
        ["made", "ping 3"],
      ],
    );
  });

  test("are asked for after silence, and their absence ends the connection", async () => {
    const timeouts = { pingIntervalMs: 1_000, pongTimeoutMs: 500 };
    const { reactor, client, server } = await met(
      { timeouts },
      { timeouts: { pingIntervalMs: Number.POSITIVE_INFINITY } },
    );
    reactor.advance(999);
    assert.deepEqual(client.events, ["made"]);
    reactor.advance(1);
    reactor.settle();
    assert.deepEqual(
      [client.events, server.events],
      [
        ["made", "ping 0"],
        ["made", "pong 0"],
      ],
    );
    client.transport.pauseReading();
    reactor.advance(1_000);
    reactor.settle();
    reactor.advance(500);
    reactor.settle();
    assert.deepEqual(server.events.slice(2), ["close 1006", "lost RemoteWebSocketError"]);
    assert.match(server.reason?.message ?? "", /no answer to a ping/);
    client.transport.resumeReading();
    reactor.settle();
    assert.equal(client.reason?.name, "ConnectionLost");
  });

  test("are not asked for by who does not read", async () => {
    const timeouts = { pingIntervalMs: 1_000, pongTimeoutMs: 500 };
    const { reactor, client, server } = await met({ timeouts });
    server.pauseReading();
    reactor.advance(10_000);
    client.sendMessage("a");
    reactor.settle();
    assert.deepEqual(server.events, ["made"]);
    server.resumeReading();
    reactor.settle();
    assert.deepEqual(server.events, ["made", "a"]);
    assert.deepEqual(client.events, ["made"]);
  });

  test("a peer that takes nothing gets one pong for all its pings", async () => {
    const { reactor, client, server } = await met();
    client.transport.pauseReading();
    server.sendMessage(new Uint8Array(1_000_000));
    reactor.settle();
    assert.deepEqual(server.events, ["made", "paused"]);
    for (let at = 1; at <= 100; at++) client.sendPing(new Uint8Array(at));
    reactor.settle();
    const waiting = server.bufferedBytes;
    client.transport.resumeReading();
    reactor.settle();
    assert.ok(waiting < 1_000_100, `${waiting} bytes wait`);
    assert.deepEqual(client.events, ["made", "1000000 bytes", "pong 100"]);
  });
});

describe("backpressure", () => {
  test("a slow peer pauses writing, and a fast one resumes it", async () => {
    const { reactor, client, server } = await met();
    client.pauseReading();
    server.sendMessage(new Uint8Array(500_000));
    reactor.settle();
    assert.deepEqual([server.events, server.bufferedBytes > 0], [["made", "paused"], true]);
    client.resumeReading();
    reactor.settle();
    assert.deepEqual([server.events, server.bufferedBytes], [["made", "paused", "resumed"], 0]);
    assert.deepEqual(client.events, ["made", "500000 bytes"]);
  });

  test("who pauses in the middle of a read gets the rest when it resumes", async () => {
    const { reactor, client, server } = await met();
    server.onMessage = () => server.pauseReading();
    for (const text of ["a", "b", "c"]) client.sendMessage(text);
    reactor.settle();
    assert.deepEqual(server.events, ["made", "a"]);
    server.resumeReading();
    assert.deepEqual(server.events, ["made", "a", "b"]);
    server.resumeReading();
    assert.deepEqual(server.events, ["made", "a", "b", "c"]);
  });
});

describe("the end", () => {
  for (const [begins, others] of [
    ["client", "server"],
    ["server", "client"],
  ] as const) {
    test(`that the ${begins} begins is clean for both`, async () => {
      const meeting = await met();
      meeting[begins].sendMessage("last");
      meeting[begins].close(4000, "enough");
      assert.equal(meeting[begins].isOpen, false);
      meeting.reactor.settle();
      assert.deepEqual(meeting[others].events, ["made", "last", "close 4000 enough", "lost ConnectionDone"]);
      assert.deepEqual(meeting[begins].events, ["made", "close 4000", "lost ConnectionDone"]);
      await leavesNothing(meeting);
    });
  }

  test("that both begin at once is clean, too", async () => {
    const meeting = await met();
    meeting.client.close(1001);
    meeting.server.close(1000);
    meeting.reactor.settle();
    assert.deepEqual(meeting.client.events, ["made", "close 1000", "lost ConnectionDone"]);
    assert.deepEqual(meeting.server.events, ["made", "close 1001", "lost ConnectionDone"]);
    await leavesNothing(meeting);
  });

  test("of a connection without a word is 1006, and no clean one", async () => {
    const meeting = await met();
    meeting.client.transport.loseConnection();
    meeting.reactor.settle();
    assert.deepEqual(meeting.server.events, ["made", "close 1006", "lost ConnectionLost"]);
    assert.match(meeting.server.reason?.message ?? "", /without a Close frame/);
    await leavesNothing(meeting);
  });

  test("of a peer that resets is 1006", async () => {
    const meeting = await met();
    meeting.client.transport.abortConnection();
    meeting.reactor.settle();
    assert.deepEqual(meeting.client.events, ["made", "close 1006", "lost ConnectionAborted"]);
    assert.deepEqual(meeting.server.events, ["made", "close 1006", "lost ConnectionLost"]);
    await leavesNothing(meeting);
  });

  test("that the peer does not answer comes after closeTimeoutMs", async () => {
    const meeting = await met({ timeouts: { closeTimeoutMs: 3_000 } });
    meeting.client.transport.pauseReading();
    meeting.server.close();
    meeting.reactor.settle();
    meeting.reactor.advance(2_999);
    assert.equal(meeting.server.reason, undefined);
    meeting.reactor.advance(1);
    meeting.reactor.settle();
    assert.deepEqual(meeting.server.events, ["made", "close 1006", "lost RemoteWebSocketError"]);
    meeting.client.transport.resumeReading();
    meeting.reactor.settle();
    await leavesNothing(meeting);
  });

  test("is heard by who had paused reading before it said close", async () => {
    const meeting = await met();
    meeting.client.pauseReading();
    meeting.client.close();
    meeting.server.sendMessage("dropped");
    meeting.reactor.settle();
    assert.deepEqual(meeting.client.events, ["made", "close 1000", "lost ConnectionDone"]);
    await leavesNothing(meeting);
  });

  test("that a peer brings about by breaking the protocol is told it", async () => {
    const meeting = await met();
    meeting.client.transport.write(frame(3));
    meeting.reactor.settle();
    assert.deepEqual(meeting.client.events, ["made", "close 1002 opcode 3, which is reserved", "lost ConnectionDone"]);
    assert.deepEqual(meeting.server.events, ["made", "close 1006", "lost RemoteWebSocketError"]);
    assert.equal((meeting.server.reason as RemoteWebSocketError).code, 1002);
    await leavesNothing(meeting);
  });

  test("messages before a broken one are delivered", async () => {
    const meeting = await met();
    meeting.client.sendMessage("good");
    meeting.client.transport.write(bytesOf("c1 80 00 00 00 00"));
    meeting.reactor.settle();
    assert.deepEqual(meeting.server.events, ["made", "good", "close 1006", "lost RemoteWebSocketError"]);
  });

  test("an exception of the protocol ends this connection with it", async () => {
    const meeting = await met();
    meeting.server.onMessage = () => {
      throw new Error("a fault of ours");
    };
    meeting.client.sendMessage("a");
    meeting.reactor.settle();
    assert.equal(meeting.server.reason?.message, "a fault of ours");
    assert.deepEqual(meeting.client.events, ["made", "close 1011", "lost ConnectionDone"]);
    await leavesNothing(meeting);
  });

  test("is told by connectionLost even if closeReceived throws", async () => {
    const meeting = await met();
    using logs = captureLogs();
    meeting.server.onClose = () => {
      throw new Error("a fault of ours");
    };
    meeting.client.transport.abortConnection();
    meeting.reactor.settle();
    assert.deepEqual(meeting.server.events, ["made", "close 1006", "lost ConnectionLost"]);
    assert.match(String(logs.events.map(({ error }) => error)), /a fault of ours/);
    await leavesNothing(meeting);
  });

  test("comes by await using", async () => {
    const meeting = await met();
    const disposed = meeting.client[Symbol.asyncDispose]();
    meeting.reactor.settle();
    await disposed;
    assert.equal(meeting.server.reason?.name, "ConnectionDone");
  });
});

async function leavesNothing({ reactor, port }: Meeting): Promise<void> {
  await port.stopListening();
  assert.deepEqual(reactor.connections, []);
  assert.deepEqual(reactor.getDelayedCalls(), []);
}
