import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs";
import { describe, test } from "node:test";
import { DatagramProtocol } from "../core/datagram.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { CancelledError } from "../core/deferred/errors.ts";
import { ReactorStateError } from "../core/errors.ts";
import { captureLogs } from "../core/log/observers.ts";
import { ProcessProtocol } from "../core/process.ts";
import { Protocol } from "../core/protocol.ts";
import { NodeReactor } from "./node-reactor.ts";

describe("a node reactor", () => {
  test("closes its datagram ports and ends its workers at shutdown, and runs again after it", async () => {
    const reactor = new NodeReactor();
    for (let run = 0; run < 2; run++) {
      const protocol = new Closing();
      const ended = reactor.run();
      const port = await reactor.listenUdp({ port: 0, host: "127.0.0.1" }, protocol);
      assert.equal(await reactor.runInWorker("node:path", "/a/b", { name: "basename" }), "b");
      reactor.stop();
      await ended;
      assert.equal(protocol.stopped, 1);
      await port.stopListening();
      assert.equal(reactor.running, false);
    }
  });

  test("cancels at shutdown what is still being connected", async () => {
    const reactor = new NodeReactor();
    using _resolver = reactor.installResolver(() => new Deferred());
    const ended = reactor.run();
    const connecting = reactor.connectTcp({ host: "nowhere.example", port: 1 }, () => new Protocol());
    reactor.stop();
    await assert.rejects(Promise.resolve(connecting), CancelledError);
    await ended;
  });

  test("says what it could not connect to in time", async () => {
    const reactor = new NodeReactor();
    using _resolver = reactor.installResolver(() => new Deferred());
    const connecting = reactor.connectTcp({ host: "nowhere.example", port: 25, timeoutMs: 5 }, () => new Protocol());
    await assert.rejects(Promise.resolve(connecting), {
      name: "TimeoutError",
      message: "Cannot connect to nowhere.example:25: not done within 5 ms",
    });
  });

  test("hears signals while it runs, and leaves none of its listeners behind", async () => {
    using logs = captureLogs();
    const reactor = new NodeReactor();
    const before = process.listenerCount("SIGTERM");
    const slow = new Deferred<void>();
    reactor.addTrigger("before", "shutdown", () => slow);
    const ended = reactor.run();
    assert.equal(process.listenerCount("SIGTERM"), before + 1);
    let heard = 0;
    using _listener = reactor.onSignal("SIGHUP", () => heard++);
    process.kill(process.pid, "SIGHUP");
    await once(process, "SIGHUP");
    assert.equal(heard, 1);
    process.kill(process.pid, "SIGTERM");
    await once(process, "SIGTERM");
    assert.throws(() => reactor.stop(), ReactorStateError);
    slow.callback();
    await ended;
    assert.equal(process.listenerCount("SIGTERM"), before);
    assert.ok(logs.messages.some((message) => message.startsWith("Received SIGTERM")));
  });

  test("takes the first signal calmly when it is stopping already", async () => {
    using logs = captureLogs();
    const reactor = new NodeReactor();
    const slow = new Deferred<void>();
    reactor.addTrigger("before", "shutdown", () => slow);
    const ended = reactor.run();
    reactor.stop();
    process.kill(process.pid, "SIGINT");
    await once(process, "SIGINT");
    slow.callback();
    await ended;
    assert.deepEqual(
      logs.events.filter(({ error }) => error !== undefined),
      [],
    );
  });

  test("logs a delayed call or step that throws, and goes on", async () => {
    using logs = captureLogs();
    const reactor = new NodeReactor();
    reactor.addTrigger("before", "startup", () => {
      throw new Error("in a step");
    });
    const ended = reactor.run();
    reactor.callLater(0, () => {
      throw new Error("in a call");
    });
    reactor.callLater(0, () => reactor.stop());
    await ended;
    assert.deepEqual(
      logs.events.map(({ error }) => (error as Error).message),
      ["in a step", "in a call"],
    );
  });

  test("reports an error that nobody takes at the end of the turn after next, not before", async () => {
    using logs = captureLogs();
    const reports: number[] = [];
    await new Promise<void>((resolve) => {
      // What fires in a callback of I/O has the rest of its own turn, and two turns more.
      stat("/", () => {
        new Deferred<void>().errback(new Error("forgotten"));
        const endTurn = () => {
          reports.push(logs.events.length);
          if (reports.length < 3) setImmediate(endTurn);
          else resolve();
        };
        setImmediate(endTurn);
      });
    });
    assert.deepEqual(reports, [0, 0, 1]);
    assert.deepEqual(logs.messages, ["Unhandled error in Deferred"]);
  });

  test("has files, randomness and a calendar", async () => {
    const reactor = new NodeReactor();
    assert.equal((await reactor.files.stat("/")).kind, "directory");
    assert.equal(reactor.randomBytes(8).length, 8);
    const random = reactor.random();
    assert.ok(random >= 0 && random < 1);
    const before = Date.now();
    const time = reactor.wallTimeMs();
    assert.ok(time >= before && time <= Date.now());
    assert.equal(reactor.environment.pid, process.pid);
  });

  test("starts children on pipes or on a terminal", async () => {
    const reactor = new NodeReactor();
    const piped = new Ending();
    reactor.spawnProcess(piped, "cat").closeStdin();
    assert.equal((await piped.ended).name, "ProcessDone");
    const typed = new Ending();
    const terminal = reactor.spawnProcess(typed, "/nonexistent", { pty: {} });
    terminal.loseConnection();
    assert.equal((await typed.ended).name, "ProcessTerminated");
  });

  test("lets the process end before a child that lives on, and the child sees the end of its input", async () => {
    const child = script(`
      await run(async (reactor) => {
        const protocol = new ProcessProtocol();
        protocol.connectionMade = () => reactor.stop();
        reactor.spawnProcess(protocol, "/bin/sh", {
          args: ["-c", "cat; echo child ended"],
          descriptors: ["pipe", "inherit", "inherit"],
        });
      });
      console.log("reactor ended");`);
    assert.equal(await child.output, "reactor ended\nchild ended\n");
  });

  test("keeps the process alive until it is stopped, and ends it with status 0 on SIGINT", async () => {
    const child = script(`await run(() => { console.log("serving"); }); console.log("over");`);
    await once(child.process.stdout, "data");
    child.process.kill("SIGINT");
    const [status] = await once(child.process, "close");
    assert.equal(status, 0);
    assert.equal(await child.output, "serving\nover\n");
  });

  test("lets its process end at a stop, whatever calls still wait", async () => {
    const child = script(`await run((reactor) => {
      reactor.callLater(3_600_000, () => {});
      reactor.stop();
    });
    console.log("over");`);
    const [status] = await once(child.process, "close");
    assert.equal(status, 0);
    assert.equal(await child.output, "over\n");
  });

  test("gives its process the exit status of what it reacts to", async () => {
    const child = script(`await react(async (reactor) => (await reactor.lookup("127.0.0.1")).length + 4);`);
    const [status] = await once(child.process, "close");
    assert.equal(status, 5);
  });

  test("ends what it reacts to on SIGTERM with the status of an interrupted program", async () => {
    const child = script(`await react((reactor, signal) => new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      console.log("ready");
    }));`);
    await once(child.process.stdout, "data");
    child.process.kill("SIGTERM");
    const [status] = await once(child.process, "close");
    assert.equal(status, 143);
  });
});

class Closing extends DatagramProtocol {
  stopped = 0;
  override stopProtocol(): void {
    this.stopped++;
  }
}

class Ending extends ProcessProtocol {
  readonly ended = new Deferred<Error>();
  override processEnded(reason: Error): void {
    this.ended.callback(reason);
  }
}

function script(code: string) {
  const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const all = `import { react, run } from ${at("./run.js")};
    import { ProcessProtocol } from ${at("../core/process.js")}; ${code}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", all], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let text = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (data) => {
    text += data;
  });
  return { process: child, output: once(child.stdout, "end").then(() => text) };
}
