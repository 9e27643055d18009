import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";

describe("standard input and output as a connection", () => {
  test("echo through pipes, and end cleanly at the end of the input", () => {
    assert.equal(shell(`printf 'hello' | NODE | cat`, ECHO), "hello");
  });

  test("carry more than any buffer holds", () => {
    const output = shell(`head -c 3000000 /dev/zero | NODE | wc -c`, ECHO);
    assert.equal(output.trim(), "3000000");
  });

  test("echo from a file to a file", () => {
    const directory = mkdtempSync(join(tmpdir(), "ropewalk-stdio-"));
    const input = join(directory, "in");
    const output = join(directory, "out");
    writeFileSync(input, "from a file");
    shell(`NODE < ${input} > ${output}`, ECHO);
    assert.equal(readFileSync(output, "utf8"), "from a file");
    rmSync(directory, { recursive: true });
  });

  test("echo through sockets, and tell why they ended", async () => {
    using child = start(ECHO);
    child.process.stdin?.write("one");
    await child.says("one");
    child.process.stdin?.end("two");
    await child.says("onetwo");
    assert.deepEqual(await child.exit, [0, null]);
    assert.equal(child.log(), "ConnectionDone\n");
  });

  test("work on a terminal", { skip: has("script") ? false : "needs script(1)" }, () => {
    const output = shell(
      `printf 'hi\\n' | script -qec 'NODE' /dev/null`,
      `
      class Once extends Echo {
        dataReceived(data) {
          this.transport.write("got " + String.fromCharCode(...data).trim() + "\\n");
          this.transport.loseConnection();
        }
      }
      await open(() => new Once());`,
    );
    assert.match(output, /got hi/);
  });

  test("show the reader their end when the connection is lost, though the process goes on", async () => {
    const goesOn = `
      class Once extends Echo {
        connectionMade() { this.transport.write("bye"); this.transport.loseConnection(); }
        connectionLost() { onSignal("SIGUSR2", () => reactor.stop()); console.error("lost"); console.log("to nobody"); }
      }
      await open(() => new Once());`;
    using socket = start(goesOn);
    await socket.ends();
    assert.equal(socket.output(), "bye");
    await socket.logs("lost\n");
    using pipe = start(goesOn, " | { cat; echo ' and the end'; }");
    await pipe.says("bye and the end\n");
    await pipe.logs("lost\n");
  });

  test("end in one direction only, for a protocol that knows of that", async () => {
    using child = start(`
      class Half extends Echo {
        connectionMade() { this.transport.write("mine"); this.transport.loseWriteConnection(); }
        dataReceived(data) { console.error("heard " + String.fromCharCode(...data)); }
        readConnectionLost() { console.error("read lost"); }
        writeConnectionLost() { console.error("write lost"); }
      }
      await open(() => new Half());`);
    await child.ends();
    assert.equal(child.output(), "mine");
    await child.logs("write lost\n");
    child.process.stdin?.end("still");
    assert.deepEqual(await child.exit, [0, null]);
    assert.equal(child.log(), "write lost\nheard still\nread lost\nConnectionDone\n");
  });

  test("drop what is buffered when the connection is aborted", async () => {
    using child = start(`
      class Abort extends Echo {
        connectionMade() { this.transport.write("x".repeat(4_000_000)); }
        writingPaused() { reactor.callLater(20, () => this.transport.abortConnection()); }
      }
      await open(() => new Abort());`);
    child.process.stdout?.pause();
    await child.logs("ConnectionAborted\n");
    child.process.stdout?.resume();
    assert.deepEqual(await child.exit, [0, null]);
    assert.ok(child.output().length < 2_000_000, `${child.output().length} bytes`);
  });

  test("pause the protocol while nobody reads, and the reader while the protocol waits", async () => {
    using child = start(`
      class Slow extends Echo {
        connectionMade() {
          this.transport.pauseReading();
          this.transport.write("x".repeat(1_000_000));
        }
        writingPaused() { console.error("paused"); }
        writingResumed() { console.error("resumed"); this.transport.resumeReading(); }
      }
      await open(() => new Slow());`);
    child.process.stdout?.pause();
    child.process.stdin?.write("ok");
    await child.logs("paused\n");
    child.process.stdout?.resume();
    await child.logs("paused\nresumed\n");
    await child.says(`${"x".repeat(1_000_000)}ok`);
    child.process.stdin?.end();
    assert.deepEqual(await child.exit, [0, null]);
  });

  test("are lost when the reader goes away", async () => {
    using child = start(
      `
      class Chatty extends Echo {
        connectionMade() { this.chat(); }
        chat() { this.transport.write("x".repeat(10_000)); this.call = reactor.callLater(5, () => this.chat()); }
        connectionLost(reason) { this.call.cancel(); super.connectionLost(reason); console.error(reason.cause?.code); }
      }
      await open(() => new Chatty());`,
      " | head -c 10",
    );
    await child.logs("ConnectionLost\nEPIPE\n");
  });

  test("can be opened once only, and close if the factory has no protocol or connectionMade throws", async () => {
    for (const [factory, seen] of [
      ["() => new Echo()", "ReactorStateError\nConnectionDone\n"],
      ["() => undefined", "ConnectError\nReactorStateError\n"],
      ["() => { throw new RangeError() }", "RangeError\nReactorStateError\n"],
      [
        "() => Object.assign(new Echo(), { connectionMade() { throw new RangeError() } })",
        "RangeError\nReactorStateError\nRangeError\n",
      ],
    ]) {
      using child = start(`
        addObserver(() => {});
        const say = (error) => { console.error(error.name); };
        reactor.run();
        reactor.openStdio(${factory}).addErrback(say);
        reactor.openStdio(() => new Echo()).addErrback(say);
        reactor.callLater(50, () => reactor.stop());`);
      child.process.stdin?.end();
      assert.deepEqual(await child.exit, [0, null]);
      assert.equal(child.log(), seen);
    }
  });

  test("say what they are, and what they cannot do", async () => {
    using child = start(`
      class Facts extends Echo {
        connectionMade() {
          const { transport } = this;
          transport.setNoDelay(true);
          transport.setKeepAlive(1);
          console.error(transport.peer.kind, transport.local.kind, transport.tls, transport.connected);
          transport.startTls({ side: "server", tls: {} }).addErrback((error) => { console.error(error.name); });
          transport.loseConnection();
        }
      }
      await open(() => new Facts());`);
    assert.deepEqual(await child.exit, [0, null]);
    assert.equal(child.log(), "stdio stdio undefined true\nUnsupportedError\nConnectionDone\n");
  });
});

/** What every script begins with: `open` serves standard input and output until the connection is lost. */
const PRELUDE = `
  import { NodeReactor } from ${at("./node-reactor.js")};
  import { onSignal } from ${at("./signals.js")};
  import { Protocol } from ${at("../core/protocol.js")};
  import { addObserver } from ${at("../core/log/observers.js")};
  const reactor = new NodeReactor();
  class Echo extends Protocol {
    dataReceived(data) { this.transport.write(data); }
    connectionLost(reason) { console.error(reason.name); if (reactor.running) reactor.stop(); }
  }
  async function open(factory) {
    reactor.callWhenRunning(() => reactor.openStdio(factory));
    await reactor.run();
  }`;

const ECHO = "await open(() => new Echo());";

function shell(command: string, script: string): string {
  const directory = mkdtempSync(join(tmpdir(), "ropewalk-stdio-"));
  const file = join(directory, "script.mjs");
  writeFileSync(file, PRELUDE + script);
  try {
    const line = command.replace("NODE", `${process.execPath} ${file}`);
    return execFileSync("/bin/sh", ["-c", line], {
      encoding: "utf8",
      timeout: 30_000,
      stdio: ["ignore", "pipe", "ignore"],
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

interface Running extends Disposable {
  readonly process: ChildProcess;
  readonly exit: Promise<unknown[]>;
  output(): string;
  log(): string;
  says(text: string): Promise<void>;
  logs(text: string): Promise<void>;
  ends(): Promise<unknown>;
}

/** Starts a script with sockets for its descriptors, or behind a shell that pipes its output `through` something. */
function start(script: string, through = ""): Running {
  const code = PRELUDE + script;
  const command = `exec ${process.execPath} --input-type=module --eval "$0"`;
  const child = spawn("/bin/sh", ["-c", through === "" ? command : `(${command})${through}`, code], {
    // A group of its own, so that the pipeline can be ended whole.
    detached: true,
  });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8");
    child[name].on("data", (text) => {
      texts[name] += text;
    });
  }
  const until = async (name: "stdout" | "stderr", text: string) => {
    while (texts[name] !== text) {
      assert.ok(text.startsWith(texts[name]), `unexpected: ${texts[name].slice(0, 1000)}`);
      await once(child[name], "data");
    }
  };
  const ended = once(child.stdout, "end");
  return {
    process: child,
    exit: once(child, "close"),
    output: () => texts.stdout,
    log: () => texts.stderr,
    says: (text) => until("stdout", text),
    logs: (text) => until("stderr", text),
    ends: () => ended,
    [Symbol.dispose]: () => {
      try {
        process.kill(-(child.pid as number), "SIGKILL");
      } catch {
        // All of it has ended by itself.
      }
    },
  };
}

function has(program: string): boolean {
  try {
    execFileSync("/bin/sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function at(path: string): string {
  return JSON.stringify(new URL(path, import.meta.url).href);
}
