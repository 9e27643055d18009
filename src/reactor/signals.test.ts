import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { describe, test } from "node:test";
import { captureLogs } from "../core/log/observers.ts";
import { onSignal, stayAlive, stopOnSignals } from "./signals.ts";

describe("onSignal", () => {
  test("calls at each arrival until it is disposed", async () => {
    let calls = 0;
    const listener = onSignal("SIGUSR2", () => calls++);
    for (let i = 1; i <= 2; i++) {
      await receive("SIGUSR2");
      assert.equal(calls, i);
    }
    const other = onSignal("SIGUSR2", () => {});
    listener[Symbol.dispose]();
    await receive("SIGUSR2");
    assert.equal(calls, 2);
    other[Symbol.dispose]();
    assert.equal(process.listenerCount("SIGUSR2"), 0);
  });

  test("logs what the call throws, and goes on to the others", async () => {
    using logs = captureLogs();
    let called = false;
    using _bad = onSignal("SIGUSR2", () => {
      throw new Error("on purpose");
    });
    using _good = onSignal("SIGUSR2", () => {
      called = true;
    });
    await receive("SIGUSR2");
    assert.equal(called, true);
    assert.deepEqual(logs.messages, ["A call on signal SIGUSR2 threw"]);
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
      const stopping = stopOnSignals(() => stops++);
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
    using child = script(`stopOnSignals(() => console.log("stopping")); stayAlive(); console.log("ready");`);
    await child.says("ready\n");
    child.process.kill("SIGINT");
    await child.says("ready\nstopping\n");
    child.process.kill("SIGTERM");
    assert.deepEqual(await child.exit, [143, null]);
  });
});

describe("stayAlive", () => {
  test("keeps a process that has nothing to do, until it is disposed", async () => {
    using child = script(`
      const alive = stayAlive();
      onSignal("SIGUSR2", () => alive[Symbol.dispose]());
      console.log("ready");`);
    await child.says("ready\n");
    child.process.kill("SIGUSR2");
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

function script(code: string): Script {
  const module = new URL("./signals.js", import.meta.url);
  const all = `import { onSignal, stayAlive, stopOnSignals } from "${module}"; ${code}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", all], {
    stdio: ["ignore", "pipe", "inherit"],
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
