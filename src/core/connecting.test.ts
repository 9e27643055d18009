import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Clock } from "../testing/clock.ts";
import type { Address } from "./address.ts";
import { begin, connectWithin, type Dialled } from "./connecting.ts";
import { Deferred } from "./deferred/deferred.ts";
import { TimeoutError } from "./deferred/errors.ts";
import { Protocol } from "./protocol.ts";

class Recorded implements Dialled {
  readonly peer: Address = { kind: "tcp", host: "192.0.2.1", port: 25, family: 4 };
  readonly calls: string[] = [];
  thrown: Error | undefined;
  abortConnection(): void {
    this.calls.push("abort");
  }
  open(): Error | undefined {
    this.calls.push("open");
    return this.thrown;
  }
  refuse(): void {
    this.calls.push("refuse");
  }
}

describe("a connection that was dialled", () => {
  test("is opened with the protocol that the factory built for its peer", () => {
    const dialled = new Recorded();
    const protocol = new Protocol();
    const peers: Address[] = [];
    const built = begin(dialled, (peer) => {
      peers.push(peer);
      return protocol;
    });
    assert.equal(built, protocol);
    assert.deepEqual([peers, dialled.calls], [[dialled.peer], ["open"]]);
  });

  test("is refused if the factory builds none", () => {
    const dialled = new Recorded();
    assert.throws(() => begin(dialled, () => undefined), {
      name: "ConnectError",
      message: "Cannot use the connection with 192.0.2.1:25: the factory refused it",
    });
    assert.deepEqual(dialled.calls, ["refuse"]);
  });

  test("is aborted if the factory throws", () => {
    const dialled = new Recorded();
    const wrong = new Error("a bug");
    const factory = () => {
      throw wrong;
    };
    assert.throws(() => begin(dialled, factory), wrong);
    assert.deepEqual(dialled.calls, ["abort"]);
  });

  test("fails with what its protocol threw", () => {
    const dialled = new Recorded();
    dialled.thrown = new Error("in connectionMade");
    assert.throws(() => begin(dialled, () => new Protocol()), dialled.thrown);
  });
});

describe("a connect", () => {
  test("that takes too long says what it did not reach, and how long it was given", async () => {
    const clock = new Clock();
    const given = connectWithin(new Deferred<void>(), "rope.example:25", 5, clock);
    const failed = given.addErrback((error: Error) => error);
    clock.advance(5);
    const error = await failed;
    assert.ok(error instanceof TimeoutError);
    assert.equal(error.message, "Cannot connect to rope.example:25: not done within 5 ms");
    assert.equal(error.timeoutMs, 5);
  });

  test("has thirty seconds unless it is told otherwise", () => {
    const clock = new Clock();
    const connecting = connectWithin(new Deferred<void>(), "rope.example:25", undefined, clock);
    assert.deepEqual(
      clock.getDelayedCalls().map(({ time }) => time),
      [30_000],
    );
    connecting.callback();
    assert.deepEqual(clock.getDelayedCalls(), []);
  });

  test("that fails otherwise keeps its error", async () => {
    const connecting = new Deferred<void>();
    const given = connectWithin(connecting, "rope.example:25", 5, new Clock());
    const refused = new Error("ECONNREFUSED");
    connecting.errback(refused);
    await assert.rejects(async () => {
      await given;
    }, refused);
  });
});
