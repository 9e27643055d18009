import assert from "node:assert/strict";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Deferred } from "../core/deferred/deferred.ts";
import { ProcessDone, ProcessTerminated, ReactorStateError, UnsupportedError } from "../core/errors.ts";
import { captureLogs } from "../core/log/observers.ts";
import { ProcessProtocol, type SpawnOptions } from "../core/process.ts";
import { type RunningProcess, spawnProcess } from "./process.ts";

describe("a child process", () => {
  test("gets what is written, answers, and ends", async () => {
    const child = spawn("cat");
    await child.made;
    assert.equal(typeof child.transport.pid, "number");
    child.transport.write("grüß ");
    child.transport.write(new Uint8Array([33]));
    child.transport.closeStdin();
    assert.ok((await child.ended) instanceof ProcessDone);
    assert.equal(child.text(1), "grüß !");
  });

  test("gets what is written before it runs", async () => {
    const child = spawn("cat");
    child.transport.write("early");
    child.transport.closeStdin();
    await child.ended;
    assert.equal(child.text(1), "early");
  });

  test("says what happens in order: made, data, lost descriptors, exited, ended last and once", async () => {
    const child = spawn("/bin/sh", { args: ["-c", "echo out; echo err >&2"] });
    await child.ended;
    assert.equal(child.text(1), "out\n");
    assert.equal(child.text(2), "err\n");
    assert.equal(child.events[0], "made");
    assert.equal(child.events.at(-1), "ended ProcessDone");
    assert.deepEqual(child.events.slice().sort(), [
      "ended ProcessDone",
      "exited ProcessDone",
      "lost 0",
      "lost 1",
      "lost 2",
      "made",
    ]);
  });

  test("reports processExited before processEnded while a grandchild holds a descriptor", async () => {
    const child = spawn("/bin/sh", { args: ["-c", "read line < /dev/fd/3 & exit 3"], descriptors: FOUR_PIPES });
    const exited = (await child.exited) as ProcessTerminated;
    assert.equal(exited.exitCode, 3);
    assert.ok(!child.events.some((event) => event.startsWith("ended")));
    child.transport.loseConnection();
    assert.equal(await child.ended, exited);
  });

  test("tells the exit status", async () => {
    const reason = (await spawn("/bin/sh", { args: ["-c", "exit 7"] }).ended) as ProcessTerminated;
    assert.ok(reason instanceof ProcessTerminated);
    assert.equal(reason.exitCode, 7);
    assert.equal(reason.signal, undefined);
    assert.equal(reason.message, "Process ended with status 7");
  });

  for (const name of ["TERM", "SIGTERM"]) {
    test(`takes the signal ${name}, and tells what killed it`, async () => {
      const child = spawn("cat");
      await child.made;
      child.transport.signalProcess(name);
      const reason = (await child.ended) as ProcessTerminated;
      assert.equal(reason.signal, "SIGTERM");
      assert.equal(reason.exitCode, undefined);
    });
  }

  test("that leads a group of its own gets signals with all that it started, also when it is gone itself", async () => {
    const script = "sleep 1000 & echo $!; wait";
    const child = spawn("/bin/sh", { args: ["-c", script], ownGroup: true });
    await child.first(1);
    child.transport.signalProcess("TERM");
    await child.ended;
    assert.ok(await isGone(Number(child.text(1))));

    // The sleeper holds standard output open, so the end of the child is not yet that of all.
    const early = spawn("/bin/sh", { args: ["-c", "sleep 1000 & echo $!"], ownGroup: true });
    await early.first(1);
    while (!early.events.includes("exited ProcessDone")) await new Promise((resolve) => setTimeout(resolve, 5));
    early.transport.signalProcess("TERM");
    await early.ended;
    assert.ok(await isGone(Number(early.text(1))));
    assert.throws(() => early.transport.signalProcess("TERM"), ReactorStateError);
  });

  test("that leads no group gets signals alone", async () => {
    const child = spawn("/bin/sh", { args: ["-c", "sleep 1000 & echo $!; wait"] });
    await child.first(1);
    child.transport.signalProcess("TERM");
    while (!child.events.includes("exited ProcessTerminated")) await new Promise((resolve) => setTimeout(resolve, 5));
    process.kill(Number(child.text(1)), "SIGKILL");
    await child.ended;
  });

  test("that is in a group with nobody left refuses signals, whoever holds its descriptors", async () => {
    const child = spawn("/bin/sh", { args: ["-c", "setsid sh -c 'echo $$; exec sleep 1000' &"], ownGroup: true });
    await child.first(1);
    while (!child.events.includes("exited ProcessDone")) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.throws(() => child.transport.signalProcess("TERM"), ReactorStateError);
    process.kill(Number(child.text(1)), "SIGKILL");
    await child.ended;
  });

  test("refuses a signal of no known name, and any signal once it is gone", async () => {
    const child = spawn("cat");
    await child.made;
    assert.throws(() => child.transport.signalProcess("NONSENSE"), TypeError);
    child.transport.closeStdin();
    await child.ended;
    assert.throws(() => child.transport.signalProcess("TERM"), ReactorStateError);
  });

  for (const [what, program, options, cause] of [
    ["does not exist", "/nonexistent/program", {}, { code: "ENOENT" }],
    ["is no program", "/dev/null", {}, { code: "EACCES" }],
    ["has an impossible name", "a\0b", {}, { code: "ERR_INVALID_ARG_VALUE" }],
    ["should start in a directory that is not there", "cat", { cwd: "/nonexistent" }, { code: "ENOENT" }],
  ] as const) {
    test(`ends at once, and not inside the call, if the program ${what}`, async () => {
      const child = spawn(program, options);
      assert.deepEqual(child.events, []);
      child.transport.write("into the void");
      const reason = (await child.ended) as ProcessTerminated;
      assert.ok(reason instanceof ProcessTerminated);
      assert.equal((reason.cause as { code?: string }).code, cause.code);
      assert.deepEqual(child.events, ["ended ProcessTerminated"]);
      assert.equal(child.transport.pid, undefined);
      assert.throws(() => child.transport.signalProcess("TERM"), ReactorStateError);
    });
  }

  test("gets the environment, the directory and the arguments that it is given", async () => {
    const cwd = realpathSync(tmpdir());
    const child = spawn("/bin/sh", { args: ["-c", 'echo "$A|$HOME|$1"; pwd', "sh", "x y"], env: { A: "b" }, cwd });
    await child.ended;
    assert.equal(child.text(1), `b||x y\n${cwd}\n`);
  });

  test("runs as this user when told so", {
    skip: process.getuid?.() === undefined ? "no users here" : false,
  }, async () => {
    const child = spawn("id", { args: ["-u"], uid: process.getuid?.() as number, gid: process.getgid?.() as number });
    await child.ended;
    assert.equal(child.text(1).trim(), String(process.getuid?.()));
  });

  test("has further descriptors that carry bytes both ways", async () => {
    const child = spawn("/bin/sh", {
      args: ["-c", "read line <&3; echo got $line >&3; exec 3>&-; echo more >&4"],
      descriptors: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    });
    child.transport.writeToChild(3, "it\n");
    await child.ended;
    assert.equal(child.text(3), "got it\n");
    assert.equal(child.text(4), "more\n");
    assert.ok(child.events.indexOf("lost 3") >= 0);
    assert.ok(!child.events.includes("lost 0"));
  });

  test("inherits a descriptor that is given by number", async () => {
    const directory = mkdtempSync(join(tmpdir(), "ropewalk-"));
    const path = join(directory, "out");
    const descriptor = openSync(path, "w");
    await spawn("/bin/sh", { args: ["-c", "echo hello"], descriptors: ["ignore", descriptor, "inherit"] }).ended;
    closeSync(descriptor);
    assert.equal(readFileSync(path, "utf8"), "hello\n");
    rmSync(directory, { recursive: true });
  });

  test("drops what is written to a closed descriptor, or to one that is no pipe", async () => {
    const child = spawn("cat", { descriptors: ["pipe", "pipe", "ignore"] });
    child.transport.write("kept");
    child.transport.closeStdin();
    child.transport.write("dropped");
    child.transport.writeToChild(2, "dropped");
    child.transport.writeToChild(9, "dropped");
    child.transport.closeChildDescriptor(9);
    await child.ended;
    assert.equal(child.text(1), "kept");
  });

  test("that does not read its input breaks that descriptor only", async () => {
    const child = spawn("/bin/sh", {
      args: ["-c", "exec <&-; echo closed; read line <&3; echo done"],
      descriptors: FOUR_PIPES,
    });
    await child.first(1);
    child.transport.write("x".repeat(100_000));
    await child.lost(0);
    child.transport.writeToChild(3, "go\n");
    assert.ok((await child.ended) instanceof ProcessDone);
    assert.equal(child.text(1), "closed\ndone\n");
  });

  test("sees this side close its output", async () => {
    const child = spawn("yes");
    await child.first(1);
    child.transport.closeChildDescriptor(1);
    const reason = (await child.ended) as ProcessTerminated;
    assert.ok(reason.signal === "SIGPIPE" || reason.exitCode === 1);
  });

  for (const method of [
    "connectionMade",
    "outReceived",
    "errReceived",
    "childConnectionLost",
    "processExited",
  ] as const) {
    test(`is killed if ${method} throws, which is logged, and still ends properly`, async () => {
      using logs = captureLogs();
      const child = spawn("/bin/sh", { args: ["-c", "echo out; echo err >&2; exec 2>&-; read line"] }, method);
      if (method === "processExited") child.transport.closeStdin();
      const reason = (await child.ended) as ProcessTerminated;
      if (method !== "processExited") assert.equal(reason.signal, "SIGKILL");
      assert.match(logs.messages.join("\n"), /threw: killing its process/);
      assert.ok(logs.events.some(({ error }) => (error as Error).message === `in ${method}`));
    });
  }

  test("is not affected if processEnded throws, which is logged", async () => {
    using logs = captureLogs();
    await spawn("cat", { descriptors: ["ignore"] }, "processEnded").ended;
    assert.match(logs.messages.join("\n"), /processEnded of Recorder threw/);
  });

  test("has bytes buffered until it takes them, which childDrained tells once", async () => {
    const child = spawn("/bin/sh", { args: ["-c", "read go; exec wc -c"] });
    child.transport.write("x".repeat(1_000_000));
    child.transport.write("y".repeat(1_000_000));
    assert.equal(child.transport.bufferedBytes, 2_000_000);
    assert.equal(child.events.includes("drained 0"), false);
    child.transport.write("\n1234");
    await child.drained;
    assert.equal(child.transport.bufferedBytes, 0);
    child.transport.closeStdin();
    await child.ended;
    assert.equal(child.text(1).trim(), "4");
    assert.equal(child.events.filter((event) => event === "drained 0").length, 1);
  });

  test("waits with its output while reading is paused", async () => {
    const child = spawn("/bin/sh", {
      args: ["-c", "read go; head -c 4000000 /dev/zero; echo written >&3"],
      descriptors: FOUR_PIPES,
    });
    await child.made;
    child.transport.pauseReading();
    child.transport.write("go\n");
    await child.drained;
    assert.equal(child.text(1), "");
    child.transport.resumeReading();
    await child.ended;
    assert.equal(child.text(1).length, 4_000_000);
    assert.equal(child.text(3), "written\n");
  });

  test("has no terminal to resize", async () => {
    const child = spawn("cat");
    assert.throws(() => child.transport.resize(80, 24), UnsupportedError);
    child.transport.closeStdin();
    await child.ended;
  });

  test("is listed while it runs, and leaves no descriptor behind", async () => {
    await spawn("cat", { descriptors: ["ignore"] }).ended;
    const before = openDescriptors();
    const running = new Set<RunningProcess>();
    const children = Array.from({ length: 5 }, () => spawn("cat", {}, undefined, running));
    assert.equal(running.size, 5);
    for (const child of children) child.transport.closeStdin();
    for (const child of children) await child.ended;
    assert.equal(running.size, 0);
    // libuv takes a turn to let go of what was closed.
    while (openDescriptors() > before) await new Promise((resolve) => setImmediate(resolve));
  });
});

class Recorder extends ProcessProtocol {
  readonly events: string[] = [];
  readonly made = new Deferred<void>();
  readonly drained = new Deferred<void>();
  readonly exited = new Deferred<Error>();
  readonly ended = new Deferred<Error>();
  readonly #data = new Map<number, Uint8Array[]>();
  readonly #first = new Map<number, Deferred<void>>();
  readonly #lost = new Map<number, Deferred<void>>();
  readonly #throwing: string | undefined;

  constructor(throwing: string | undefined) {
    super();
    this.#throwing = throwing;
  }
  override connectionMade(): void {
    this.events.push("made");
    this.made.callback();
    this.#throw("connectionMade");
  }
  override childDataReceived(descriptor: number, data: Uint8Array): void {
    const all = this.#data.get(descriptor) ?? [];
    this.#data.set(descriptor, all);
    all.push(data);
    if (all.length === 1) this.first(descriptor).callback();
    super.childDataReceived(descriptor, data);
  }
  override outReceived(): void {
    this.#throw("outReceived");
  }
  override errReceived(): void {
    this.#throw("errReceived");
  }
  override childDrained(descriptor: number): void {
    this.events.push(`drained ${descriptor}`);
    if (!this.drained.called) this.drained.callback();
  }
  override childConnectionLost(descriptor: number): void {
    this.events.push(`lost ${descriptor}`);
    this.lost(descriptor).callback();
    this.#throw("childConnectionLost");
  }
  override processExited(reason: Error): void {
    this.events.push(`exited ${reason.name}`);
    this.exited.callback(reason);
    this.#throw("processExited");
  }
  override processEnded(reason: Error): void {
    this.events.push(`ended ${reason.name}`);
    this.ended.callback(reason);
    this.#throw("processEnded");
  }
  text(descriptor: number): string {
    return Buffer.concat(this.#data.get(descriptor) ?? []).toString();
  }
  first(descriptor: number): Deferred<void> {
    return entry(this.#first, descriptor);
  }
  lost(descriptor: number): Deferred<void> {
    return entry(this.#lost, descriptor);
  }
  #throw(method: string): void {
    if (method === this.#throwing) throw new Error(`in ${method}`);
  }
}

/** It may be there for a moment as one that nobody has asked about. */
async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 400; tries += 1) {
    const status = existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, "utf8") : "";
    if (status === "" || /^State:\s+Z/m.test(status)) return true;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return false;
}

function spawn(
  program: string,
  options: SpawnOptions = {},
  throwing?: string,
  running: Set<RunningProcess> = new Set(),
): Recorder {
  const protocol = new Recorder(throwing);
  const transport = spawnProcess(protocol, program, options, running);
  assert.equal(protocol.transport, transport);
  return protocol;
}

function entry(map: Map<number, Deferred<void>>, key: number): Deferred<void> {
  const deferred = map.get(key) ?? new Deferred<void>();
  map.set(key, deferred);
  return deferred;
}

function openDescriptors(): number {
  // The report lists libuv's handles: pipes and processes of this process.
  const report = process.report.getReport() as unknown as { libuv: { type: string; is_active: boolean }[] };
  return report.libuv.filter(({ type }) => type === "pipe" || type === "process").length;
}

const FOUR_PIPES = ["pipe", "pipe", "pipe", "pipe"] as const;
