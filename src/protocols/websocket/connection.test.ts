import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { WebSocketConnection } from "./connection.ts";
import { bytesOf, DEFLATE, Ear, frame, heard, join, serverFrame } from "./ear.fixture.test.ts";
import { LocalWebSocketError, RemoteWebSocketError } from "./errors.ts";
import type { WebSocketEvent } from "./events.ts";

describe("the examples of RFC 6455 §5.7", () => {
  test("a single-frame unmasked text message", () => {
    assert.deepEqual(heard(bytesOf("81 05 48 65 6c 6c 6f"), "client"), ['text "Hello"']);
  });

  test("a single-frame masked text message", () => {
    assert.deepEqual(heard(bytesOf("81 85 37 fa 21 3d 7f 9f 4d 51 58")), ['text "Hello"']);
  });

  test("a fragmented unmasked text message", () => {
    assert.deepEqual(heard(bytesOf("01 03 48 65 6c 80 02 6c 6f"), "client"), ['text "Hello"']);
  });

  test("an unmasked ping, and its masked pong", () => {
    assert.deepEqual(heard(bytesOf("89 05 48 65 6c 6c 6f"), "client"), ["ping 48656c6c6f"]);
    assert.deepEqual(heard(bytesOf("8a 85 37 fa 21 3d 7f 9f 4d 51 58")), ["pong 48656c6c6f"]);
  });

  test("256 bytes in a single unmasked frame", () => {
    const data = Uint8Array.from({ length: 256 }, (_, index) => index);
    const bytes = join(bytesOf("82 7e 01 00"), data);
    assert.deepEqual(heard(bytes, "client"), ["binary 256×00"]);
    assert.deepEqual(new WebSocketConnection("server").send({ type: "binary", data }), Buffer.from(bytes));
  });

  test("64 KiB in a single unmasked frame", () => {
    const data = new Uint8Array(65_536).fill(7);
    const bytes = join(bytesOf("82 7f 00 00 00 00 00 01 00 00"), data);
    const ear = new Ear("client");
    ear.receive(bytes);
    assert.deepEqual(ear.lines, ["binary 65536×07"]);
    assert.deepEqual(new WebSocketConnection("server").send({ type: "binary", data }), bytes);
  });
});

describe("the examples of RFC 7692 §7.2.3", () => {
  const compressed = "f2 48 cd c9 c9 07 00";
  const once = { deflate: DEFLATE };
  const fresh = { deflate: { ...DEFLATE, receiveTakeover: false } };

  test("a message of one block", () => {
    assert.deepEqual(heard(bytesOf(`c1 07 ${compressed}`), "client", once), ['text "Hello"']);
  });

  test("the same in two fragments", () => {
    assert.deepEqual(heard(bytesOf("41 03 f2 48 cd 80 04 c9 c9 07 00"), "client", once), ['text "Hello"']);
  });

  test("a second message that refers to the first", () => {
    const bytes = bytesOf(`c1 07 ${compressed} c1 05 f2 00 11 00 00`);
    assert.deepEqual(heard(bytes, "client", once), ['text "Hello"', 'text "Hello"']);
  });

  test("is no message where nothing may be referred to", () => {
    const lines = heard(bytesOf(`c1 07 ${compressed} c1 05 f2 00 11 00 00`), "client", fresh);
    assert.deepEqual(lines, ['text "Hello"', "fault 1007: a message that cannot be decompressed"]);
  });

  test("a block that compresses nothing", () => {
    const bytes = bytesOf("c1 0b 00 05 00 fa ff 48 65 6c 6c 6f 00");
    assert.deepEqual(heard(bytes, "client", once), ['text "Hello"']);
  });

  test("a final block", () => {
    const bytes = bytesOf(`c1 08 f3 48 cd c9 c9 07 00 00 c1 07 ${compressed}`);
    assert.deepEqual(heard(bytes, "client", once), ['text "Hello"', 'text "Hello"']);
  });

  test("two blocks in one message", () => {
    const bytes = bytesOf("c1 0d f2 48 05 00 00 00 ff ff ca c9 c9 07 00");
    assert.deepEqual(heard(bytes, "client", once), ['text "Hello"']);
  });

  test("an empty message", () => {
    assert.deepEqual(heard(bytesOf("c1 01 00"), "client", once), ['text ""']);
    const server = new WebSocketConnection("server", { ...once, compression: { minBytes: 0 } });
    assert.deepEqual(server.send({ type: "binary", data: new Uint8Array(0) }), Buffer.from([0x82, 0]));
  });

  test("are what is sent", () => {
    const server = new WebSocketConnection("server", { ...once, compression: { minBytes: 0 } });
    const text = "Hello Hello Hello Hello";
    const first = server.send({ type: "text", data: text });
    const second = server.send({ type: "text", data: text });
    assert.ok(second.length < first.length, "the second refers to the first");
    assert.deepEqual(heard(join(first, second), "client", once), [`text "${text}"`, `text "${text}"`]);
  });
});

describe("sending", () => {
  test("what one side says, the other hears, whatever is agreed on and however it is cut", () => {
    fc.assert(
      fc.property(
        fc.array(EVENT, { maxLength: 12 }),
        AGREEMENT,
        fc.boolean(),
        fc.boolean(),
        (events, deflate, isClient, fragments) => {
          const role = isClient ? "client" : "server";
          const peer = isClient ? "server" : "client";
          const mirrored = deflate && {
            ...deflate,
            receiveTakeover: deflate.sendTakeover,
            receiveWindowBits: deflate.sendWindowBits,
          };
          const speaker = new Ear(role, { deflate, compression: { minBytes: 0 } }).connection;
          const bytes = join(...events.map((event) => speaker.send(event)));
          const ear = new Ear(peer, { deflate: mirrored, fragments });
          ear.receive(Uint8Array.from(bytes));
          if (!fragments) assert.deepEqual(ear.events.map(comparable), events.map(comparable));
          heard(bytes.subarray(0, 200), peer, { deflate: mirrored });
        },
      ),
      { numRuns: 300 },
    );
  });

  test("a client masks with a new key each time, and leaves the caller's bytes alone", () => {
    let next = 0;
    const client = new WebSocketConnection("client", {
      randomBytes: (count) => Uint8Array.from({ length: count }, () => next++),
    });
    const data = new Uint8Array(300).fill(0xaa);
    const keys = [1, 2, 3].map(() => [...client.send({ type: "binary", data }).subarray(4, 8)]);
    assert.deepEqual(keys, [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 10, 11],
    ]);
    assert.ok(data.every((byte) => byte === 0xaa));
  });

  test("small frames of a server are one piece", () => {
    const pieces: (string | Uint8Array)[] = [];
    const sink = { write: (data: Uint8Array) => pieces.push(data), writeLatin1: (text: string) => pieces.push(text) };
    const server = new WebSocketConnection("server");
    server.sendTextTo(sink, "hello");
    server.sendTextTo(sink, "häß");
    server.sendBinaryTo(sink, Uint8Array.of(1, 2, 3));
    assert.deepEqual(pieces, ["\x81\x05hello", "\x81\x05h\xc3\xa4\xc3\x9f", "\x82\x03\x01\x02\x03"]);
  });

  test("large bytes of a server are handed on as they are", () => {
    const pieces: unknown[] = [];
    const sink = { write: (data: Uint8Array) => pieces.push(data), writeLatin1: (text: string) => pieces.push(text) };
    const data = new Uint8Array(100_000);
    new WebSocketConnection("server").sendBinaryTo(sink, data);
    assert.equal(pieces.length, 2);
    assert.equal(pieces[1], data);
  });

  for (const [name, events, problem] of [
    ["a message after a Close frame", [close(1000), text("a")], /a Close frame was sent/],
    ["a ping after a Close frame", [close(1000), { type: "ping", data: new Uint8Array(0) }], /a Close frame was sent/],
    ["a second Close frame", [close(1000), close(1000)], /a Close frame was sent/],
    ["a ping of 126 bytes", [{ type: "ping", data: new Uint8Array(126) }], /126 bytes: 125 is the most/],
    ["close code 1005 with a reason", [close(1005, "why")], /code 1005/],
    ["close code 1006", [close(1006)], /code 1006/],
    ["close code 1015", [close(1015)], /code 1015/],
    ["close code 999", [close(999)], /code 999/],
    ["close code 5000", [close(5000)], /code 5000/],
    ["close code 1000.5", [close(1000.5)], /code 1000.5/],
    ["a reason of 124 bytes", [close(1000, "ä".repeat(62))], /124 bytes: 123 is the most/],
    ["a message within a fragmented one", [part("text", "a", false), text("b")], /within another one of text/],
    [
      "binary fragments within text",
      [part("text", "a", false), part("binary", new Uint8Array(1), true)],
      /within a message of text/,
    ],
  ] as readonly (readonly [string, readonly WebSocketEvent[], RegExp])[]) {
    test(`refuses ${name}`, () => {
      const server = new WebSocketConnection("server");
      for (const event of events.slice(0, -1)) server.send(event);
      assert.throws(
        () => server.send(events.at(-1) as WebSocketEvent),
        (error) => error instanceof LocalWebSocketError && problem.test(error.message),
      );
    });
  }

  test("a refused event changes nothing", () => {
    const server = new WebSocketConnection("server");
    assert.throws(() => server.send(close(1006)));
    assert.deepEqual(server.send(close(1005)), Buffer.from([0x88, 0]));
  });

  test("a client without random bytes is refused", () => {
    assert.throws(() => new WebSocketConnection("client"), /give randomBytes/);
  });
});

describe("the end", () => {
  test("comes when both sides said close, whoever began", () => {
    const ear = new Ear();
    ear.connection.send(close(1000));
    assert.deepEqual([ear.connection.isOver, ear.connection.maySend], [false, false]);
    ear.receive(frame(8, [3, 0xe8]));
    assert.deepEqual(
      [ear.connection.isOver, ear.connection.sentClose, ear.connection.receivedClose],
      [true, 1000, 1000],
    );

    const other = new Ear();
    other.receive(frame(8, [3, 0xe9]));
    assert.deepEqual([other.connection.isOver, other.connection.maySend], [false, true]);
    other.connection.send(close(1001));
    assert.equal(other.connection.isOver, true);
  });

  test("messages that were under way are heard after this side's close", () => {
    const ear = new Ear();
    ear.connection.send(close(1000));
    ear.receive(join(frame(1, "late"), frame(8)));
    assert.deepEqual(ear.lines, ['text "late"', 'close 1005 ""']);
  });

  test("without a word is 1006, once", () => {
    const ear = new Ear();
    ear.receive(frame(1, "half", { length: 10 }));
    ear.end();
    ear.listen();
    assert.deepEqual(ear.lines, ['close 1006 ""']);
    assert.equal(ear.connection.isOver, true);
    assert.throws(() => ear.connection.send(text("a")), /the peer is gone/);
  });

  test("comes after the events that were complete before it", () => {
    const ear = new Ear();
    ear.connection.receive(frame(1, "one"));
    ear.connection.receiveEnd();
    ear.listen();
    assert.deepEqual(ear.lines, ['text "one"', 'close 1006 ""']);
  });

  test("a fault is refused by a Close frame with its code, once", () => {
    const ear = new Ear();
    ear.receive(frame(3));
    const error = new RemoteWebSocketError(1002, "x".repeat(200));
    assert.deepEqual([...ear.connection.refusal(error).subarray(0, 4)], [0x88, 125, 3, 0xea]);
    assert.equal(ear.connection.refusal(error).length, 0);
    assert.equal(ear.connection.isOver, true);
    assert.throws(() => ear.connection.next(), RemoteWebSocketError);
  });

  test("a reason is never cut within a character", () => {
    const ear = new Ear();
    const refusal = ear.connection.refusal(new RemoteWebSocketError(1002, `${"x".repeat(121)}😀`));
    assert.equal(refusal.length, 2 + 2 + 121);
  });
});

describe("deadlines", () => {
  const timeouts = { pingIntervalMs: 100, pongTimeoutMs: 50, closeTimeoutMs: 30 };

  test("a ping is due after the interval of silence, and its answer after that", () => {
    const { ear, sent, sink } = timed();
    assert.equal(ear.connection.deadlineAt(0), 100);
    assert.equal(ear.connection.expire(sink, 99), undefined);
    assert.deepEqual(sent, []);
    assert.equal(ear.connection.expire(sink, 100), undefined);
    assert.deepEqual(sent, ["\x89\x00"]);
    assert.deepEqual([ear.connection.waitsFor, ear.connection.deadlineAt(100)], ["pong", 150]);
    assert.match(ear.connection.expire(sink, 150)?.message ?? "", /no answer to a ping/);
    assert.throws(() => ear.connection.next(), /no answer to a ping/);
  });

  test("whatever comes is a sign of life", () => {
    const { ear, sink } = timed();
    ear.connection.deadlineAt(0);
    ear.receive(frame(1, "a"));
    assert.equal(ear.connection.deadlineAt(60), 160);
    ear.connection.expire(sink, 160);
    ear.receive(frame(1, "b").subarray(0, 3));
    assert.deepEqual([ear.connection.waitsFor, ear.connection.deadlineAt(170)], ["ping", 270]);
  });

  test("the end has its own time, which nothing moves", () => {
    const { ear, sink } = timed();
    ear.connection.send(close(1000));
    assert.equal(ear.connection.deadlineAt(10), 40);
    ear.receive(frame(1, "a"));
    assert.equal(ear.connection.deadlineAt(20, true), 40);
    assert.match(ear.connection.expire(sink, 40)?.message ?? "", /no end of the connection/);
  });

  test("the end is waited for as long as the peer takes what was sent before it", () => {
    const { ear, sink } = timed();
    ear.connection.send(close(1000));
    assert.equal(ear.connection.deadlineAt(0, false, 900_000), 30);
    assert.equal(ear.connection.expire(sink, 30, 500_000), undefined);
    assert.equal(ear.connection.deadlineAt(30, false, 500_000), 60);
    assert.equal(ear.connection.deadlineAt(50, false, 0), 80);
    assert.equal(ear.connection.deadlineAt(70, false, 0), 80);
    assert.match(ear.connection.expire(sink, 80, 0)?.message ?? "", /no end of the connection/);
  });

  test("who does not read waits for no answer", () => {
    const { ear } = timed();
    assert.equal(ear.connection.deadlineAt(0, true), Number.POSITIVE_INFINITY);
    assert.equal(ear.connection.deadlineAt(10), 110);
  });

  test("nothing is waited for once the peer said close", () => {
    const { ear } = timed();
    ear.receive(frame(8));
    assert.deepEqual([ear.connection.waitsFor, ear.connection.deadlineAt(0)], [undefined, Number.POSITIVE_INFINITY]);
  });

  function timed(): {
    ear: Ear;
    sent: string[];
    sink: { write(data: Uint8Array): void; writeLatin1(text: string): void };
  } {
    const sent: string[] = [];
    const sink = {
      write: (data: Uint8Array) => void sent.push(Buffer.from(data).toString("latin1")),
      writeLatin1: (piece: string) => void sent.push(piece),
    };
    return { ear: new Ear("server", { timeouts }), sent, sink };
  }
});

describe("what is held", () => {
  test("is limited, and wantsInput says so before", () => {
    const connection = new WebSocketConnection("server", { limits: { maxHeldBytes: 100 } });
    connection.receive(frame(2, new Uint8Array(15)));
    assert.equal(connection.wantsInput, true);
    connection.receive(frame(2, new Uint8Array(100)));
    assert.equal(connection.wantsInput, false);
    connection.receive(frame(2));
    assert.throws(() => connection.next(), /wait for this side to read on/);
  });

  test("a message in one piece is not copied", () => {
    const bytes = serverFrame(2, [1, 2, 3]);
    const ear = new Ear("client");
    ear.receive(bytes);
    assert.equal((ear.events[0] as { readonly data: Uint8Array }).data.buffer, bytes.buffer);
  });
});

function close(code: number, reason = ""): WebSocketEvent {
  return { type: "close", code, reason };
}

function text(data: string): WebSocketEvent {
  return { type: "text", data };
}

function part(kind: "text" | "binary", data: string | Uint8Array, isLast: boolean): WebSocketEvent {
  return { type: "fragment", kind, data, isLast };
}

function comparable(event: WebSocketEvent): unknown {
  if (event.type === "close") return event;
  return typeof event.data === "string" ? [event.type, event.data] : [event.type, [...event.data]];
}

const BYTES = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.integer({ min: 0, max: 70_000 }).map((length) => new Uint8Array(length).fill(length)),
);
const EVENT: fc.Arbitrary<Exclude<WebSocketEvent, { readonly type: "close" }>> = fc.oneof(
  fc.record({ type: fc.constant("text" as const), data: fc.string({ unit: "grapheme", maxLength: 300 }) }),
  fc.record({ type: fc.constant("binary" as const), data: BYTES }),
  fc.record({ type: fc.constantFrom("ping" as const, "pong" as const), data: fc.uint8Array({ maxLength: 125 }) }),
);
const AGREEMENT = fc.option(
  fc.record({
    sendTakeover: fc.boolean(),
    receiveTakeover: fc.boolean(),
    sendWindowBits: fc.integer({ min: 8, max: 15 }),
    receiveWindowBits: fc.integer({ min: 8, max: 15 }),
  }),
  { nil: undefined },
);
