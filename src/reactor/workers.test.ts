import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, describe, test } from "node:test";
import { CancelledError } from "../core/deferred/errors.ts";
import { Workers } from "./workers.ts";

const workers = new Workers();
after(async () => {
  await workers.destroy();
});

describe("a worker thread", () => {
  test("calls the default export of a module with a copy of the argument", async () => {
    const argument = { n: 20, bytes: new Uint8Array([1]) };
    const result = await workers.run<{ n: number; bytes: Uint8Array; main: boolean }>(CODE, argument);
    assert.deepEqual(result, { n: 21, bytes: new Uint8Array([1, 9]), main: false });
    assert.deepEqual(argument, { n: 20, bytes: new Uint8Array([1]) });
  });

  test("calls another export by its name, and waits for its promise", async () => {
    assert.equal(await workers.run(CODE, "x", { name: "slow" }), "x later");
  });

  test("finds modules of packages and of Node by their names", async () => {
    assert.equal(await workers.run("node:path", "/a/b", { name: "basename" }), "b");
  });

  test("fails with what the call threw", async () => {
    await assert.rejects(async () => workers.run(CODE, "why", { name: "fails" }), {
      name: "RangeError",
      message: "because why",
    });
  });

  test("fails with an error that has the name, code and cause of what was thrown, and its other properties", async () => {
    const error = await workers
      .run<never>(CODE, 0, { name: "failsInDetail" })
      .addErrback((thrown: TypeError & { code: string; tries: number[] }) => thrown);
    assert.ok(error instanceof Error);
    assert.deepEqual([error.name, error.code, error.tries], ["OutOfRope", "EROPE", [1, 2]]);
    assert.equal(error.message, "too short");
    assert.match(error.stack ?? "", /failsInDetail/);
    assert.equal((error.cause as Error).message, "frayed");
    assert.equal(Object.hasOwn(error, "retry"), false, "a function cannot be cloned");
  });

  test("fails with the code of a module that is not there, and with what is no Error", async () => {
    await assert.rejects(async () => workers.run("no-such-package", 0), { code: "ERR_MODULE_NOT_FOUND" });
    await assert.rejects(
      async () => workers.run(CODE, "gone", { name: "failsWith" }),
      (error) => (error as unknown) === "gone",
    );
    await assert.rejects(async () => workers.run(CODE, null, { name: "failsWith" }), { message: /threw null/ });
  });

  test("fails if there is no such export, module or copy", async () => {
    await assert.rejects(
      async () => workers.run(CODE, 0, { name: "nothing" }),
      /export "nothing" .* no function but undefined/,
    );
    await assert.rejects(async () => workers.run(new URL("file:///nonexistent.js"), 0), {
      message: /Cannot find module/,
    });
    await assert.rejects(async () => workers.run(CODE, () => {}), { name: "DataCloneError" });
  });

  test("refuses a path that would be taken relative to nobody knows what", async () => {
    await assert.rejects(async () => workers.run("./task.js", 0), /pass new URL\("\.\/task\.js", import\.meta\.url\)/);
  });

  test("is ended by cancelling, though it never looks up from its work", async () => {
    const started = new Int32Array(new SharedArrayBuffer(4));
    const spinning = workers.run(CODE, started, { name: "spin" });
    await isSet(started);
    spinning.cancel();
    await assert.rejects(async () => spinning, CancelledError);
    // A thread that still ran would go on counting while another one works.
    let count = -1;
    while (count !== Atomics.load(started, 0)) {
      count = Atomics.load(started, 0);
      assert.equal(await workers.run(CODE, "x", { name: "slow" }), "x later");
    }
    assert.equal(workers.running.size, 0);
  });

  test("is never started for what is cancelled before", async () => {
    const fresh = new Workers();
    const early = fresh.run(CODE, 0);
    early.cancel();
    await assert.rejects(async () => early, CancelledError);
    await fresh.destroy();
    assert.equal(fresh.running.size, 0);
  });

  test("ends with the pool: what has no result fails, and the next call starts anew", async () => {
    const fresh = new Workers();
    await fresh.destroy();
    const started = new Int32Array(new SharedArrayBuffer(4));
    const spinning = fresh.run(CODE, started, { name: "spin" });
    const failed = assert.rejects(async () => spinning);
    await isSet(started);
    await fresh.destroy();
    await failed;
    assert.equal(await fresh.run(CODE, "x", { name: "slow" }), "x later");
    await fresh.destroy();
  });

  test("does not keep the process alive when it is idle", () => {
    const module = JSON.stringify(new URL("./workers.js", import.meta.url).href);
    const script = `import { Workers } from ${module};
      console.log(await new Workers().run(${JSON.stringify(CODE.href)}, "x", { name: "slow" }));
      const idleSince = performance.now();
      process.on("exit", () => console.log(performance.now() - idleSince < 4_000 ? "at once" : "after the idle timeout"));`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
      encoding: "utf8",
      timeout: 20_000,
    });
    assert.equal(stdout, "x later\nat once\n");
  });
});

/** Fires when the cell is no longer 0. The compiler's library is older than `waitAsync`. */
async function isSet(cell: Int32Array): Promise<void> {
  const { waitAsync } = Atomics as unknown as {
    waitAsync(cell: Int32Array, at: 0, value: 0): { value: Promise<string> };
  };
  await waitAsync(cell, 0, 0).value;
}

const CODE = new URL(
  `data:text/javascript,${encodeURIComponent(`
  import { isMainThread } from "node:worker_threads";
  export default function ({ n, bytes }) {
    return { n: n + 1, bytes: new Uint8Array([...bytes, 9]), main: isMainThread };
  }
  export async function slow(text) {
    await new Promise((resolve) => setImmediate(resolve));
    return text + " later";
  }
  export function fails(why) { throw new RangeError("because " + why); }
  export function failsInDetail() {
    class OutOfRope extends TypeError {
      name = "OutOfRope";
      code = "EROPE";
      tries = [1, 2];
      retry = () => {};
    }
    throw new OutOfRope("too short", { cause: new Error("frayed") });
  }
  export function failsWith(what) { throw what; }
  export function spin(started) {
    for (;;) { Atomics.add(started, 0, 1); Atomics.notify(started, 0); }
  }`)}`,
);
