import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { afterEach, describe, test } from "node:test";
import { Deferred } from "../core/deferred/deferred.ts";
import { CancelledError } from "../core/deferred/errors.ts";
import type { LogEvent } from "../core/log/event.ts";
import { Phases } from "../core/phases.ts";
import { reactOn, serveOn } from "./run-main.ts";

// The suite's own outcome must not depend on it.
afterEach(() => {
  process.exitCode = 0;
});

describe("serving", () => {
  test("calls main once the reactor runs, and goes on until that stops", async () => {
    const world = new World();
    const ended = serveOn(world.phases, world.note("main"), world.options);
    assert.deepEqual(world.seen, ["main with running true"]);
    world.phases.stop();
    await ended;
    assert.equal(process.exitCode ?? 0, 0);
    assert.deepEqual(world.messages, []);
  });

  test("does not stop when what main returned is there", async () => {
    const world = new World();
    const port = new Deferred<string>();
    const ended = serveOn(world.phases, () => port, world.options);
    port.callback("a port");
    assert.equal(world.phases.running, true);
    world.phases.stop();
    await ended;
  });

  for (const [what, main] of [
    [
      "throws",
      () => {
        throw new Error("on purpose");
      },
    ],
    [
      "rejects",
      async () => {
        throw new Error("on purpose");
      },
    ],
    ["rejects with nothing", () => Promise.reject(undefined)],
  ] as const) {
    test(`logs it, stops and asks for exit status 1 if main ${what}`, async () => {
      const world = new World();
      await serveOn(world.phases, main, world.options);
      assert.equal(world.phases.running, false);
      assert.equal(process.exitCode, 1);
      assert.deepEqual(world.messages, ["The main function failed: stopping"]);
    });
  }

  test("cancels what main still waits for when it is stopped, and takes that for no error", async () => {
    const world = new World();
    let reason: unknown;
    const waiting = new Deferred<void>().addErrback((error) => {
      reason = error;
      throw error;
    });
    const ended = serveOn(world.phases, () => waiting, world.options);
    world.phases.stop();
    await ended;
    assert.ok(reason instanceof CancelledError);
    assert.equal(process.exitCode, 0);
    assert.deepEqual(world.messages, []);
  });

  test("aborts the signal that an async main was given, and takes what comes of it for no error", async () => {
    const world = new World();
    let waiting: Deferred<void> | undefined;
    const ended = serveOn(
      world.phases,
      async (_reactor, signal) => {
        waiting = new Deferred<void>().abortable(signal);
        await waiting;
      },
      world.options,
    );
    world.phases.stop();
    await ended;
    assert.equal(waiting?.called, true);
    assert.deepEqual(world.messages, []);
  });

  test("logs another error that comes of the cancelling", async () => {
    const world = new World();
    const waiting = new Deferred<void>((d) => d.errback(new Error("half done")));
    const ended = serveOn(world.phases, () => waiting, world.options);
    world.phases.stop();
    await ended;
    assert.deepEqual(world.messages, ["The main function failed during shutdown"]);
  });

  test("can be repeated on the same reactor", async () => {
    const world = new World();
    for (let i = 0; i < 2; i++) {
      const ended = serveOn(world.phases, world.note("main"), world.options);
      world.phases.stop();
      await ended;
    }
    assert.equal(world.seen.length, 2);
  });
});

describe("reacting", () => {
  for (const [result, status] of [
    [undefined, 0],
    [0, 0],
    [3, 3],
    [255, 255],
  ] as const) {
    test(`ends when main's result is there, with exit status ${status} for ${result}`, async () => {
      const world = new World();
      const main = new Deferred<number | undefined>();
      const ended = reactOn(world.phases, () => main, world.options);
      assert.equal(world.phases.running, true);
      main.callback(result);
      await ended;
      assert.equal(world.phases.running, false);
      assert.equal(process.exitCode, status);
    });
  }

  test("ends with exit status 1 for an error, which is logged", async () => {
    const world = new World();
    await reactOn(
      world.phases,
      async () => {
        throw new Error("on purpose");
      },
      world.options,
    );
    assert.equal(process.exitCode, 1);
    assert.deepEqual(world.messages, ["The main function failed"]);
  });

  for (const wrong of [-1, 256, 1.5, Number.NaN]) {
    test(`ends with exit status 1 for the result ${wrong}, which is logged`, async () => {
      const world = new World();
      await reactOn(world.phases, () => wrong, world.options);
      assert.equal(process.exitCode, 1);
      assert.match(world.messages.join(), /want an integer from 0 to 255/);
    });
  }

  test("ends with exit status 1 if it is stopped before main has a result", async () => {
    const world = new World();
    const ended = reactOn(world.phases, () => new Deferred<number>(), world.options);
    world.phases.stop();
    await ended;
    assert.equal(process.exitCode, 1);
  });

  for (const [signal, status] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    test(`ends with exit status ${status} if ${signal} comes before main has a result`, async () => {
      const world = new World();
      const ended = reactOn(world.phases, () => new Deferred<number>(), world.options);
      process.emit(signal);
      world.phases.stop();
      await ended;
      assert.equal(process.exitCode, status);
      assert.equal(process.listenerCount(signal), 0);
    });
  }

  test("keeps the status of main's result if a signal comes while the reactor stops after it", async () => {
    const world = new World();
    const slow = new Deferred<void>();
    world.phases.addTrigger("before", "shutdown", () => slow);
    const ended = reactOn(world.phases, () => 3, world.options);
    process.emit("SIGTERM");
    slow.callback();
    await ended;
    assert.equal(process.exitCode, 3);
  });

  test("leaves it at that if main stopped the reactor itself", async () => {
    const world = new World();
    const main = () => {
      world.phases.stop();
      return 0;
    };
    await reactOn(world.phases, main, world.options);
    assert.equal(world.phases.running, false);
  });
});

describe("the log of a run", () => {
  test("goes to standard error as text, and to standard output nothing", () => {
    const { stdout, stderr } = script(`await serveOn(phases, () => { throw new Error("on purpose") });`);
    assert.equal(stdout, "");
    assert.match(stderr, /\[ropewalk\.run#critical\] The main function failed: stopping\n\tError: on purpose/);
  });

  test("goes to the program's own observers only, if that is asked for", () => {
    const { stdout, stderr, status } = script(`
      import { addObserver } from ${at("../core/log/observers.js")};
      addObserver((event) => console.log(event.format));
      await serveOn(phases, () => { throw new Error("on purpose") }, { log: false });`);
    assert.equal(stdout, "The main function failed: stopping\n");
    assert.equal(stderr, "");
    assert.equal(status, 1);
  });

  test("may lose its reader without harm", () => {
    const { status, stdout } = script(`
      import { once } from "node:events";
      const ended = serveOn(phases, () => {});
      const log = new Logger("test");
      process.stderr.destroy();
      log.info("into the void");
      setImmediate(() => phases.stop());
      await ended;
      console.log("survived");`);
    assert.equal(stdout, "survived\n");
    assert.equal(status, 0);
  });
});

class World {
  readonly phases = new Phases((error) => assert.fail(String(error)));
  readonly seen: string[] = [];
  readonly messages: string[] = [];
  readonly options = { log: (event: LogEvent): void => void this.messages.push(event.format) };

  note(what: string): (phases: Phases) => void {
    return (phases) => this.seen.push(`${what} with running ${phases.running}`);
  }
}

function script(code: string): { status: number | null; stdout: string; stderr: string } {
  const all = `import { reactOn, serveOn } from ${at("./run-main.js")};
    import { Phases } from ${at("../core/phases.js")};
    import { Logger } from ${at("../core/log/logger.js")};
    const phases = new Phases(console.error); ${code}`;
  return spawnSync(process.execPath, ["--input-type=module", "--eval", all], { encoding: "utf8", timeout: 20_000 });
}

function at(path: string): string {
  return JSON.stringify(new URL(path, import.meta.url).href);
}
