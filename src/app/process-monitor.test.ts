import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { captureLogs, formatEvent } from "../core/log/index.ts";
import { type MemoryProcess, MemoryReactor } from "../testing/index.ts";
import { MonitoredProcess, type MonitorOptions } from "./monitored-process.ts";
import { ProcessMonitor } from "./process-monitor.ts";
import { startTree } from "./start-tree.ts";

describe("a monitored process", () => {
  test("is started with its arguments, environment, folder and user, and an empty standard input", async () => {
    const reactor = new MemoryReactor();
    const description = { program: "serve", args: ["-v"], env: { PORT: "80" }, cwd: "/srv", uid: 7, gid: 8 };
    await startTree(reactor, new MonitoredProcess("web", description));
    const [child] = reactor.processes;
    const { env, ...options } = child?.options ?? {};
    const descriptors = ["ignore", "pipe", "pipe"];
    assert.deepEqual(
      [child?.program, options],
      ["serve", { args: ["-v"], cwd: "/srv", uid: 7, gid: 8, ownGroup: true, descriptors }],
    );
    assert.deepEqual(env, { ...reactor.environment.variables, PORT: "80" });
  });

  test("that ran for minUptimeMs is started again at once, however it ended", async () => {
    using _logs = captureLogs();
    const { reactor, last, service } = await started({ minUptimeMs: 1_000 });
    for (const status of [0, 1]) {
      reactor.advance(1_000);
      last().exit(status);
      reactor.advance(0);
    }
    assert.deepEqual([service.starts, last().state, service.health().ok], [3, "running", true]);
  });

  test("that keeps failing is started after longer and longer pauses, which end when it has run for a while", async () => {
    using _logs = captureLogs();
    const policy = (retries: number): number => 100 * 2 ** retries;
    const { reactor, last, service } = await started({ minUptimeMs: 1_000, policy });
    for (const [failure, delayMs] of [100, 200, 400].entries()) {
      last().exit(1);
      reactor.advance(delayMs - 1);
      assert.deepEqual([service.starts, service.health().ok], [failure + 1, false]);
      reactor.advance(1);
      assert.equal(service.starts, failure + 2);
    }
    reactor.advance(1_000);
    last().exit(1);
    reactor.advance(0);
    assert.equal(service.starts, 5);
    last().exit(1);
    reactor.advance(100);
    assert.equal(service.starts, 6);
  });

  test("that cannot be started is one that failed", async () => {
    using logs = captureLogs();
    const reactor = new MemoryReactor();
    const service = new MonitoredProcess("web", { program: "nowhere" }, { policy: () => 500 });
    service.startService(reactor);
    reactor.processes[0]?.failToStart(new Error("ENOENT"));
    assert.match(service.health().detail ?? "", /^web waits to be started again: Cannot start program "nowhere"/);
    reactor.advance(500);
    assert.equal(service.starts, 2);
    assert.match(formatEvent(logs.events[0] as never), /^web ended after 0 ms: Cannot start .* again in 500 ms$/);
  });

  test("says line by line what it says, with its name", async () => {
    using logs = captureLogs();
    const { last } = await started();
    last().say("one\ntw");
    last().say("o\nlast words");
    last().say("oh\n", 2);
    last().exit(0);
    const lines = logs.events.filter(({ level }) => level === "info");
    assert.deepEqual(
      lines.map((event) => [formatEvent(event), event["descriptor"]]),
      [
        ["web: one", 1],
        ["web: two", 1],
        ["web: oh", 2],
        ["web: last words", 1],
      ],
    );
  });

  test("is asked to end by the stop, which waits until it has", async () => {
    const { reactor, last, service } = await started();
    let isStopped = false;
    service.stopService().addCallback(() => (isStopped = true));
    reactor.settle();
    assert.deepEqual([last().signals, isStopped], [["TERM"], false]);
    last().die("SIGTERM");
    assert.deepEqual([isStopped, reactor.getDelayedCalls()], [true, []]);
    reactor.advance(3_600_000);
    assert.equal(reactor.processes.length, 1);
  });

  test("that does not end when it is asked to is killed after killTimeoutMs", async () => {
    const { reactor, last, service } = await started({ killTimeoutMs: 2_000 });
    const stopping = service.stopService();
    reactor.advance(1_999);
    assert.deepEqual(last().signals, ["TERM"]);
    reactor.advance(1);
    assert.deepEqual(last().signals, ["TERM", "KILL"]);
    last().die("SIGKILL");
    await stopping;
    assert.deepEqual(reactor.getDelayedCalls(), []);
  });

  test("that is told to stop before it runs is ended as soon as it does", async () => {
    const reactor = new MemoryReactor();
    const service = new MonitoredProcess("web", { program: "serve" });
    service.startService(reactor);
    const stopping = service.stopService();
    reactor.settle();
    const [child] = reactor.processes;
    assert.deepEqual(child?.signals, ["TERM"]);
    child?.die("SIGTERM");
    await stopping;
  });

  test("that waits to be started again is not, after a stop", async () => {
    using _logs = captureLogs();
    const { reactor, last, service } = await started();
    last().exit(1);
    await service.stopService();
    assert.deepEqual([reactor.getDelayedCalls(), service.starts], [[], 1]);
  });

  test("whose output somebody else holds open is gone all the same, killTimeoutMs later", async () => {
    using _logs = captureLogs();
    const { reactor, last, service } = await started({ minUptimeMs: 0, killTimeoutMs: 3_000 });
    last().exit(0, { keepOpen: [1] });
    reactor.advance(2_999);
    assert.equal(service.starts, 1);
    reactor.advance(1);
    reactor.advance(0);
    assert.equal(service.starts, 2);
  });
});

describe("ProcessMonitor", () => {
  test("restarts one process and leaves the others alone", async () => {
    const reactor = new MemoryReactor();
    const monitor = new ProcessMonitor();
    for (const name of ["a", "b"]) monitor.addProcess(name, { program: name });
    await startTree(reactor, monitor);
    reactor.settle();
    const restarted = monitor.restartProcess("a");
    reactor.settle();
    assert.deepEqual(
      reactor.processes.map(({ signals }) => signals),
      [["TERM"], []],
    );
    reactor.processes[0]?.die("SIGTERM");
    await restarted;
    assert.deepEqual(
      reactor.processes.map(({ program }) => program),
      ["a", "b", "a"],
    );
  });

  test("takes processes in and out while it runs", async () => {
    const reactor = new MemoryReactor();
    const monitor = new ProcessMonitor();
    await startTree(reactor, monitor);
    await monitor.addProcess("a", { program: "a" });
    reactor.settle();
    const removed = monitor.removeProcess("a");
    reactor.settle();
    reactor.processes[0]?.die("SIGTERM");
    await removed;
    assert.deepEqual([...monitor], []);
    assert.throws(() => monitor.restartProcess("a"), /Cannot find service "a" in "procmon"/);
  });

  test("stops in reverse order, one after the other", async () => {
    const reactor = new MemoryReactor();
    const monitor = new ProcessMonitor();
    for (const name of ["database", "web"]) monitor.addProcess(name, { program: name });
    await startTree(reactor, monitor);
    reactor.settle();
    const [database, web] = reactor.processes;
    const stopping = monitor.stopService();
    reactor.settle();
    assert.deepEqual([database?.signals, web?.signals], [[], ["TERM"]]);
    web?.die("SIGTERM");
    assert.deepEqual(database?.signals, ["TERM"]);
    database?.die("SIGTERM");
    await stopping;
  });

  test("refuses times below zero", () => {
    assert.throws(() => new ProcessMonitor().addProcess("a", { program: "a" }, { minUptimeMs: -1 }), RangeError);
  });
});

async function started(
  options: MonitorOptions = {},
): Promise<{ reactor: MemoryReactor; service: MonitoredProcess; last: () => MemoryProcess }> {
  const reactor = new MemoryReactor();
  const service = new MonitoredProcess("web", { program: "serve" }, options);
  await startTree(reactor, service);
  reactor.settle();
  const last = (): MemoryProcess => {
    const child = reactor.processes.at(-1);
    assert.ok(child);
    return child;
  };
  return { reactor, service, last };
}
