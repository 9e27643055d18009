import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { captureLogs, Logger } from "../core/log/index.ts";
import { Protocol } from "../core/protocol.ts";
import { MemoryTransport } from "../testing/index.ts";
import { escapeBytes, type TrafficEvent, trafficLog } from "./traffic-log.ts";
import type { ProtocolWrapper } from "./wrapper.ts";

describe("trafficLog", () => {
  test("tells a function what goes over each connection, both ways", () => {
    const { events, dial } = logged();
    const one = dial();
    const other = dial();
    one.remote.write("hello");
    one.inner.transport.write("é");
    one.inner.transport.writeLatin1("é");
    other.inner.transport.write(Uint8Array.of(0));
    one.remote.end();
    assert.deepEqual(events.map(shown), [
      "1 opened",
      "2 opened",
      "1 received hello",
      "1 sent \\xc3\\xa9",
      "1 sent \\xe9",
      "2 sent \\x00",
      "1 closed ConnectionDone",
    ]);
    assert.equal(events[0]?.peer.kind, "tcp");
  });

  test("does not tell of what is dropped after loseConnection, but of what a producer writes then", () => {
    const { events, dial } = logged();
    const { inner } = dial();
    const { transport } = inner;
    const producer = { resumeProducing: () => {}, pauseProducing: () => {}, stopProducing: () => {} };
    transport.registerProducer(producer, "push");
    assert.throws(() => transport.registerProducer(producer, "push"));
    transport.loseConnection();
    transport.write("last");
    transport.unregisterProducer();
    transport.write("never");
    transport.writeLatin1("never");
    assert.deepEqual(events.map(shown), ["1 opened", "1 sent last"]);
  });

  test("writes escaped lines to a Logger at level debug, and not more of a piece than asked", () => {
    using captured = captureLogs();
    const { dial } = logged({ to: new Logger("test.traffic"), shownBytes: 5 });
    const { remote, inner } = dial();
    remote.write("ab\r\ncdef");
    inner.transport.write("ok");
    remote.end();
    const fields = captured.events.filter(({ namespace }) => namespace === "test.traffic");
    assert.deepEqual(
      fields.map((event) => [event.level, event["kind"], event["length"], event["shown"], event["more"]]),
      [
        ["debug", undefined, undefined, undefined, undefined],
        ["debug", "received", 8, "ab\\r\\nc", " … 3 bytes more"],
        ["debug", "sent", 2, "ok", ""],
        ["debug", undefined, undefined, undefined, undefined],
      ],
    );
  });

  test("makes nothing for a Logger that nobody reads", () => {
    class Silent extends Logger {
      override enabled(): boolean {
        return false;
      }
      override debug(_format: string, fields?: Readonly<Record<string, unknown>>): void {
        assert.equal(fields?.["shown"], undefined);
      }
    }
    const { dial } = logged({ to: new Silent("test.silent") });
    const { remote, inner } = dial();
    remote.write("x");
    inner.transport.write("y");
  });
});

test("escapeBytes shows every byte in printable ASCII", () => {
  const all = Uint8Array.from({ length: 256 }, (_, index) => index);
  const text = escapeBytes(all);
  assert.match(text, /^[ -~]*$/);
  assert.equal(escapeBytes(Uint8Array.of(92, 9, 10, 13, 127, 32)), "\\\\\\t\\n\\r\\x7f ");
});

function logged(options: Parameters<typeof trafficLog>[1] = {}) {
  const events: TrafficEvent[] = [];
  const factory = trafficLog(() => new Protocol(), { to: (event) => events.push(event), ...options });
  const dial = () => {
    const transport = new MemoryTransport();
    const protocol = factory.buildProtocol(transport.peer) as ProtocolWrapper;
    transport.attach(protocol);
    return { transport, remote: transport.remote, inner: protocol.inner };
  };
  return { events, dial };
}

function shown(event: TrafficEvent): string {
  const what = "data" in event ? ` ${escapeBytes(event.data)}` : "reason" in event ? ` ${event.reason.name}` : "";
  return `${event.connection} ${event.kind}${what}`;
}
