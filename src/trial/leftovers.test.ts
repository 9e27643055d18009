import assert from "node:assert/strict";
import { test } from "node:test";
import { DatagramProtocol } from "../core/datagram.ts";
import { ProcessProtocol } from "../core/process.ts";
import { Protocol } from "../core/protocol.ts";
import { LoopingCall } from "../core/time/looping-call.ts";
import type { NodeReactor } from "../reactor/node-reactor.ts";
import type { SimReactor } from "../sim/sim-reactor.ts";
import { MemoryReactor } from "../testing/memory-reactor.ts";
import { DirtyReactorError } from "./errors.ts";
import { outcomeOf, placesIn } from "./outcome.fixture.test.ts";

const placeOf = placesIn("src/trial/leftovers.test.ts");

test("a test that leaves nothing behind passes", async () => {
  assert.equal(await outcomeOf((t) => t.reactor.callLater(5, () => undefined).cancel()), undefined);
});

test("a delayed call that was not made makes a test fail, with where it was made, in the source", async () => {
  const error = await outcomeOf((t) => {
    t.reactor.callLater(60_000, () => undefined); // the timer
  });
  assert.ok(error instanceof DirtyReactorError, String(error));
  const [leftover, ...others] = error.leftovers;
  assert.equal(leftover?.summary, "delayed call, due in 60000 ms");
  assert.match(leftover?.madeAt ?? "", new RegExp(`^${placeOf("the timer")}$`));
  assert.deepEqual(others, []);
  assert.match(
    error.message,
    /^Test left 1 thing behind in its reactor:\n {2}delayed call, due in 60000 ms\n {4}made at /,
  );
});

test("a call that is due at once is made, and forgiven", async () => {
  let isMade = false;
  const call = (): void => {
    isMade = true;
  };
  assert.equal(await outcomeOf((t) => void t.reactor.callLater(0, call)), undefined);
  assert.ok(isMade);
});

test("a loop that goes on is traced to who started it", async () => {
  const error = await outcomeOf((t) => {
    new LoopingCall(t.reactor, () => undefined).start(10); // the loop
    t.reactor.advance(100);
  });
  assert.match(leftoversOf(error).join(), new RegExp(`delayed call, due in 10 ms ${placeOf("the loop")}$`));
});

for (const kind of ["memory", "real"] as const) {
  const options = { reactor: kind as "memory" };

  test(`${kind}: a port that is open makes a test fail`, async () => {
    const error = await outcomeOf(async ({ reactor }) => {
      await reactor.listenTcp({ port: 0, host: "127.0.0.1" }, () => new Protocol()); // the port
    }, options);
    assert.match(leftoversOf(error).join(), new RegExp(`^port 127\\.0\\.0\\.1:\\d+ ${placeOf("the port")}$`));
  });

  test(`${kind}: a datagram port that is open makes a test fail`, async () => {
    const error = await outcomeOf(async ({ reactor }) => {
      await reactor.listenUdp({ port: 0, host: "127.0.0.1" }, new DatagramProtocol()); // the datagram port
    }, options);
    assert.match(
      leftoversOf(error).join(),
      new RegExp(`^datagram port 127\\.0\\.0\\.1:\\d+ ${placeOf("the datagram port")}$`),
    );
  });

  test(`${kind}: a process that runs makes a test fail, and is killed`, async () => {
    let hasEnded = false;
    class Watching extends ProcessProtocol {
      override processEnded(): void {
        hasEnded = true;
      }
    }
    const error = await outcomeOf(({ reactor }) => {
      reactor.spawnProcess(new Watching(), "sleep", { args: ["600"] }); // the process
    }, options);
    assert.match(leftoversOf(error).join(), new RegExp(`^process "sleep" \\(.*\\) ${placeOf("the process")}$`));
    assert.ok(hasEnded);
  });
}

test("a connect that has no answer yet makes a test fail; its own timeout is not listed", async () => {
  const error = await outcomeOf(({ reactor }) => {
    reactor.connectTcp({ host: "example.org", port: 80 }, () => new Protocol()); // the connect
  });
  assert.match(leftoversOf(error).join(), new RegExp(`^connecting to example.org:80 ${placeOf("the connect")}$`));
});

test("a connection that came in is traced to its port", async () => {
  const error = await outcomeOf(async ({ reactor }) => {
    const port = await reactor.listenTcp({ port: 80 }, () => new Protocol()); // the port of 80
    reactor.dial(80);
    await port.stopListening();
  });
  assert.match(
    leftoversOf(error).join(),
    new RegExp(`^connection of Protocol at .* with .* ${placeOf("the port of 80")}$`),
  );
});

test("work in a worker makes a test fail, and is ended", async () => {
  const error = await outcomeOf<NodeReactor>(
    ({ reactor }) => {
      reactor.runInWorker("data:text/javascript,export default () => { for (;;); }", undefined); // the work
    },
    { reactor: "real" },
  );
  assert.match(leftoversOf(error).join(), new RegExp(`^call of data:.* in a worker ${placeOf("the work")}$`));
});

test("both ends of a real connection may go while the test ends", async () => {
  const lost: string[] = [];
  class Watching extends Protocol {
    override connectionLost(): void {
      lost.push("lost");
    }
  }
  const error = await outcomeOf<NodeReactor>(
    async ({ reactor }) => {
      const port = await reactor.listenTcp({ port: 0, host: "127.0.0.1" }, () => new Watching());
      const number = port.address.kind === "tcp" ? port.address.port : 0;
      const client = await reactor.connectTcp({ host: "127.0.0.1", port: number }, () => new Watching());
      client.transport.loseConnection();
      port.stopListening();
    },
    { reactor: "real" },
  );
  assert.equal(error, undefined);
  assert.deepEqual(lost, ["lost", "lost"]);
});

test("what is left is ended, so that the next test with the same reactor begins clean", async () => {
  const shared = new MemoryReactor();
  const options = { reactor: () => shared };
  const first = await outcomeOf(async ({ reactor }) => {
    reactor.callLater(5, () => undefined);
    await reactor.listenTcp({ port: 80 }, () => new Protocol());
    reactor.dial(80);
    reactor.connectTcp({ host: "example.org", port: 80 }, () => new Protocol());
    await reactor.listenUdp({ port: 53 }, new DatagramProtocol());
  }, options);
  assert.equal(leftoversOf(first).length, 5);
  assert.deepEqual(shared.holdings(), []);
  assert.equal(await outcomeOf(({ reactor }) => reactor.now(), options), undefined);
});

test("what a shared reactor held before is none of a test's business", async () => {
  const shared = new MemoryReactor();
  const call = shared.callLater(5, () => undefined);
  assert.equal(await outcomeOf(({ reactor }) => reactor.now(), { reactor: () => shared }), undefined);
  assert.ok(call.active);
});

test("a reactor that is watched is looked at as the test's own", async () => {
  const error = await outcomeOf((t) => {
    t.watch(new MemoryReactor()).callLater(5, () => undefined);
  });
  assert.deepEqual(leftoversOf(error).length, 1);
});

test("the reactor of a simulated test is looked at, and its virtual time goes on while the test waits", async () => {
  const error = await outcomeOf<SimReactor>(
    async (t) => {
      await t.advance(3_600_000);
      t.reactor.callLater(5_000, () => undefined); // the simulated call
    },
    { reactor: "sim" },
  );
  assert.match(
    leftoversOf(error).join(),
    new RegExp(`^delayed call, due in 5000 ms ${placeOf("the simulated call")}$`),
  );
});

test("a simulated connection that is closing is given its time", async () => {
  const error = await outcomeOf<SimReactor>(
    async (t) => {
      t.sim.link("test", t.sim.host("far").name, { latencyMs: 500 });
      await t.sim.host("far").reactor.listenTcp({ port: 80 }, () => new Protocol());
      const client = await t.reactor.connectTcp({ host: "far", port: 80 }, () => new Protocol());
      client.transport.loseConnection();
    },
    { reactor: "sim" },
  );
  assert.equal(error, undefined);
});

/** Each as one line: what, and where it was made. */
function leftoversOf(error: Error | undefined): string[] {
  assert.ok(error instanceof DirtyReactorError, String(error));
  return error.leftovers.map(({ summary, madeAt }) => `${summary} ${madeAt}`);
}
