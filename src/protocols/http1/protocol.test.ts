import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ConnectionAborted } from "../../core/errors.ts";
import { Protocol } from "../../core/protocol.ts";
import { Clock, MemoryTransport } from "../../testing/index.ts";
import type { RemoteProtocolError } from "./errors.ts";
import type { Http1Event } from "./events.ts";
import { Http1Protocol } from "./protocol.ts";

/** Answers what it hears by "hello", and lets a test do the rest. */
class Peer extends Http1Protocol {
  readonly heard: Http1Event[] = [];
  readonly faults: RemoteProtocolError[] = [];
  successor: Protocol | undefined;
  isAnswering = true;
  lost: Error | undefined;

  override eventReceived(event: Http1Event): void {
    this.heard.push(event);
    if (event.type === "request" && this.isAnswering) this.sendWhole({ type: "response", status: 200 }, "hello");
    if (event.type === "switched" && this.successor !== undefined) this.handOver(this.successor, event.rest);
  }

  override faultReceived(error: RemoteProtocolError): void {
    this.faults.push(error);
    super.faultReceived(error);
  }

  override connectionLost(reason: Error): void {
    this.lost = reason;
    super.connectionLost(reason);
  }

  hold(isHeld: boolean): void {
    this.holdInput(isHeld);
  }

  end(): void {
    this.linger();
  }
}

/** Tells what it is told. */
class Successor extends Protocol {
  readonly told: string[] = [];
  override connectionMade(): void {
    this.told.push("made");
  }
  override dataReceived(data: Uint8Array): void {
    this.told.push(new TextDecoder().decode(data));
  }
  override writingPaused(): void {
    this.told.push("paused");
  }
  override writingResumed(): void {
    this.told.push("resumed");
  }
  override connectionLost(): void {
    this.told.push("lost");
  }
}

class HalfSuccessor extends Successor {
  override readConnectionLost(): void {
    this.told.push("read end");
  }
  override writeConnectionLost(): void {
    this.told.push("write end");
  }
}

function connected(role: "server" | "client" = "server"): { peer: Peer; transport: MemoryTransport; clock: Clock } {
  const clock = new Clock();
  const transport = new MemoryTransport({ clock });
  const peer = new Peer(role, clock);
  transport.attach(peer);
  return { peer, transport, clock };
}

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const CONNECT = "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n";

/** A server's end that has granted CONNECT to `successor`. */
function switched(successor: Protocol, early = ""): { peer: Peer; transport: MemoryTransport } {
  const { peer, transport } = connected();
  peer.isAnswering = false;
  peer.successor = successor;
  transport.remote.write(CONNECT + early);
  peer.send({ type: "response", status: 200 });
  return { peer, transport };
}

describe("an HTTP/1.1 connection on a transport", () => {
  it("hears requests and sends answers", () => {
    const { peer, transport } = connected();
    transport.remote.write(GET);
    assert.deepEqual(
      peer.heard.map(({ type }) => type),
      ["request", "end"],
    );
    assert.match(transport.text(), /^HTTP\/1\.1 200 OK\r\n[\s\S]*hello$/);
  });

  it("speaks and hears as a client, and has a timer for the answer", () => {
    const { peer, transport, clock } = connected("client");
    peer.sendWhole({ type: "request", method: "GET", target: "/", headers: { Host: "a" } });
    transport.remote.write("HTTP/1.1 204 No Content\r\n\r\n");
    assert.deepEqual(
      peer.heard.map(({ type }) => type),
      ["response", "end"],
    );
    peer.sendWhole({ type: "request", method: "GET", target: "/", headers: { Host: "a" } });
    clock.advance(60_000);
    assert.equal(peer.faults[0]?.status, 504);
  });

  it("hears nothing while it is held, and all of it then", () => {
    const { peer, transport } = connected();
    peer.hold(true);
    transport.remote.write(GET);
    assert.equal(peer.heard.length, 0);
    peer.hold(false);
    transport.settle();
    assert.equal(peer.heard.length, 2);
  });

  it("blames nobody for time that passes while it is held", () => {
    const { peer, transport, clock } = connected();
    transport.remote.write("GET /");
    peer.hold(true);
    clock.advance(1_000_000);
    assert.equal(peer.faults.length, 0);
    peer.hold(false);
    clock.advance(1_000_000);
    assert.equal(peer.faults[0]?.status, 408);
  });

  it("lets the peer hear its last words: what comes meanwhile is dropped, the peer's end is the end", () => {
    const { peer, transport } = connected();
    transport.remote.write(GET);
    peer.end();
    peer.end();
    transport.remote.write("x".repeat(100_000));
    assert.equal(transport.remote.sawEnd, true);
    assert.equal(peer.lost === undefined, true);
    transport.remote.end();
    assert.equal(peer.lost?.name, "ConnectionDone");
  });

  it("waits two seconds for that, and for four megabytes", () => {
    const slow = connected();
    slow.peer.end();
    slow.clock.advance(2_000);
    slow.transport.settle();
    assert.notEqual(slow.peer.lost, undefined);
    const loud = connected();
    loud.peer.end();
    for (let n = 0; n < 5; n++) loud.transport.remote.write("x".repeat(1_000_000));
    assert.ok(loud.peer.lost instanceof ConnectionAborted);
  });

  it("says why it ends, if nothing was said yet", () => {
    const { peer, transport } = connected();
    transport.remote.write("no HTTP\r\n\r\n");
    assert.match(transport.text(), /^HTTP\/1\.1 400 /);
    assert.equal(peer.faults.length, 1);
  });

  it("throws what its owner throws, which ends this connection", () => {
    const { peer, transport } = connected();
    peer.eventReceived = () => {
      throw new Error("knots");
    };
    transport.remote.write(GET);
    assert.match(String(peer.lost?.message), /knots/);
  });
});

describe("a connection that was handed over", () => {
  it("belongs to its successor: bytes that came early, bytes that come, and the end", () => {
    const successor = new Successor();
    const { peer, transport } = switched(successor, "early");
    transport.remote.write("late");
    assert.equal(peer.innermost, successor);
    transport.remote.end();
    assert.deepEqual(successor.told, ["made", "early", "late", "lost"]);
  });

  it("tells the successor how the writing goes", () => {
    const successor = new Successor();
    const { transport } = switched(successor);
    transport.remote.stopTaking();
    successor.transport.write("x".repeat(100_000));
    transport.settle();
    transport.remote.startTaking();
    assert.deepEqual(successor.told, ["made", "paused", "resumed"]);
  });

  it("stays half open for a successor that knows how", () => {
    const successor = new HalfSuccessor();
    const { transport } = switched(successor);
    transport.remote.end();
    successor.transport.loseWriteConnection();
    transport.settle();
    assert.deepEqual(successor.told.slice(0, 3), ["made", "read end", "write end"]);
  });

  it("ends if the successor cannot begin", () => {
    const successor = new Successor();
    successor.connectionMade = () => {
      throw new Error("knots");
    };
    const { peer, transport } = connected();
    peer.isAnswering = false;
    peer.successor = successor;
    transport.remote.write(CONNECT);
    assert.throws(() => peer.send({ type: "response", status: 200 }), /knots/);
    transport.settle();
    assert.ok(peer.lost instanceof ConnectionAborted);
  });
});
