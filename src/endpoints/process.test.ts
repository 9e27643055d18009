import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Deferred } from "../core/deferred/deferred.ts";
import { CancelledError } from "../core/deferred/errors.ts";
import { ConnectError, ConnectionAborted, ConnectionDone, ConnectionLost, ProcessTerminated } from "../core/errors.ts";
import { captureLogs } from "../core/log/observers.ts";
import type { ProcessTransport } from "../core/process.ts";
import { Protocol } from "../core/protocol.ts";
import type { MemoryProcess } from "../testing/memory-process.ts";
import { MemoryReactor } from "../testing/memory-reactor.ts";
import { newReactor } from "./certificates.fixture.test.ts";
import { connect } from "./connect.ts";
import { endpointTypes } from "./default-types.ts";
import { quoteArgument } from "./grammar.ts";
import { type ProcessEndpointOptions, processEndpoint } from "./process.ts";

/** Collects what comes; `until` fires once there are that many bytes. */
class Talker extends Protocol {
  readonly lost = new Deferred<Error>();
  readonly seen: string[] = [];
  #chunks: Uint8Array[] = [];
  #waiter: { readonly bytes: number; readonly result: Deferred<string> } | undefined;

  override dataReceived(data: Uint8Array): void {
    this.#chunks.push(data);
    this.#check();
  }

  override writingPaused(): void {
    this.seen.push("writingPaused");
  }

  override writingResumed(): void {
    this.seen.push("writingResumed");
  }

  override connectionLost(reason: Error): void {
    this.seen.push(`connectionLost ${reason.name}`);
    this.lost.callback(reason);
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString("latin1");
  }

  until(bytes: number): Deferred<string> {
    const result = new Deferred<string>();
    this.#waiter = { bytes, result };
    this.#check();
    return result;
  }

  #check(): void {
    const waiter = this.#waiter;
    if (waiter === undefined || this.text.length < waiter.bytes) return;
    this.#waiter = undefined;
    waiter.result.callback(this.text);
  }
}

class HalfOpen extends Talker {
  readonly ended = new Deferred<void>();

  override readConnectionLost(): void {
    this.seen.push("readConnectionLost");
    this.ended.callback();
  }

  override writeConnectionLost(): void {
    this.seen.push("writeConnectionLost");
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // No such process any more.
    return false;
  }
}

const run = <P extends Protocol>(command: string, factory: () => P) =>
  connect(newReactor(), `process:${quoteArgument(command)}`, factory);
const shell = (script: string) => `/bin/sh -c '${script}'`;

/** A running reactor with a connection to a program that the test plays. */
async function played() {
  const reactor = new MemoryReactor();
  const ended = reactor.run();
  const connecting = connect(reactor, "process:program", () => new Talker());
  reactor.settle();
  const talker = await connecting;
  return { reactor, ended, talker, child: reactor.processes[0] as MemoryProcess };
}

describe("process:", () => {
  test("talks with the program's standard input and output", async () => {
    const talker = await run("cat", () => new Talker());
    talker.transport.write("bytes and ");
    talker.transport.write("grüß ");
    talker.transport.writeLatin1("\xff");
    assert.equal(await talker.until(17), "bytes and gr\xc3\xbc\xc3\x9f \xff");
    assert.equal(talker.transport.connected, true);
    talker.transport.loseConnection();
    assert.ok((await talker.lost) instanceof ConnectionDone);
  });

  test("gives the program its words, quoted as in a shell, without a shell", async () => {
    const talker = await run(`printf '%s|' "a b" c\\ d '$HOME' "" e`, () => new Talker());
    await talker.lost;
    assert.equal(talker.text, "a b|c d|$HOME||e|");
  });

  test("knows the processes at both ends", async () => {
    const talker = await run(shell("echo $$ $PPID; read x"), () => new Talker());
    const { peer, local } = talker.transport;
    assert.ok(peer.kind === "process" && local.kind === "process");
    assert.equal(await talker.until(3), `${peer.pid} ${local.pid}\n`);
    talker.transport.loseConnection();
    await talker.lost;
  });

  test("what was written is flushed before the end", async () => {
    const talker = await run("wc -c", () => new HalfOpen());
    talker.transport.write(new Uint8Array(3_000_000));
    talker.transport.loseWriteConnection();
    await talker.lost;
    assert.equal(talker.text.trim(), "3000000");
  });

  test("a program that ends well is a clean end, and one that does not says why", async () => {
    const done = await run(shell("echo bye"), () => new Talker());
    assert.ok((await done.lost) instanceof ConnectionDone);
    assert.equal(done.text, "bye\n");
    const failed = await run(shell("exit 7"), () => new Talker());
    const reason = await failed.lost;
    assert.ok(reason instanceof ConnectionLost);
    assert.ok(reason.cause instanceof ProcessTerminated);
    assert.equal(reason.cause.exitCode, 7);
  });

  test("how the program takes our end does not matter", async () => {
    const talker = await run(shell("cat >/dev/null; exit 7"), () => new Talker());
    talker.transport.loseConnection();
    assert.ok((await talker.lost) instanceof ConnectionDone);
  });

  test("half-close works both ways", async () => {
    const talker = await run(shell("exec >&-; cat >/dev/null"), () => new HalfOpen());
    await talker.ended;
    assert.equal(talker.transport.connected, true);
    talker.transport.loseWriteConnection();
    assert.ok((await talker.lost) instanceof ConnectionDone);
    assert.deepEqual(talker.seen, ["readConnectionLost", "writeConnectionLost", "connectionLost ConnectionDone"]);
  });

  test("abortConnection kills the program", async () => {
    const talker = await run(
      shell('trap "" TERM HUP PIPE; echo on; while :; do read x || sleep 1; done'),
      () => new Talker(),
    );
    await talker.until(3);
    talker.transport.abortConnection();
    assert.ok((await talker.lost) instanceof ConnectionAborted);
  });

  test("backpressure holds both sides back", async () => {
    const talker = await run(shell("read go; exec cat"), () => new Talker());
    const block = new Uint8Array(1_000_000).fill(65);
    talker.transport.write(block);
    assert.deepEqual(talker.seen, ["writingPaused"]);
    assert.equal(talker.transport.bufferedBytes, 1_000_000);
    talker.transport.write("\n");
    talker.transport.write(block);
    talker.transport.pauseReading();
    talker.transport.resumeReading();
    assert.equal((await talker.until(1_000_000)).length, 1_000_000);
    assert.deepEqual(talker.seen, ["writingPaused", "writingResumed"]);
    talker.transport.loseConnection();
    await talker.lost;
  });

  test("a pull producer is asked again each time the program has taken all", async () => {
    const talker = await run("wc -c", () => new HalfOpen());
    let left = 5;
    talker.transport.registerProducer(
      {
        resumeProducing: () => {
          left -= 1;
          talker.transport.write(new Uint8Array(100_000));
          if (left > 0) return;
          talker.transport.unregisterProducer();
          talker.transport.loseWriteConnection();
        },
        stopProducing: () => {},
      },
      "pull",
    );
    await talker.lost;
    assert.equal(talker.text.trim(), "500000");
  });

  test("what it says on standard error is logged line by line", async () => {
    using logs = captureLogs();
    const talker = await run(shell('printf "one\\ntwo" >&2; printf "\\nthree" >&2'), () => new Talker());
    await talker.lost;
    assert.deepEqual(
      logs.events.filter(({ namespace }) => namespace === "ropewalk.endpoints.process").map(({ line }) => line),
      ["one", "two", "three"],
    );
  });

  test("characters that its standard error is cut in are logged whole", async () => {
    using logs = captureLogs();
    const { child } = await played();
    child.say(new Uint8Array([0x67, 0xc3]), 2);
    child.say(new Uint8Array([0xa4, 0x0a]), 2);
    assert.deepEqual(
      logs.events.map(({ line }) => line),
      ["gä"],
    );
  });

  test("a program that does not end is killed after 30 s", async () => {
    const { reactor, talker, child } = await played();
    talker.transport.loseConnection();
    reactor.advance(29_999);
    assert.deepEqual([child.isOpen(0), child.signals], [false, []]);
    reactor.advance(1);
    assert.deepEqual(child.signals, ["KILL"]);
    child.die("SIGKILL");
    assert.ok(talker.lost.inspect().result instanceof ConnectionAborted);
    assert.deepEqual(reactor.getDelayedCalls(), []);
  });

  for (const hangs of [false, true]) {
    test(`shutdown ends the connection, ${hangs ? "and kills after 5 s" : "and waits for the program"}`, async () => {
      const { reactor, talker, child, ended } = await played();
      reactor.stop();
      reactor.advance(4_999);
      assert.deepEqual([child.isOpen(0), child.signals, ended.called], [false, [], false]);
      if (hangs) {
        reactor.advance(1);
        assert.deepEqual(child.signals, ["KILL"]);
        child.die("SIGKILL");
      } else {
        child.exit();
      }
      assert.ok(talker.lost.inspect().result instanceof (hangs ? ConnectionAborted : ConnectionDone));
      assert.equal(ended.called, true);
      assert.deepEqual(reactor.getDelayedCalls(), []);
    });
  }

  test("shutdown shortens the wait for a program that was left already", async () => {
    const { reactor, talker, child } = await played();
    talker.transport.loseConnection();
    reactor.stop();
    reactor.advance(5_000);
    assert.deepEqual(child.signals, ["KILL"]);
  });

  test("a program that is not there is a ConnectError", async () => {
    await assert.rejects(
      async () => run("/nonexistent/program", () => new Talker()),
      (error) => {
        assert.ok(error instanceof ConnectError);
        assert.match(error.message, /Cannot start program "\/nonexistent\/program"/);
        assert.ok(error.cause instanceof ProcessTerminated);
        return true;
      },
    );
  });

  test("cancelling before it runs kills it, and the protocol is never made", async () => {
    const made: Talker[] = [];
    const reactor = newReactor();
    const spawned: ProcessTransport[] = [];
    const spawnProcess = reactor.spawnProcess.bind(reactor);
    reactor.spawnProcess = (...args) => {
      const child = spawnProcess(...args);
      spawned.push(child);
      return child;
    };
    const factory = () => {
      const talker = new Talker();
      made.push(talker);
      return talker;
    };
    const connecting = connect(reactor, "process:cat", factory);
    const failure = assert.rejects(async () => connecting, CancelledError);
    connecting.cancel();
    await failure;
    const { pid } = spawned[0] as ProcessTransport;
    while (isAlive(pid as number)) await new Promise(setImmediate);
    assert.deepEqual(made, []);
  });

  test("a factory that builds nothing, or throws, fails connect", async () => {
    await assert.rejects(async () => run("cat", () => undefined as never), ConnectError);
    await assert.rejects(
      async () =>
        run("cat", () => {
          throw new Error("no room");
        }),
      /no room/,
    );
  });

  test("what connectionMade throws fails connect, and comes as the reason of connectionLost", async () => {
    class Bad extends Talker {
      override connectionMade(): void {
        throw new Error("not today");
      }
    }
    const bad = new Bad();
    await assert.rejects(async () => run("cat", () => bad), /not today/);
    assert.match((await bad.lost).message, /not today/);
  });

  test("there is no TLS on it, and tls: over it says so", async () => {
    const talker = await run("cat", () => new Talker());
    await assert.rejects(async () => talker.transport.startTls({ side: "client", tls: {} }), {
      name: "UnsupportedError",
    });
    talker.transport.setNoDelay(true);
    talker.transport.setKeepAlive(1_000);
    talker.transport.loseConnection();
    await talker.lost;
    const over = connect(newReactor(), "tls:h:endpoint=process\\:cat", () => new Talker());
    await assert.rejects(async () => over, { name: "UnsupportedError" });
  });

  test("a command that is empty or badly quoted is an EndpointSyntaxError", () => {
    for (const description of ["process:", "process: ", "process:''", "process:'cat", "process:a=b"]) {
      assert.throws(() => endpointTypes.client(description), { name: "EndpointSyntaxError", description });
    }
  });
});

describe("processEndpoint", () => {
  async function talking(options: ProcessEndpointOptions): Promise<Scene> {
    const reactor = new MemoryReactor();
    const talker = new Talker();
    const connecting = connect(reactor, processEndpoint(["serve", "-v"], options), () => talker);
    reactor.settle();
    await connecting;
    const [child] = reactor.processes;
    assert.ok(child);
    return { reactor, talker, child };
  }
  interface Scene {
    readonly reactor: MemoryReactor;
    readonly talker: Talker;
    readonly child: MemoryProcess;
  }

  test("starts the program with its arguments, where and as whom it is told", async () => {
    const options = { env: { ROPE: "hemp" }, cwd: "/srv", uid: 7, gid: 8 };
    const { child } = await talking(options);
    assert.deepEqual([child.program, child.options], ["serve", { args: ["-v"], ...options }]);
  });

  test("an abort asks a program to end that has some time for it, and kills it later", async () => {
    const { reactor, talker, child } = await talking({ killTimeoutMs: 1_000 });
    talker.transport.abortConnection();
    talker.transport.abortConnection();
    reactor.advance(999);
    assert.deepEqual([child.signals, child.isOpen(0)], [["TERM"], false]);
    reactor.advance(1);
    assert.deepEqual(child.signals, ["TERM", "KILL"]);
    child.die("SIGKILL");
    assert.ok((await talker.lost) instanceof ConnectionAborted);
    assert.deepEqual(reactor.getDelayedCalls(), []);
  });

  test("a program that ends when it is asked to leaves no timer, whatever it still had to say", async () => {
    const { reactor, talker, child } = await talking({ killTimeoutMs: 1_000 });
    talker.transport.pauseReading();
    child.say("unheard");
    talker.transport.abortConnection();
    child.die("SIGTERM");
    assert.ok((await talker.lost) instanceof ConnectionAborted);
    assert.deepEqual([reactor.getDelayedCalls(), child.signals], [[], ["TERM"]]);
  });

  test("however the program ends, the connection ends cleanly if that is asked for, and a failure is logged", async () => {
    using logs = captureLogs();
    const { talker, child } = await talking({ endsCleanly: true });
    child.exit(3);
    assert.ok((await talker.lost) instanceof ConnectionDone);
    assert.match(String(logs.events.at(-1)?.["problem"]), /status 3/);
    const other = await talking({});
    other.child.exit(3);
    assert.ok((await other.talker.lost) instanceof ConnectionLost);
  });
});
