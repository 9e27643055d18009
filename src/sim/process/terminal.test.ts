import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Recorder } from "../../testing/recorder.ts";
import type { SimHost } from "../sim-host.ts";
import { Simulation } from "../simulation.ts";

describe("standard input and output", () => {
  test("carry what the test types, before and after they are opened, and what the program writes", async () => {
    const { sim, host, recorder } = opened();
    host.stdio.write("typed ");
    await sim.advance(1);
    host.stdio.write("later");
    recorder.transport.write("out");
    await sim.advance(1);
    assert.equal(recorder.text, "typed later");
    assert.equal(host.stdio.text(), "out");
    host.stdio.clear();
    assert.equal(host.stdio.text(), "");
  });

  test("are cut anywhere, as the seed has it", async () => {
    const lengths = new Set<number>();
    for (let seed = 1; seed <= 50; seed += 1) {
      const { sim, host, recorder } = opened(seed);
      let first: number | undefined;
      const received = recorder.dataReceived.bind(recorder);
      recorder.dataReceived = (data: Uint8Array) => {
        first ??= data.length;
        received(data);
      };
      host.stdio.write("0123456789");
      await sim.advance(1);
      assert.equal(recorder.text, "0123456789");
      lengths.add(first ?? 0);
    }
    assert.ok(lengths.size > 3 && lengths.has(10), [...lengths].join());
  });

  test("end as the peer's end, after what was typed", async () => {
    const { sim, host, recorder } = opened();
    host.stdio.write("last");
    host.stdio.end();
    await sim.advance(1);
    assert.equal(recorder.text, "last");
    assert.equal(recorder.reason?.name, "ConnectionDone");
    assert.ok(host.stdio.isClosed);
  });

  test("wait while reading is paused", async () => {
    const { sim, host, recorder } = opened();
    await sim.advance(1);
    recorder.transport.pauseReading();
    host.stdio.write("held");
    await sim.advance(1);
    assert.equal(recorder.text, "");
    recorder.transport.resumeReading();
    await sim.advance(1);
    assert.equal(recorder.text, "held");
  });

  test("write out what is left before they close", async () => {
    const { sim, host, recorder } = opened();
    await sim.advance(1);
    recorder.transport.write("bye");
    recorder.transport.loseConnection();
    await sim.advance(1);
    assert.equal(host.stdio.text(), "bye");
    assert.equal(recorder.reason?.name, "ConnectionDone");
  });

  test("can be opened once in a process, and again when it starts anew", async () => {
    const { sim, host } = opened();
    await assert.rejects(
      sim.run(() => host.reactor.openStdio(() => new Recorder())),
      { name: "ReactorStateError" },
    );
    const former = host.stdio;
    host.kill();
    assert.notEqual(host.stdio, former);
    await sim.run(() => host.reactor.openStdio(() => new Recorder()));
  });

  test("are closed by the reactor's shutdown", async () => {
    const { sim, host, recorder } = opened();
    const ended = host.reactor.run();
    await sim.advance(1);
    host.reactor.stop();
    await sim.until(ended);
    assert.equal(recorder.reason?.name, "ConnectionDone");
  });
});

function opened(seed: number = 1): Opened {
  const sim = new Simulation({ seed });
  const host = sim.host("a");
  const recorder = new Recorder();
  host.reactor.openStdio(() => recorder);
  return { sim, host, recorder };
}

interface Opened {
  readonly sim: Simulation;
  readonly host: SimHost;
  readonly recorder: Recorder;
}
