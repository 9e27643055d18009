import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { realpathSync } from "node:fs";
import { describe, type TestContext, test } from "node:test";
import { Deferred, ProcessDone, ProcessProtocol, ProcessTerminated, type SpawnOptions } from "ropewalk";
import { reactor } from "./support/guest.ts";
import { temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks } from "./support/program.ts";
import { Transcript } from "./support/transcript.ts";

/** Remembers what a child said on each descriptor, and how it went on. */
class Watch extends ProcessProtocol {
  readonly said: Transcript[] = [1, 2, 3, 4].map((descriptor) => new Transcript(`descriptor ${descriptor}`));
  /** What happened, in order. */
  readonly events: string[] = [];
  readonly exited: Promise<Error>;
  readonly ended: Promise<Error>;
  readonly #exited: Deferred<Error> = new Deferred();
  readonly #ended: Deferred<Error> = new Deferred();

  constructor() {
    super();
    this.exited = Promise.resolve(this.#exited);
    this.ended = Promise.resolve(this.#ended);
  }

  on(descriptor: number): Transcript {
    return this.said[descriptor - 1] as Transcript;
  }

  override childDataReceived(descriptor: number, data: Uint8Array): void {
    this.on(descriptor).add(Buffer.from(data).toString("latin1"));
  }

  override childConnectionLost(descriptor: number): void {
    this.events.push(`closed ${descriptor}`);
  }

  override processExited(reason: Error): void {
    this.events.push("exited");
    this.#exited.callback(reason);
  }

  override processEnded(reason: Error): void {
    this.events.push("ended");
    for (const transcript of this.said) transcript.end(`the process ended with ${reason.message}`);
    this.#ended.callback(reason);
  }
}

describe("child processes", { skip: lacks("sh", "cat"), timeout: FILE_LIMIT_MS }, () => {
  test("4 MiB through cat come back byte for byte, and then it is done", async (t) => {
    const watch = spawn(t, "cat");
    const data = randomBytes(4 << 20);
    watch.transport.write(data);
    watch.transport.closeStdin();
    assert.ok((await watch.ended) instanceof ProcessDone);
    assert.ok(Buffer.from(watch.on(1).text, "latin1").equals(data));
    assert.equal(watch.events.at(-1), "ended");
    assert.ok(watch.events.includes("exited"));
  });

  test("what it says on its two outputs is told apart", async (t) => {
    const watch = spawn(t, "sh", { args: ["-c", "echo out; echo err >&2"] });
    await watch.ended;
    assert.equal(watch.on(1).text, "out\n");
    assert.equal(watch.on(2).text, "err\n");
  });

  test("its exit status is in the reason", async (t) => {
    const reason = await spawn(t, "sh", { args: ["-c", "exit 3"] }).ended;
    assert.ok(reason instanceof ProcessTerminated);
    assert.equal(reason.exitCode, 3);
    assert.equal(reason.signal, undefined);
  });

  test("a shell that traps TERM gets it and chooses its own status", async (t) => {
    const watch = spawn(t, "sh", { args: ["-c", "trap 'echo caught; exit 7' TERM; echo ready; read line"] });
    await watch.on(1).until("ready\n");
    watch.transport.signalProcess("TERM");
    const reason = await watch.ended;
    assert.equal(watch.on(1).text, "ready\ncaught\n");
    assert.ok(reason instanceof ProcessTerminated);
    assert.equal(reason.exitCode, 7);
  });

  test("a signal that it does not trap is in the reason", async (t) => {
    const watch = spawn(t, "cat");
    watch.transport.write("alive\n");
    await watch.on(1).until("alive\n");
    watch.transport.signalProcess("SIGKILL");
    const reason = await watch.ended;
    assert.ok(reason instanceof ProcessTerminated);
    assert.equal(reason.signal, "SIGKILL");
    assert.throws(() => watch.transport.signalProcess("TERM"), { name: "ReactorStateError" });
  });

  test("further descriptors are pipes of their own", async (t) => {
    const descriptors = ["pipe", "pipe", "pipe", "pipe", "pipe"] as const;
    const watch = spawn(t, "sh", { args: ["-c", "tr a-z A-Z <&3 >&4; echo done"], descriptors });
    watch.transport.writeToChild(3, "through the side door");
    watch.transport.closeChildDescriptor(3);
    assert.ok((await watch.ended) instanceof ProcessDone);
    assert.equal(watch.on(4).text, "THROUGH THE SIDE DOOR");
    assert.equal(watch.on(1).text, "done\n");
  });

  test("it has the environment and the folder that it is given", async (t) => {
    const cwd = realpathSync(temporaryFolder(t));
    const env = { PATH: process.env["PATH"] ?? "", GREETING: "Grüße" };
    const watch = spawn(t, "sh", { args: ["-c", 'echo "$GREETING$HOME"; pwd'], env, cwd });
    await watch.ended;
    assert.equal(Buffer.from(watch.on(1).text, "latin1").toString(), `Grüße\n${cwd}\n`);
  });

  test("processExited comes with its exit, processEnded when a grandchild lets go of its output", async (t) => {
    const watch = spawn(t, "sh", { args: ["-c", "sleep 60 & echo $!"] });
    const [, pid] = await watch.on(1).until(/^(\d+)\n/);
    assert.ok((await watch.exited) instanceof ProcessDone);
    assert.ok(!watch.events.includes("ended"));
    process.kill(Number(pid), "SIGKILL");
    assert.ok((await watch.ended) instanceof ProcessDone);
    assert.deepEqual(watch.events.slice(-1), ["ended"]);
    assert.ok(watch.events.indexOf("exited") < watch.events.indexOf("closed 1"));
  });

  test("a child that closes its input early takes nothing down", async (t) => {
    const watch = spawn(t, "sh", {
      args: ["-c", "exec <&-; echo closed; read line <&2"],
      descriptors: ["pipe", "pipe", "pipe"],
    });
    await watch.on(1).until("closed\n");
    watch.transport.write(Buffer.alloc(1 << 20));
    watch.transport.signalProcess("KILL");
    assert.ok((await watch.ended) instanceof ProcessTerminated);
  });

  test("a program that is not there ends at once, and the reason says why", async (t) => {
    const reason = await spawn(t, "no-such-program-here").ended;
    assert.ok(reason instanceof ProcessTerminated);
    assert.equal((reason.cause as NodeJS.ErrnoException).code, "ENOENT");
  });
});

describe("programs on a terminal", { skip: lacksNodePty(), timeout: FILE_LIMIT_MS }, () => {
  const pty = { columns: 91, rows: 33, term: "vt100" };

  test("sh finds a terminal of the kind and size that was asked for", async (t) => {
    const watch = spawn(t, "sh", { args: ["-c", "test -t 0 && tty && stty size && echo $TERM"], pty });
    assert.ok((await watch.ended) instanceof ProcessDone);
    assert.match(watch.on(1).text, /^\/dev\/pts\/\d+\r\n33 91\r\nvt100\r\n$/);
  });

  test("what is typed is echoed and read, and its size can change", async (t) => {
    const script = "trap 'stty size' WINCH; echo ready; read line; echo got $line; until read line; do :; done";
    const watch = spawn(t, "sh", { args: ["-c", script], pty });
    await watch.on(1).until("ready\r\n");
    watch.transport.write("hello\r");
    await watch.on(1).until("hello\r\ngot hello\r\n");
    watch.transport.resize(40, 12);
    await watch.on(1).until("12 40\r\n");
    watch.transport.write("\r");
    assert.ok((await watch.ended) instanceof ProcessDone);
  });

  test("Control-C is SIGINT to the program on it", async (t) => {
    const watch = spawn(t, "cat", { pty });
    watch.transport.write("x\r");
    await watch.on(1).until("x\r\nx\r\n");
    watch.transport.write("\x03");
    const reason = await watch.ended;
    assert.ok(reason instanceof ProcessTerminated);
    assert.equal(reason.signal, "SIGINT");
  });

  test("loseConnection hangs up", async (t) => {
    const watch = spawn(t, "cat", { pty });
    watch.transport.write("x\r");
    await watch.on(1).until("x\r\nx\r\n");
    watch.transport.loseConnection();
    const reason = await watch.ended;
    assert.ok(reason instanceof ProcessTerminated);
    assert.equal(reason.signal, "SIGHUP");
  });
});

/** Starts a child that does not outlive the test. */
function spawn(t: TestContext, program: string, options: SpawnOptions = {}): Watch {
  const watch = new Watch();
  reactor.spawnProcess(watch, program, options);
  t.after(() => {
    if (!watch.events.includes("exited") && !watch.events.includes("ended")) watch.transport.signalProcess("KILL");
  });
  return watch;
}

function lacksNodePty(): string | false {
  try {
    import.meta.resolve("node-pty");
    return false;
  } catch (error) {
    const reason = `the optional package node-pty is not installed: ${(error as Error).message}`;
    console.error(`!!! SKIPPED: ${reason}`);
    return reason;
  }
}
