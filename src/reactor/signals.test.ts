import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { describe, test } from "node:test";
import { captureLogs } from "../core/log/observers.ts";
import { onSignal, stayAlive, stopOnSignals } from "./signals.ts";

describe("onSignal", () => {
  test("calls at each arrival until it is disposed", async () => {
    let calls = 0;
    const listener = onSignal("SIGHUP", () => calls++);
    for (let i = 1; i <= 2; i++) {
      await receive("SIGHUP");
      assert.equal(calls, i);
    }
    const other = onSignal("SIGHUP", () => {});
    listener[Symbol.dispose]();
    await receive("SIGHUP");
    assert.equal(calls, 2);
    other[Symbol.dispose]();
    assert.equal(process.listenerCount("SIGHUP"), 0);
  });

  test("logs what the call throws, and goes on to the others", async () => {
    using logs = captureLogs();
    let called = false;
    using _bad = onSignal("SIGHUP", () => {
      throw new Error("on purpose");
    });
    using _good = onSignal("SIGHUP", () => {
      called = true;
    });
    await receive("SIGHUP");
    assert.equal(called, true);
    assert.deepEqual(logs.messages, ["A call on signal SIGHUP threw"]);
  });

  test("refuses what is no signal, or none that can be caught", () => {
    assert.throws(() => onSignal("SIGNONSENSE", () => {}), TypeError);
    assert.throws(() => onSignal("hasOwnProperty", () => {}), TypeError);
    assert.throws(() => onSignal("SIGKILL", () => {}), /no program can catch it/);
  });
});

describe("stopOnSignals", () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`stops at the first ${signal}, and leaves none of its listeners behind`, async () => {
      using logs = captureLogs();
      let stops = 0;
      const stopping = stopOnSignals(() => stops++, 0);
      using _keepsTheTestAlive = onSignal(signal, () => {});
      await receive(signal);
      assert.equal(stops, 1);
      assert.match(logs.messages.join(), new RegExp(`Received ${signal}: shutting down`));
      stopping[Symbol.dispose]();
      await receive(signal);
      assert.equal(stops, 1);
      assert.equal(process.listenerCount(signal), 1);
    });
  }

  test("lets the second signal end the process at once, with the status that a shell would report", async () => {
    using child = script(`stopOnSignals(() => console.log("stopping"), 0); stayAlive(); console.log("ready");`);
    await child.says("ready\n");
    child.process.kill("SIGINT");
    await child.says("ready\nstopping\n");
    child.process.kill("SIGTERM");
    assert.deepEqual(await child.exit, [143, null]);
  });

  test("takes what comes soon after the first for its echo, and stays for it when all is over", async () => {
    using child = script(`
      const alive = stayAlive();
      const stopped = () => { stopping[Symbol.dispose](); alive[Symbol.dispose](); console.log("stopping"); };
      const stopping = stopOnSignals(stopped, 60_000);
      console.log("ready");`);
    await child.says("ready\n");
    child.process.kill("SIGINT");
    await child.says("ready\nstopping\n");
    child.process.kill("SIGINT");
    assert.deepEqual(await child.exit, [0, null]);
  });

  test("stays no longer if the echo came before all was over", async () => {
    using child = script(`
      const alive = stayAlive();
      const stopping = stopOnSignals(() => console.log("stopping"), 60_000);
      process.on("SIGINT", () => { if (++signals === 2) { stopping[Symbol.dispose](); alive[Symbol.dispose](); } });
      let signals = 0;
      console.log("ready");`);
    await child.says("ready\n");
    child.process.kill("SIGINT");
    await child.says("ready\nstopping\n");
    child.process.kill("SIGINT");
    assert.deepEqual(await child.exit, [0, null]);
  });

  test("does not stay for ever for an echo that does not come, and takes what comes later for a second signal", async () => {
    const wait = "const until = performance.now() + 2; while (performance.now() < until);";
    using alone = script(`
      const stopping = stopOnSignals(() => stopping[Symbol.dispose](), 1);
      const alive = stayAlive();
      process.on("SIGINT", () => { ${wait} alive[Symbol.dispose](); });
      console.log("ready");`);
    await alone.says("ready\n");
    alone.process.kill("SIGINT");
    assert.deepEqual(await alone.exit, [0, null]);
    using twice = script(
      `stopOnSignals(() => { ${wait} console.log("stopping"); }, 1); stayAlive(); console.log("ready");`,
    );
    await twice.says("ready\n");
    twice.process.kill("SIGINT");
    await twice.says("ready\nstopping\n");
    twice.process.kill("SIGINT");
    assert.deepEqual(await twice.exit, [130, null]);
  });

  test("expects an echo only under a script runner", async () => {
    for (const [variables, status] of [
      [{}, 130],
      [{ npm_lifecycle_event: "start" }, 0],
    ] as const) {
      using child = script(
        `const stopping = stopOnSignals(() => { console.log("stopping"); }); stayAlive(); console.log("ready");
         process.on("SIGINT", () => { if (++signals === 2) process.exit(0); });
         let signals = 0;`,
        variables,
      );
      await child.says("ready\n");
      child.process.kill("SIGINT");
      await child.says("ready\nstopping\n");
      child.process.kill("SIGINT");
      assert.deepEqual(await child.exit, [status, null]);
    }
  });
});

describe("stayAlive", () => {
  test("keeps a process that has nothing to do, until it is disposed", async () => {
    using child = script(`
      const alive = stayAlive();
      onSignal("SIGHUP", () => alive[Symbol.dispose]());
      console.log("ready");`);
    await child.says("ready\n");
    child.process.kill("SIGHUP");
    assert.deepEqual(await child.exit, [0, null]);
  });
});

async function receive(signal: NodeJS.Signals): Promise<void> {
  using _alive = stayAlive();
  const arrived = once(process, signal);
  process.kill(process.pid, signal);
  await arrived;
}

interface Script extends Disposable {
  readonly process: ChildProcess;
  readonly exit: Promise<unknown[]>;
  says(output: string): Promise<void>;
}

function script(code: string, variables: NodeJS.ProcessEnv = {}): Script {
  const module = new URL("./signals.js", import.meta.url);
  const all = `import { onSignal, stayAlive, stopOnSignals } from "${module}"; ${code}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", all], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, npm_lifecycle_event: undefined, ...variables },
  });
  let output = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (text) => {
    output += text;
  });
  return {
    process: child,
    exit: once(child, "exit"),
    async says(expected) {
      while (output !== expected) {
        assert.ok(expected.startsWith(output), output);
        await once(child.stdout, "data");
      }
    },
    [Symbol.dispose]: () => {
      child.kill("SIGKILL");
    },
  };
}
