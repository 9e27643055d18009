import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ProcessDone, ProcessTerminated } from "./errors.ts";
import { captureLogs } from "./log/observers.ts";
import { ProcessProtocol } from "./process.ts";
import { ProtocolCalls, reasonOf } from "./process-calls.ts";

describe("calls of a ProcessProtocol", () => {
  test("once a method has thrown, its process is killed, and it hears ends but no more data", () => {
    const heard: string[] = [];
    class Faulty extends ProcessProtocol {
      override childDataReceived(): void {
        heard.push("data");
        throw new Error("no");
      }
      override childDrained(): void {
        heard.push("drained");
      }
      override processEnded(): void {
        heard.push("ended");
      }
    }
    using logs = captureLogs();
    const calls = new ProtocolCalls(new Faulty(), () => heard.push("killed"));
    calls.drained(0);
    for (const byte of [1, 2]) calls.received(1, Uint8Array.of(byte));
    calls.drained(0);
    calls.ended(new ProcessDone());
    assert.deepEqual(heard, ["drained", "data", "killed", "ended"]);
    assert.equal(logs.events.length, 1);
  });
});

describe("the reason of an exit", () => {
  test("is clean for status 0 only, and says what it was otherwise", () => {
    assert.ok(reasonOf(0, null) instanceof ProcessDone);
    const ends = [reasonOf(3, null), reasonOf(null, "SIGKILL"), reasonOf(null, null)] as ProcessTerminated[];
    assert.ok(ends.every((end) => end instanceof ProcessTerminated));
    assert.deepEqual(
      ends.map(({ exitCode, signal }) => [exitCode, signal]),
      [
        [3, undefined],
        [undefined, "SIGKILL"],
        [undefined, undefined],
      ],
    );
  });
});
