import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ProcessTerminated } from "../../core/errors.ts";
import { captureLogs } from "../../core/log/observers.ts";
import { ProcessProtocol, type SpawnOptions } from "../../core/process.ts";
import { Recorder } from "../../testing/recorder.ts";
import type { SimHost } from "../sim-host.ts";
import { Simulation } from "../simulation.ts";
import type { ChildProgram } from "./child.ts";

const TEXT = new TextDecoder();

describe("a child", () => {
  test("gets what is written before it runs, answers, and ends", async () => {
    const { parent, sim } = spawned(async (child) => {
      let text = "";
      for await (const data of child.stdin) text += TEXT.decode(data);
      child.write(text.toUpperCase());
    });
    parent.transport.write("one ");
    parent.transport.write("two");
    parent.transport.closeStdin();
    await sim.advance(1);
    assert.equal(parent.text(1), "ONE TWO");
    assert.deepEqual(parent.events, [
      "made",
      "drained 0",
      "lost 0",
      "data 1",
      "lost 1",
      "lost 2",
      "exited ProcessDone",
      "ended ProcessDone",
    ]);
  });

  test("sees arguments, environment and directory, and has a number", async () => {
    const seen: unknown[] = [];
    const note: ChildProgram = ({ program, args, env, cwd, reactor }) => {
      seen.push([program, args, { ...env }, cwd, reactor.environment.pid]);
    };
    const { parent, sim, host } = spawned(note, { args: ["-x"], env: { A: "1" }, cwd: "/tmp" });
    const { pid: unborn } = parent.transport;
    await sim.advance(1);
    assert.equal(unborn, undefined);
    host.reactor.spawnProcess(new Parent(), "it");
    await sim.advance(1);
    assert.deepEqual(seen, [
      ["it", ["-x"], { A: "1" }, "/tmp", parent.transport.pid],
      ["it", [], { HOME: "/" }, "/", (parent.transport.pid ?? 0) + 1],
    ]);
  });

  test("tells its status, given by return or by exit, and nothing of it happens after that", async () => {
    const after: string[] = [];
    const programs: readonly ChildProgram[] = [
      () => 3,
      async () => 3,
      (child) => {
        child.reactor.callLater(1, () => after.push("call"));
        child.exit(3);
        child.write("too late");
      },
      (child) => new Promise(() => void child.reactor.callLater(5, () => child.exit(3))),
    ];
    for (const program of programs) {
      const { parent, sim } = spawned(program);
      await sim.advance(10);
      assert.equal(parent.events.at(-1), "ended ProcessTerminated");
      assert.equal((parent.reason as ProcessTerminated).exitCode, 3);
      assert.equal(parent.text(1), "");
    }
    assert.deepEqual(after, []);
  });

  test("that fails has status 1, and the failure is logged", async () => {
    using logs = captureLogs();
    const { parent, sim } = spawned(() => {
      throw new Error("broken");
    });
    await sim.advance(1);
    assert.equal((parent.reason as ProcessTerminated).exitCode, 1);
    assert.ok(logs.events.some(({ error }) => (error as Error | undefined)?.message === "broken"));
  });

  test("writes to standard error, and to further descriptors, which carry bytes both ways", async () => {
    const { parent, sim } = spawned(
      async (child) => {
        child.write("wrong", 2);
        const data = await child.read(3);
        child.write(data ?? "", 3);
      },
      { descriptors: ["pipe", "pipe", "pipe", "pipe"] },
    );
    parent.transport.writeToChild(3, "back");
    await sim.advance(1);
    assert.equal(parent.text(2), "wrong");
    assert.equal(parent.text(3), "back");
  });

  test("inherits its parent's terminal", async () => {
    const { host, parent, sim } = spawned((child) => child.write("seen"), {
      descriptors: ["ignore", "inherit", 2],
    });
    await sim.advance(1);
    assert.equal(host.stdio.text(), "seen");
    assert.ok(!host.stdio.isClosed);
    assert.deepEqual(parent.events, ["made", "exited ProcessDone", "ended ProcessDone"]);
  });

  test("waits with its output while its parent does not read", async () => {
    const { parent, sim } = spawned((child) => child.write("late"));
    parent.transport.pauseReading();
    await sim.advance(1);
    assert.equal(parent.text(1), "");
    assert.ok(!parent.events.includes("ended ProcessDone"));
    parent.transport.resumeReading();
    await sim.advance(1);
    assert.equal(parent.text(1), "late");
    assert.equal(parent.events.at(-1), "ended ProcessDone");
  });

  test("has bytes buffered beyond what a pipe takes, until it reads", async () => {
    const { parent, sim } = spawned(async (child) => {
      await new Promise<void>((resolve) => void child.reactor.callLater(10, resolve));
      await child.read();
      await new Promise(() => {});
    });
    parent.transport.write(new Uint8Array(100_000));
    await sim.advance(5);
    assert.equal(parent.transport.bufferedBytes, 100_000 - 65_536);
    assert.ok(!parent.events.includes("drained 0"));
    await sim.advance(10);
    assert.equal(parent.transport.bufferedBytes, 0);
    assert.ok(parent.events.includes("drained 0"));
  });

  test("hears signals if it listens, and ends by them if it does not", async () => {
    const { parent, sim } = spawned(
      (child) => new Promise((resolve) => void child.reactor.onSignal("SIGHUP", () => resolve(7))),
    );
    await sim.advance(1);
    parent.transport.signalProcess("HUP");
    await sim.advance(1);
    assert.equal((parent.reason as ProcessTerminated).exitCode, 7);
    const other = spawned(() => new Promise(() => {}));
    await other.sim.advance(1);
    other.parent.transport.signalProcess("SIGTERM");
    await other.sim.advance(1);
    assert.equal((other.parent.reason as ProcessTerminated).signal, "SIGTERM");
  });

  test("takes no signal of no known name, and none once it is gone", async () => {
    const { parent, sim } = spawned((child) => new Promise(() => void child.reactor.callLater(5, () => child.exit())));
    assert.throws(() => parent.transport.signalProcess("TERM"), { name: "ReactorStateError" });
    await sim.advance(1);
    assert.throws(() => parent.transport.signalProcess("NONE"), TypeError);
    await sim.advance(10);
    assert.throws(() => parent.transport.signalProcess("TERM"), { name: "ReactorStateError" });
  });

  test("ends with ENOENT, and not inside the call, if there is no such program", async () => {
    const { host, sim } = spawned(() => {});
    const parent = new Parent();
    host.reactor.spawnProcess(parent, "constructor");
    assert.deepEqual(parent.events, []);
    await sim.advance(1);
    assert.deepEqual(parent.events, ["ended ProcessTerminated"]);
    assert.equal((parent.reason as Error & { readonly cause: { readonly code: string } }).cause.code, "ENOENT");
  });

  test("is killed if its parent's protocol throws, which is logged, and still ends", async () => {
    using logs = captureLogs();
    const { parent, sim } = spawned((child) => {
      child.write("x");
      return new Promise(() => {});
    });
    parent.outReceived = () => {
      throw new Error("broken");
    };
    await sim.advance(1);
    assert.equal((parent.reason as ProcessTerminated).signal, "SIGKILL");
    assert.ok(logs.events.some(({ error }) => (error as Error | undefined)?.message === "broken"));
  });

  test("has a network of its own, which closes with it", async () => {
    const { parent, sim, host } = spawned(async (child) => {
      await child.reactor.listenTcp({ port: 80 }, () => undefined);
      child.write("ready");
      await new Promise(() => {});
    });
    await sim.advance(1);
    assert.equal(parent.text(1), "ready");
    await assert.rejects(
      sim.run(() => host.reactor.listenTcp({ port: 80 }, () => undefined)),
      { code: "EADDRINUSE" },
    );
    parent.transport.signalProcess("KILL");
    await sim.advance(1);
    await sim.run(() => host.reactor.listenTcp({ port: 80 }, () => undefined));
  });
});

describe("a child that has come to its end", () => {
  test("has sent what it wrote to its connections", async () => {
    const { sim, host } = spawned(async (child) => {
      const caller = await child.reactor.connectTcp({ host: "127.0.0.1", port: 80 }, () => new Recorder());
      caller.transport.write(new Uint8Array(200_000));
    });
    const server = new Recorder();
    await sim.run(() => host.reactor.listenTcp({ port: 80 }, () => server));
    await sim.advance(1_000);
    assert.equal(server.bytes.length, 200_000);
    assert.equal(server.reason?.name, "ConnectionDone");
  });
});

describe("the child of a process that ends", () => {
  test("lives on if that is killed, and reads the end of its input", async () => {
    const log: string[] = [];
    const { sim, host } = spawned(async (child) => {
      for await (const data of child.stdin) log.push(TEXT.decode(data));
      log.push("end");
    });
    await sim.advance(1);
    host.kill();
    await sim.advance(1);
    assert.deepEqual(log, ["end"]);
  });

  test("dies with it if power fails", async () => {
    const log: string[] = [];
    const { sim, host } = spawned((child) => {
      child.reactor.callLater(10, () => log.push("alive"));
      return new Promise(() => {});
    });
    await sim.advance(1);
    host.crash();
    host.restart();
    await sim.advance(100);
    assert.deepEqual(log, []);
  });
});

class Parent extends ProcessProtocol {
  readonly events: string[] = [];
  reason: Error | undefined = undefined;
  readonly #received: [number, Uint8Array][] = [];

  text(descriptor: number): string {
    return this.#received
      .filter(([from]) => from === descriptor)
      .map(([, data]) => TEXT.decode(data))
      .join("");
  }

  override connectionMade(): void {
    this.events.push("made");
  }
  override childDataReceived(descriptor: number, data: Uint8Array): void {
    this.#received.push([descriptor, data]);
    this.events.push(`data ${descriptor}`);
    super.childDataReceived(descriptor, data);
  }
  override childDrained(descriptor: number): void {
    this.events.push(`drained ${descriptor}`);
  }
  override childConnectionLost(descriptor: number): void {
    this.events.push(`lost ${descriptor}`);
  }
  override processExited(reason: Error): void {
    this.events.push(`exited ${reason.name}`);
  }
  override processEnded(reason: Error): void {
    this.reason = reason;
    this.events.push(`ended ${reason.name}`);
  }
}

function spawned(it: ChildProgram, options?: SpawnOptions): Spawned {
  const sim = new Simulation({ seed: 1 });
  const host = sim.host("a", { programs: { it }, environment: { HOME: "/" } });
  const parent = new Parent();
  host.reactor.spawnProcess(parent, "it", options);
  return { sim, host, parent };
}

interface Spawned {
  readonly sim: Simulation;
  readonly host: SimHost;
  readonly parent: Parent;
}
