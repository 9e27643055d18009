import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { captureLogs } from "../core/log/observers.ts";
import { ProcessProtocol, type SpawnOptions } from "../core/process.ts";
import { MemoryReactor } from "./index.ts";
import type { MemoryProcess } from "./memory-process.ts";

describe("MemoryProcess", () => {
  test("runs from the next turn on, and records what it is told", () => {
    const { reactor, protocol, child } = spawned();
    assert.deepEqual([child.state, child.pid, protocol.events], ["starting", undefined, []]);
    reactor.settle();
    assert.deepEqual([child.state, protocol.events], ["running", ["made"]]);
    assert.equal(typeof child.pid, "number");
    protocol.transport.write("in");
    protocol.transport.write(Uint8Array.of(33));
    protocol.transport.writeToChild(7, "not open");
    protocol.transport.signalProcess("HUP");
    assert.deepEqual([child.text(), child.text(7), child.signals], ["in!", "", ["HUP"]]);
  });

  test("says what a test makes it say", () => {
    const { protocol, child } = spawned({ descriptors: ["pipe", "pipe", "pipe", "pipe"] });
    child.say("out");
    child.say("err", 2);
    child.say("more", 3);
    assert.deepEqual(protocol.events, ["made", "out out", "err err", "3 more"]);
  });

  test("ends when it has exited and all its descriptors are closed", () => {
    const { protocol, child } = spawned();
    child.exit(0, { keepOpen: [1] });
    assert.deepEqual(protocol.events, ["made", "exited ProcessDone", "closed 0", "closed 2"]);
    child.say("from a grandchild");
    child.hangUp(1);
    assert.deepEqual(protocol.events.slice(4), ["out from a grandchild", "closed 1", "ended ProcessDone"]);
    assert.equal(child.state, "ended");
    assert.throws(() => protocol.transport.signalProcess("TERM"), { name: "ReactorStateError" });
    assert.throws(() => child.exit(), { name: "ReactorStateError" });
  });

  test("exits with a status, or dies of a signal", () => {
    const one = spawned();
    one.child.exit(3);
    assert.deepEqual((one.protocol.reason as { exitCode?: number } | undefined)?.exitCode, 3);
    const other = spawned();
    other.child.die("SIGKILL");
    assert.deepEqual((other.protocol.reason as { signal?: string } | undefined)?.signal, "SIGKILL");
    assert.equal(other.protocol.reason?.name, "ProcessTerminated");
  });

  test("that cannot be started never runs, and tells only that it ended", () => {
    const { reactor, protocol, child } = spawned();
    const cause = new Error("ENOENT");
    child.failToStart(cause);
    reactor.settle();
    assert.deepEqual(protocol.events, ["ended ProcessTerminated"]);
    assert.equal(protocol.reason?.cause, cause);
    assert.equal(child.pid, undefined);
    const running = spawned();
    running.reactor.settle();
    assert.throws(() => running.child.failToStart(cause), { name: "ReactorStateError" });
  });

  test("sees its descriptors closed from this side, each once", () => {
    const { reactor, protocol, child } = spawned();
    reactor.settle();
    protocol.transport.closeStdin();
    protocol.transport.closeStdin();
    assert.ok(child.isOpen(0), "in the next turn");
    reactor.settle();
    assert.ok(!child.isOpen(0));
    protocol.transport.loseConnection();
    reactor.settle();
    assert.deepEqual(protocol.events, ["made", "closed 0", "closed 1", "closed 2"]);
    child.exit();
    assert.equal(protocol.events.at(-1), "ended ProcessDone");
  });

  test("is killed when its protocol throws", () => {
    const { protocol, child } = spawned();
    const fault = new Error("bad output");
    protocol.onOut = () => {
      throw fault;
    };
    using logs = captureLogs();
    child.say("x");
    assert.deepEqual(child.signals, ["SIGKILL"]);
    assert.equal(logs.events[0]?.["error"], fault);
  });

  test("has a terminal of a size, if it was asked for", () => {
    const { protocol, child } = spawned({ pty: { columns: 132 } });
    assert.deepEqual([child.size?.columns, child.size?.rows], [132, 24]);
    protocol.transport.resize(40, 10);
    assert.deepEqual(child.size, { columns: 40, rows: 10 });
    assert.equal(spawned().child.size, undefined);
  });
});

function spawned(options: SpawnOptions = {}): { reactor: MemoryReactor; protocol: Tape; child: MemoryProcess } {
  const reactor = new MemoryReactor();
  const protocol = new Tape();
  const child = reactor.spawnProcess(protocol, "sort", options);
  assert.deepEqual(reactor.processes, [child]);
  return { reactor, protocol, child };
}

class Tape extends ProcessProtocol {
  readonly events: string[] = [];
  reason: Error | undefined;
  onOut: () => void = () => undefined;

  override connectionMade(): void {
    this.events.push("made");
  }

  override childDataReceived(descriptor: number, data: Uint8Array): void {
    if (descriptor > 2) this.events.push(`${descriptor} ${new TextDecoder().decode(data)}`);
    super.childDataReceived(descriptor, data);
  }

  override outReceived(data: Uint8Array): void {
    this.events.push(`out ${new TextDecoder().decode(data)}`);
    this.onOut();
  }

  override errReceived(data: Uint8Array): void {
    this.events.push(`err ${new TextDecoder().decode(data)}`);
  }

  override childConnectionLost(descriptor: number): void {
    this.events.push(`closed ${descriptor}`);
  }

  override processExited(reason: Error): void {
    this.events.push(`exited ${reason.name}`);
  }

  override processEnded(reason: Error): void {
    this.reason = reason;
    this.events.push(`ended ${reason.name}`);
  }
}
