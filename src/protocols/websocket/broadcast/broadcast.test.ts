import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryReactor } from "../../../testing/index.ts";
import { connectWebSocket, type WebSocketClientOptions } from "../client.ts";
import { PreparedMessage } from "../prepared.ts";
import { webSocketFactory } from "../server.ts";
import { settled, Talker } from "../talker.fixture.test.ts";
import { Broadcast, type BroadcastOptions } from "./protocol.ts";

describe("a broadcast", () => {
  test("reaches everybody, whatever they agreed on", async () => {
    const { room, clients, reactor } = await roomOf([{}, { deflate: true }, { deflate: { receiveWindowBits: 9 } }]);
    const long = "once upon a time ".repeat(300);
    assert.equal(room.send("short"), 3);
    assert.equal(room.send(long), 3);
    assert.equal(room.send(Uint8Array.of(1, 2, 3)), 3);
    reactor.settle();
    for (const client of clients) assert.deepEqual(client.messages, ["short", long, Buffer.of(1, 2, 3)].map(plain));
  });

  test("may leave out the one that spoke, and those that left", async () => {
    const { room, clients, reactor } = await roomOf([{}, {}, {}]);
    const [speaker] = room.members;
    clients[2]?.close();
    reactor.settle();
    assert.equal(room.members.size, 3);
    assert.equal(room.send("hello", speaker), 1);
    assert.equal(room.members.size, 2);
    assert.equal(room.delete(speaker as Talker), true);
    assert.equal(room.send("again"), 1);
    reactor.settle();
    assert.deepEqual(
      clients.map(({ messages }) => messages),
      [[], ["hello", "again"], []],
    );
  });

  test("closes who is too slow, with 1013, and holds no more than is allowed", async () => {
    const { room, clients, reactor } = await roomOf([{}, {}], { maxBufferedBytes: 100_000 });
    const [slow, fast] = clients as [Talker, Talker];
    slow.pauseReading();
    const [member] = room.members;
    const counts = Array.from({ length: 20 }, () => {
      const count = room.send(new Uint8Array(20_000));
      reactor.settle();
      return count;
    });
    assert.equal(counts[0], 2);
    assert.equal(counts.at(-1), 1);
    assert.ok((member as Talker).bufferedBytes <= 121_000, `${(member as Talker).bufferedBytes} bytes wait`);
    assert.equal(fast.messages.length, 20);
    slow.resumeReading();
    reactor.settle();
    assert.equal(slow.events.at(-2), "close 1013 too slow");
  });

  test("that drops leaves out what the slow one has no room for, and goes on with it later", async () => {
    const { room, clients, reactor } = await roomOf([{}], { maxBufferedBytes: 50_000, slow: "drop" });
    const [client] = clients as [Talker];
    client.pauseReading();
    for (let number = 0; number < 20; number++) {
      room.send(new Uint8Array(20_000).fill(number));
      reactor.settle();
    }
    client.resumeReading();
    reactor.settle();
    const heard = client.messages.length;
    assert.ok(heard > 2 && heard < 20, `${heard} of 20`);
    assert.equal(room.send("now"), 1);
    reactor.settle();
    assert.equal(client.messages.at(-1), "now");
  });

  test("frames once for all", () => {
    const message = new PreparedMessage("text ".repeat(1_000));
    assert.equal(message.plainFrame, message.plainFrame);
    assert.equal(message.compressedFrame(15), message.compressedFrame(15));
    assert.ok((message.compressedFrame(15)?.length ?? 0) < 100);
    assert.equal(new PreparedMessage("short").compressedFrame(15), undefined);
  });
});

async function roomOf(
  clientOptions: readonly WebSocketClientOptions[],
  options?: BroadcastOptions,
): Promise<{ room: Broadcast<Talker>; clients: Talker[]; reactor: MemoryReactor }> {
  const reactor = new MemoryReactor({ network: true });
  const room = new Broadcast<Talker>(options);
  const member = (): Talker => {
    const talker = new Talker();
    talker.onMade = () => room.add(talker);
    return talker;
  };
  await reactor.listenTcp({ port: 80 }, webSocketFactory(reactor, member, { deflate: true }));
  const clients: Talker[] = [];
  for (const each of clientOptions) {
    clients.push(
      await settled(
        reactor,
        connectWebSocket(reactor, "ws://localhost/", () => new Talker(), each),
      ),
    );
  }
  return { room, clients, reactor };
}

function plain(data: string | Uint8Array): string | Uint8Array {
  return typeof data === "string" ? data : Uint8Array.from(data);
}
