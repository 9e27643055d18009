import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { feedThreeWays, MemoryTransport } from "../../testing/index.ts";
import { LocalFrameLengthError, type RemoteFrameError } from "./errors.ts";
import { encodeInt } from "./int-codec.ts";
import { encodeNetstring } from "./netstring-codec.ts";
import { Int8Protocol, Int16Protocol, Int32Protocol, NetstringProtocol, type StringProtocol } from "./protocol.ts";

const KINDS = [
  ["NetstringProtocol", (script?: Script) => recording(new NetstringProtocol(), script), encodeNetstring],
  ["Int8Protocol", (script?: Script) => recording(new Int8Protocol(), script), (data: string) => encodeInt(1, data)],
  ["Int16Protocol", (script?: Script) => recording(new Int16Protocol(), script), (data: string) => encodeInt(2, data)],
  ["Int32Protocol", (script?: Script) => recording(new Int32Protocol(), script), (data: string) => encodeInt(4, data)],
] as const;

for (const [name, make, encode] of KINDS) {
  describe(name, () => {
    test("delivers each frame, whatever the cuts", () => {
      const events = feedThreeWays(
        () => make(),
        joined(["one", "", "three"].map(encode)),
        (protocol) => protocol.events,
      );
      assert.deepEqual(events, ["one", "", "three"]);
    });

    test("startTls drops what came in clear behind the frame that asked for it", () => {
      const upgrade = (protocol: StringProtocol) => {
        protocol.startTls({ side: "server", tls: {} }).addErrback(() => {});
      };
      const { protocol, remote } = connect(make({ upgrade }));
      remote.write(joined([...["upgrade", "injected"].map(encode), encode("injected").subarray(0, 3)]));
      protocol.dataReceived(encode("under TLS"));
      assert.deepEqual(protocol.events, ["upgrade", "under TLS"]);
    });

    test("sends what its peer receives", () => {
      const { protocol, transport } = connect(make());
      protocol.sendString("text é");
      protocol.sendString(new TextEncoder().encode("bytes"));
      const peer = connect(make());
      peer.remote.write(transport.bytes());
      assert.deepEqual(peer.protocol.events, ["text é", "bytes"]);
    });

    test("a frame over maxLength closes at once, before any of it came, and says why", () => {
      const { protocol, remote } = connect(make());
      protocol.maxLength = 3;
      const frame = encode("four");
      remote.write(joined([encode("abc"), frame.subarray(0, frame.indexOf("f".charCodeAt(0)))]));
      assert.deepEqual(protocol.events, ["abc", "RemoteFrameLengthError", "lost: ConnectionDone"]);
    });

    test("nothing is delivered after loseConnection, frames of the same chunk included", () => {
      const { protocol, remote } = connect(make({ stop: (p) => p.transport.loseConnection() }));
      remote.write(joined(["stop", "never"].map(encode)));
      protocol.dataReceived(encode("never"));
      assert.deepEqual(protocol.events, ["stop", "lost: ConnectionDone"]);
    });

    test("nothing is delivered after abortConnection", () => {
      const { protocol, remote } = connect(make({ stop: (p) => p.transport.abortConnection() }));
      remote.write(joined(["stop", "never"].map(encode)));
      assert.deepEqual(protocol.events, ["stop", "lost: ConnectionAborted"]);
    });

    test("pauseReading holds back frames that came already, and resumeReading delivers them at once", () => {
      const { protocol, remote } = connect(make({ pause: (p) => p.pauseReading() }));
      remote.write(joined(["pause", "b", "pause", "c"].map(encode)));
      assert.deepEqual(protocol.events, ["pause"]);
      protocol.resumeReading();
      assert.deepEqual(protocol.events, ["pause", "b", "pause"]);
      protocol.resumeReading();
      assert.deepEqual(protocol.events, ["pause", "b", "pause", "c"]);
    });

    test("bytes that come while a frame is delivered wait for their turn", () => {
      const { protocol, remote } = connect(make({ a: (p) => p.dataReceived(encode("c")) }));
      remote.write(joined(["a", "b"].map(encode)));
      assert.deepEqual(protocol.events, ["a", "b", "c"]);
    });
  });
}

test("what is no netstring closes the connection, and frameRefused cannot prevent it", () => {
  const { protocol, remote } = connect(recording(new NetstringProtocol()));
  remote.write("1:a,1:b;1:c,");
  assert.deepEqual(protocol.events, ["a", "RemoteNetstringError", "lost: ConnectionDone"]);
});

test("a connection closes even if frameRefused throws", () => {
  class Faulty extends NetstringProtocol {
    reason = "";
    override frameRefused(error: RemoteFrameError): void {
      throw error;
    }
    override connectionLost(reason: Error): void {
      this.reason = reason.name;
    }
  }
  const { protocol, remote } = connect(new Faulty());
  remote.write("x");
  assert.equal(protocol.reason, "RemoteNetstringError");
});

test("a frame that the prefix cannot count is a local error, and nothing of it is sent", () => {
  const { protocol, transport } = connect(new Int8Protocol());
  assert.throws(() => protocol.sendString("x".repeat(256)), LocalFrameLengthError);
  assert.equal(transport.bytes().length, 0);
});

test("frames of up to 99 999 bytes are received by default", () => {
  const { protocol, remote } = connect(recording(new NetstringProtocol()));
  remote.write(encodeNetstring("x".repeat(99_999)));
  remote.write("100000");
  assert.deepEqual(
    protocol.events.map(({ length }) => length),
    [99_999, "RemoteFrameLengthError".length, "lost: ConnectionDone".length],
  );
});

type Script = Readonly<Record<string, (protocol: StringProtocol) => void>>;

/** The protocol, noting what comes, and doing what the script says for a frame. */
function recording<P extends StringProtocol>(protocol: P, script: Script = {}): P & { readonly events: string[] } {
  const events: string[] = [];
  protocol.stringReceived = (data) => {
    const frame = new TextDecoder().decode(data);
    events.push(frame);
    script[frame]?.(protocol);
  };
  protocol.frameRefused = (error) => events.push(error.name);
  protocol.connectionLost = (reason) => events.push(`lost: ${reason.name}`);
  return Object.assign(protocol, { events });
}

function connect<P extends StringProtocol>(protocol: P) {
  const transport = new MemoryTransport();
  transport.attach(protocol);
  return { protocol, transport, remote: transport.remote };
}

function joined(frames: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(frames.flatMap((frame) => [...frame]));
}
