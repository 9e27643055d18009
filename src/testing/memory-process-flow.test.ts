import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ProcessProtocol } from "../core/process.ts";
import { MemoryReactor } from "./memory-reactor.ts";

class Recorder extends ProcessProtocol {
  readonly events: string[] = [];
  override childDataReceived(descriptor: number, data: Uint8Array): void {
    this.events.push(`${descriptor}: ${new TextDecoder().decode(data)}`);
  }
  override childDrained(descriptor: number): void {
    this.events.push(`drained ${descriptor}`);
  }
  override childConnectionLost(descriptor: number): void {
    this.events.push(`lost ${descriptor}`);
  }
  override processEnded(reason: Error): void {
    this.events.push(reason.name);
  }
}

function spawn() {
  const reactor = new MemoryReactor();
  const recorder = new Recorder();
  const child = reactor.spawnProcess(recorder, "program");
  reactor.settle();
  return { reactor, child, events: recorder.events };
}

describe("a memory process", () => {
  test("takes what it is sent, in the next turn, and says so once", () => {
    const { reactor, child, events } = spawn();
    child.write("a");
    child.write("b");
    assert.equal(child.bufferedBytes, 0);
    assert.deepEqual(events, []);
    reactor.settle();
    assert.deepEqual(events, ["drained 0"]);
  });

  test("that stops taking leaves it in the buffer until it starts again", () => {
    const { reactor, child, events } = spawn();
    child.stopTaking();
    child.write("abc");
    reactor.settle();
    assert.equal(child.bufferedBytes, 3);
    assert.deepEqual(events, []);
    child.startTaking();
    assert.equal(child.bufferedBytes, 0);
    assert.deepEqual(events, ["drained 0"]);
    assert.equal(child.text(), "abc");
  });

  test("is not heard while reading is paused, not even its end", () => {
    const { reactor, child, events } = spawn();
    child.pauseReading();
    child.say("one");
    child.hangUp(1);
    child.say("two", 2);
    child.exit();
    assert.deepEqual(events, ["lost 0"]);
    child.resumeReading();
    reactor.settle();
    assert.deepEqual(events, ["lost 0", "1: one", "lost 1", "2: two", "lost 2", "ProcessDone"]);
  });

  test("is not heard any further when reading is paused again in the middle", () => {
    const { reactor, child, events } = spawn();
    child.pauseReading();
    child.say("one");
    child.say("two");
    const { protocol } = child;
    protocol.childDataReceived = (_descriptor, data) => {
      events.push(new TextDecoder().decode(data));
      child.pauseReading();
    };
    child.resumeReading();
    reactor.settle();
    assert.deepEqual(events, ["one"]);
    child.resumeReading();
    reactor.settle();
    assert.deepEqual(events, ["one", "two"]);
  });
});
