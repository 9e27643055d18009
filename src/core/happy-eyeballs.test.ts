import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import type { TcpAddress } from "./address.ts";
import { Deferred } from "./deferred/deferred.ts";
import { CancelledError } from "./deferred/errors.ts";
import { ConnectError } from "./errors.ts";
import { type HappyEyeballsOptions, happyEyeballs, interleaveFamilies } from "./happy-eyeballs.ts";
import type { Clock, DelayedCall } from "./time/clock.ts";

const v4 = (last: number): TcpAddress => ({ kind: "tcp", host: `127.0.0.${last}`, port: 80, family: 4 });
const v6 = (last: number): TcpAddress => ({ kind: "tcp", host: `::${last}`, port: 80, family: 6 });

describe("happyEyeballs", () => {
  let clock: StepClock;
  let dials: { readonly host: string; readonly at: number; readonly connection: Deferred<string> }[];
  let cancelled: string[];

  beforeEach(() => {
    clock = new StepClock();
    dials = [];
    cancelled = [];
  });

  function dial({ host }: TcpAddress): Deferred<string> {
    const connection = new Deferred<string>(() => cancelled.push(host));
    dials.push({ host, at: clock.now(), connection });
    return connection;
  }

  function race(addresses: TcpAddress[], options?: HappyEyeballsOptions<string>): Deferred<string> {
    return happyEyeballs(clock, addresses, dial, options);
  }

  const starts = () => dials.map(({ host, at }) => `${host} at ${at}`);

  test("families take turns, beginning with that of the first address", () => {
    const hosts = interleaveFamilies([v6(1), v6(2), v6(3), v4(1), v4(2)]).map(({ host }) => host);
    assert.deepEqual(hosts, ["::1", "127.0.0.1", "::2", "127.0.0.2", "::3"]);
    assert.deepEqual(
      interleaveFamilies([v4(1), v6(1), v4(2)]).map(({ host }) => host),
      ["127.0.0.1", "::1", "127.0.0.2"],
    );
    assert.deepEqual(interleaveFamilies([]), []);
  });

  test("an attempt starts every 250 ms until one connects", () => {
    race([v6(1), v6(2), v4(1)]);
    clock.advance(249);
    assert.deepEqual(starts(), ["::1 at 0"]);
    clock.advance(1);
    clock.advance(250);
    clock.advance(10_000);
    assert.deepEqual(starts(), ["::1 at 0", "127.0.0.1 at 250", "::2 at 500"]);
  });

  test("the delay between attempts can be chosen", () => {
    race([v6(1), v4(1)], { attemptDelayMs: 40 });
    clock.advance(40);
    assert.deepEqual(starts(), ["::1 at 0", "127.0.0.1 at 40"]);
  });

  test("a delay that is negative or no number is refused before anything is dialled", () => {
    for (const attemptDelayMs of [-1, Number.NaN]) {
      assert.throws(() => race([v4(1)], { attemptDelayMs }), RangeError);
    }
    assert.deepEqual(dials, []);
  });

  test("the next attempt starts at once when one fails, and the delay counts from there", () => {
    race([v6(1), v4(1), v6(2)]);
    clock.advance(100);
    dials[0]?.connection.errback(new Error("refused"));
    clock.advance(249);
    assert.deepEqual(starts(), ["::1 at 0", "127.0.0.1 at 100"]);
    clock.advance(1);
    assert.deepEqual(starts(), ["::1 at 0", "127.0.0.1 at 100", "::2 at 350"]);
  });

  test("the winner's connection is the result, the others are cancelled and no timer is left", () => {
    const result = settled(race([v6(1), v4(1), v6(2)]));
    clock.advance(250);
    dials[1]?.connection.callback("made");
    assert.equal(result.value, "made");
    assert.deepEqual(cancelled, ["::1"]);
    assert.equal(clock.pending, 0);
    clock.advance(1_000);
    assert.equal(dials.length, 2);
  });

  test("a connection that is made at once starts no other attempt", () => {
    const made = new Deferred<string>();
    made.callback("made");
    let calls = 0;
    const attempt = () => {
      calls += 1;
      return made;
    };
    const result = settled(happyEyeballs(clock, [v6(1), v4(1)], attempt));
    assert.equal(result.value, "made");
    assert.equal(calls, 1);
    assert.equal(clock.pending, 0);
  });

  test("a loser that connects in spite of its cancellation is discarded", () => {
    const discarded: string[] = [];
    const late = new Deferred<string>((d) => d.callback("late"));
    const first = new Deferred<string>();
    const attempts = [late, first];
    const result = settled(
      happyEyeballs(clock, [v6(1), v4(1)], () => attempts.shift() as Deferred<string>, {
        discard: (connection) => discarded.push(connection),
      }),
    );
    clock.advance(250);
    first.callback("first");
    assert.equal(result.value, "first");
    assert.deepEqual(discarded, ["late"]);
  });

  test("when all fail, one ConnectError lists each address and reason in the order of the attempts", () => {
    const result = settled(race([v6(1), v4(1)], { target: "example.org port 80" }));
    clock.advance(250);
    const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    const unreachable = Object.assign(new Error("unreachable"), { code: "ENETUNREACH" });
    dials[1]?.connection.errback(unreachable);
    assert.ok(!("error" in result));
    dials[0]?.connection.errback(refused);
    const error = result.error;
    assert.ok(error instanceof ConnectError);
    assert.deepEqual(error.errors, [
      { address: v6(1), error: refused },
      { address: v4(1), error: unreachable },
    ]);
    assert.equal(error.code, undefined);
    assert.equal(
      error.message,
      "Cannot connect to example.org port 80: tried [::1]:80 (refused), 127.0.0.1:80 (unreachable)",
    );
    assert.equal(clock.pending, 0);
  });

  test("the error has the system's code if all attempts agree, and says little about a single address", () => {
    const refused = Object.assign(new Error("connection refused"), { code: "ECONNREFUSED" });
    const result = settled(race([v4(1)]));
    dials[0]?.connection.errback(refused);
    assert.ok(result.error instanceof ConnectError);
    assert.equal(result.error.code, "ECONNREFUSED");
    assert.equal(result.error.message, "Cannot connect to 127.0.0.1:80: connection refused");
    assert.equal(result.error.cause, refused);
  });

  test("a target that is the only address is named once, another one with the address behind it", () => {
    const messages = ["127.0.0.1:80", "example.org"].map((target) => {
      const result = settled(race([v4(1)], { target }));
      dials.at(-1)?.connection.errback(new Error("refused"));
      return (result.error as ConnectError).message;
    });
    assert.deepEqual(messages, [
      "Cannot connect to 127.0.0.1:80: refused",
      "Cannot connect to example.org: tried 127.0.0.1:80 (refused)",
    ]);
  });

  test("without a target the error names the addresses alone", () => {
    const result = settled(race([v4(1), v4(2)]));
    dials[0]?.connection.errback(new Error("refused"));
    dials[1]?.connection.errback(new Error("reset"));
    assert.equal(
      (result.error as ConnectError).message,
      "Cannot connect to any address: tried 127.0.0.1:80 (refused), 127.0.0.2:80 (reset)",
    );
  });

  test("an attempt that throws counts as failed, and ten thousand such end in one error", () => {
    const addresses = Array.from({ length: 10_000 }, () => v4(1));
    const result = settled(
      happyEyeballs(clock, addresses, (): Deferred<string> => {
        throw new Error("no socket");
      }),
    );
    assert.ok(result.error instanceof ConnectError);
    assert.equal(result.error.errors.length, 10_000);
    assert.equal(clock.pending, 0);
  });

  test("something thrown that is no Error is the cause of one", () => {
    const result = settled(race([v4(1)]));
    dials[0]?.connection.errback("just text");
    assert.ok(result.error instanceof ConnectError);
    assert.equal(result.error.errors[0]?.error.message, "just text");
    assert.equal(result.error.errors[0]?.error.cause, "just text");
  });

  test("without an address it fails", () => {
    const result = settled(race([], { target: "example.org" }));
    assert.ok(result.error instanceof ConnectError);
    assert.equal(result.error.message, "Cannot connect to example.org: there is no address to try");
    const nameless = settled(race([]));
    assert.match(String(nameless.error), /Cannot connect to nowhere: there is no address to try/);
  });

  test("cancelling cancels every attempt and leaves no timer", () => {
    const dialling = race([v6(1), v4(1), v6(2)]);
    const result = settled(dialling);
    clock.advance(250);
    dialling.cancel("never mind");
    assert.ok(result.error instanceof CancelledError);
    assert.deepEqual(cancelled, ["::1", "127.0.0.1"]);
    assert.equal(clock.pending, 0);
  });

  test("cancelling from inside an attempt cancels that attempt too", () => {
    const box: { dialling?: Deferred<string> } = {};
    const addresses = [v6(1), v4(1)];
    box.dialling = happyEyeballs(clock, addresses, (address) => {
      if (address.family === 4) box.dialling?.cancel();
      return dial(address);
    });
    const result = settled(box.dialling);
    clock.advance(250);
    assert.ok(result.error instanceof CancelledError);
    assert.deepEqual(cancelled, ["::1", "127.0.0.1"]);
    assert.equal(clock.pending, 0);
  });
});

function settled<T>(deferred: Deferred<T>): { value?: T; error?: unknown } {
  const result: { value?: T; error?: unknown } = {};
  deferred.addCallbacks(
    (value) => {
      result.value = value;
    },
    (error) => {
      result.error = error;
    },
  );
  return result;
}

/** core cannot lean on `testing`, which leans on core: just enough of a clock. */
class StepClock implements Clock {
  #now = 0;
  readonly #calls = new Set<StepCall>();

  get pending(): number {
    return this.#calls.size;
  }

  now(): number {
    return this.#now;
  }

  callLater(ms: number, f: () => void): DelayedCall {
    const call = new StepCall(this.#now + ms, f, (done) => this.#calls.delete(done));
    this.#calls.add(call);
    return call;
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const call of [...this.#calls]) if (call.active && call.time <= this.#now) call.run();
  }
}

class StepCall implements DelayedCall {
  readonly time: number;
  active = true;
  readonly #f: () => void;
  readonly #done: (call: StepCall) => void;

  constructor(time: number, f: () => void, done: (call: StepCall) => void) {
    this.time = time;
    this.#f = f;
    this.#done = done;
  }

  run(): void {
    this.cancel();
    this.#f();
  }

  cancel(): void {
    assert.ok(this.active, "cancelled twice");
    this.active = false;
    this.#done(this);
  }

  reset(): void {
    assert.fail("not used");
  }

  delay(): void {
    assert.fail("not used");
  }

  [Symbol.dispose](): void {
    if (this.active) this.cancel();
  }
}
