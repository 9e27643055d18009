import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Deferred } from "../core/deferred/deferred.ts";
import { ProcessDone, type ProcessTerminated, ReactorStateError, UnsupportedError } from "../core/errors.ts";
import { captureLogs } from "../core/log/observers.ts";
import { ProcessProtocol, type SpawnOptions } from "../core/process.ts";
import type { RunningProcess } from "./process.ts";
import { loadNodePty, type NodePty, spawnOnPty } from "./pty.ts";

const installed = await import("node-pty" as string).then(
  () => true,
  () => false,
);
const real = installed
  ? {}
  : { skip: "the optional package node-pty is not installed: nothing was tried on a real terminal" };

describe("a child on a pseudo-terminal", () => {
  test("believes that it talks with a person", real, async () => {
    const child = spawn("/bin/sh", {
      args: ["-c", "test -t 0 && test -t 1 && echo $TERM $A"],
      env: { A: "b" },
      pty: { term: "vt100" },
    });
    assert.ok((await child.ended) instanceof ProcessDone);
    assert.equal(child.text.trim(), "vt100 b");
    assert.deepEqual(child.events, ["made", "exited ProcessDone", "lost 1", "ended ProcessDone"]);
  });

  test("has the size that is asked for, before it runs and later", real, async () => {
    const child = spawn("/bin/sh", {
      args: ["-c", "stty size; read line; stty size"],
      pty: { columns: 100, rows: 30 },
    });
    await child.until(/30 100/);
    child.transport.resize(120, 40);
    child.transport.write("\n");
    await child.ended;
    assert.match(child.text, /40 120/);
  });

  test("reads what is typed, as text or bytes, up to the end of input", real, async () => {
    const child = spawn("cat", { pty: {} });
    child.transport.write("one\n");
    child.transport.writeToChild(0, new TextEncoder().encode("two\n"));
    await child.until(/two[\s\S]*two/);
    child.transport.closeStdin();
    assert.ok((await child.ended) instanceof ProcessDone);
    assert.throws(() => child.transport.signalProcess("TERM"), ReactorStateError);
    child.transport.write("to nobody");
  });

  test("takes signals, and hears when the terminal is hung up", real, async () => {
    const signalled = spawn("cat", { pty: {} });
    await signalled.made;
    assert.equal(typeof signalled.transport.pid, "number");
    signalled.transport.signalProcess("INT");
    assert.equal(((await signalled.ended) as ProcessTerminated).signal, "SIGINT");
    const hungUp = spawn("cat", { pty: {} });
    hungUp.transport.closeChildDescriptor(1);
    assert.equal(((await hungUp.ended) as ProcessTerminated).signal, "SIGHUP");
  });

  test("is not hung up when it closes its descriptors before it exits", real, async () => {
    const child = spawn("/bin/sh", { args: ["-c", "echo last; exec <&- >&- 2>&-; sleep 0.1; exit 5"], pty: {} });
    assert.equal(((await child.ended) as ProcessTerminated).exitCode, 5);
    assert.equal(child.text, "last\r\n");
  });

  test("is killed if its protocol throws", real, async () => {
    using logs = captureLogs();
    const child = spawn("cat", { pty: {} });
    child.connectionMade = () => {
      throw new Error("on purpose");
    };
    assert.equal(((await child.ended) as ProcessTerminated).signal, "SIGKILL");
    assert.match(logs.messages.join(), /makeConnection|connectionMade of Recorder threw/);
  });
});

describe("a child on a terminal that node-pty makes", () => {
  test("is started as it was asked for, and does what was asked of it meanwhile in order", async () => {
    const pty = new FakePty();
    const running = new Set<RunningProcess>();
    const child = spawn("prog", { args: ["a"], cwd: "/tmp", uid: 1, gid: 2, pty: { columns: 10 } }, pty, running);
    assert.equal(child.transport.pid, undefined);
    child.transport.write("early");
    child.transport.resize(1, 2);
    child.transport.closeChildDescriptor(0);
    child.transport.signalProcess("USR1");
    await child.made;
    assert.equal(child.transport.pid, 77);
    assert.equal(running.size, 1);
    assert.deepEqual(pty.started, { program: "prog", args: ["a"] });
    const { env, ...options } = pty.options;
    assert.ok(env !== undefined);
    assert.deepEqual(options, {
      name: "xterm-256color",
      cols: 10,
      rows: 24,
      encoding: null,
      cwd: "/tmp",
      uid: 1,
      gid: 2,
    });
    assert.deepEqual(pty.calls, ["write early", "resize 1 2", "write \u0004", "kill SIGUSR1"]);
    pty.exit({ exitCode: 3 });
    assert.equal(((await child.ended) as ProcessTerminated).exitCode, 3);
    assert.equal(running.size, 0);
  });

  test("delivers output as that of descriptor 1, and tells the signal that ended it", async () => {
    const pty = new FakePty();
    const child = spawn("prog", { pty: {} }, pty);
    await child.made;
    pty.data(new TextEncoder().encode("hello"));
    assert.equal(child.text, "hello");
    child.transport.pauseReading();
    child.transport.resumeReading();
    assert.equal(child.transport.bufferedBytes, 0);
    (child.transport as RunningProcess).unref();
    assert.deepEqual(pty.calls, ["pause", "resume", "kill SIGHUP"]);
    pty.exit({ exitCode: 0, signal: 1 });
    assert.equal(((await child.ended) as ProcessTerminated).signal, "SIGHUP");
  });

  test("runs also where its end of the terminal cannot be held open, which is said", async () => {
    using logs = captureLogs();
    const pty = Object.assign(new FakePty(), { ptsName: "/nowhere/pts" });
    const child = spawn("prog", { pty: {} }, pty);
    await child.made;
    pty.exit({ exitCode: 0 });
    assert.ok((await child.ended) instanceof ProcessDone);
    assert.match(logs.messages.join(), /Cannot hold \/nowhere\/pts open/);
  });

  test("may be ended by a signal that has no name here", async () => {
    const pty = new FakePty();
    const child = spawn("prog", { pty: {} }, pty);
    await child.made;
    pty.exit({ exitCode: 0, signal: 999 });
    assert.equal(((await child.ended) as ProcessTerminated).signal, "999");
  });

  test("ends, with what to install, where the package is missing", async () => {
    const running = new Set<RunningProcess>();
    const protocol = new Recorder();
    spawnOnPty(protocol, "prog", { pty: {} }, running, () => loadNodePty("node-pty-missing"));
    const reason = (await protocol.ended) as ProcessTerminated;
    assert.ok(reason.cause instanceof UnsupportedError);
    assert.match(reason.message, /npm install node-pty-missing/);
    assert.deepEqual(protocol.events, ["ended ProcessTerminated"]);
    assert.equal(running.size, 0);
  });

  test("ends if it cannot be started", async () => {
    const broken: NodePty = {
      spawn() {
        throw new Error("no terminals left");
      },
    };
    const child = spawn("prog", { pty: {} }, broken);
    child.transport.write("to nobody");
    const reason = await child.ended;
    assert.match(reason.message, /Cannot start program "prog" on a pseudo-terminal: no terminals left/);
  });
});

class Recorder extends ProcessProtocol {
  readonly events: string[] = [];
  readonly made = new Deferred<void>();
  readonly ended = new Deferred<Error>();
  text = "";
  #heard: (() => void) | undefined;

  override connectionMade(): void {
    this.events.push("made");
    this.made.callback();
  }
  override outReceived(data: Uint8Array): void {
    this.text += Buffer.from(data).toString();
    this.#heard?.();
  }
  override childConnectionLost(descriptor: number): void {
    this.events.push(`lost ${descriptor}`);
  }
  override processExited(reason: Error): void {
    this.events.push(`exited ${reason.name}`);
  }
  override processEnded(reason: Error): void {
    this.events.push(`ended ${reason.name}`);
    this.ended.callback(reason);
  }
  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.text)) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }
}

class FakePty implements NodePty {
  readonly calls: string[] = [];
  readonly pid = 77;
  started: unknown;
  options: Record<string, unknown> = {};
  data: (data: Uint8Array) => void = () => {};
  exit: (exit: { exitCode: number; signal?: number }) => void = () => {};

  spawn(program: string, args: string[], options: Record<string, unknown>): this {
    this.started = { program, args };
    this.options = options;
    return this;
  }
  onData(listener: (data: Uint8Array) => void): void {
    this.data = listener;
  }
  onExit(listener: (exit: { exitCode: number; signal?: number }) => void): void {
    this.exit = listener;
  }
  write(data: unknown): void {
    this.calls.push(`write ${data}`);
  }
  pause(): void {
    this.calls.push("pause");
  }
  resume(): void {
    this.calls.push("resume");
  }
  resize(columns: number, rows: number): void {
    this.calls.push(`resize ${columns} ${rows}`);
  }
  kill(signal: string): void {
    this.calls.push(`kill ${signal}`);
  }
}

function spawn(
  program: string,
  options: SpawnOptions,
  pty?: NodePty,
  running: Set<RunningProcess> = new Set(),
): Recorder {
  const protocol = new Recorder();
  if (pty === undefined) spawnOnPty(protocol, program, options, running);
  else spawnOnPty(protocol, program, options, running, async () => pty);
  return protocol;
}
