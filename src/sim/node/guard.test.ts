import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setTimeout as later } from "node:timers/promises";
import { deferLater } from "../../core/time/defer-later.ts";
import { Simulation } from "../simulation.ts";
import { GUARDED } from "./guarded.ts";

describe("the guard of a simulation", () => {
  const refused: Readonly<Record<string, () => unknown>> = {
    "Date.now": () => Date.now(),
    "new Date()": () => new Date(),
    "performance.now": () => performance.now(),
    "process.hrtime": () => process.hrtime(),
    "process.hrtime.bigint": () => process.hrtime.bigint(),
    "Math.random": () => Math.random(),
    "crypto.randomBytes": () => randomBytes(1),
    "crypto.randomUUID": () => crypto.randomUUID(),
    setTimeout: () => setTimeout(() => {}, 1),
    setInterval: () => setInterval(() => {}, 1),
    setImmediate: () => setImmediate(() => {}),
    "timers/promises setTimeout": () => later(1),
    "AbortSignal.timeout": () => AbortSignal.timeout(1),
    fetch: () => fetch("http://127.0.0.1:1"),
    "net.Socket.connect": () => connect(1),
    "net.Server.listen": () => createServer().listen(0),
    "dgram.Socket.bind": () => createSocket("udp4").bind(0),
    "child_process.spawn": () => spawn("true"),
    "fs.readFileSync": () => readFileSync("/dev/null"),
    "fs.promises.readFile": () => readFile("/dev/null"),
  };
  for (const [name, use] of Object.entries(refused)) {
    test(`refuses ${name}, says so, and says what to take`, async () => {
      const error = await thrownInside(use);
      assert.ok(error.message.startsWith(`Cannot use ${name} inside a simulation`), error.message);
      assert.match(error.message, /: take (reactor|the reactor's)[. ]\w+/);
    });
  }

  test("refuses after an await in a program, too", async () => {
    const sim = new Simulation();
    let thrown: unknown;
    sim.host("a", {
      program: async (reactor) => {
        await deferLater(reactor, 1);
        try {
          Date.now();
        } catch (error) {
          thrown = error;
        }
      },
    });
    await sim.advance(10);
    assert.match(String(thrown), /Date\.now/);
  });

  test("lets a date be made of something, and be one", async () => {
    const sim = new Simulation();
    const seen: unknown[] = [];
    sim.host("a").reactor.callLater(0, () => {
      const date = new Date(5);
      class Dated extends Date {}
      seen.push(date.getTime(), date instanceof Date, date.constructor === Date, new Dated(6) instanceof Dated);
    });
    await sim.advance(1);
    assert.deepEqual(seen, [5, true, true, true]);
  });

  test("puts everything back as it was, between two calls and in the end", async () => {
    const before = described();
    const sim = new Simulation();
    for (let count = 0; count < 3; count += 1) {
      await sim.advance(1);
      assert.deepEqual(described(), before);
      assert.equal(typeof Date.now(), "number");
    }
    await assert.rejects(sim.until(() => assert.fail("stop")));
    assert.deepEqual(described(), before);
  });

  test("leaves alone what somebody put there meanwhile", async () => {
    const original = Math.random;
    const sim = new Simulation();
    const mine = (): number => 4;
    sim.host("a").reactor.callLater(0, () => {
      Math.random = mine;
    });
    await sim.advance(1);
    const left = Math.random;
    Math.random = original;
    assert.equal(left, mine);
  });

  test("holds for as long as one of several simulations is driven, and only inside", async () => {
    const [one, two] = [new Simulation(), new Simulation()];
    const seen: string[] = [];
    const look = (name: string) => () => {
      try {
        Math.random();
        seen.push(`${name} free`);
      } catch {
        seen.push(`${name} refused`);
      }
    };
    one.host("a").reactor.callLater(5, look("one"));
    two.host("a").reactor.callLater(5, look("two"));
    two.host("a").reactor.callLater(500, look("two late"));
    await Promise.all([one.advance(10), two.advance(1_000)]);
    look("test")();
    assert.deepEqual(seen.toSorted(), ["one refused", "test free", "two late refused", "two refused"]);
  });

  test("does nothing where it is not wanted", async () => {
    const sim = new Simulation({ guard: false });
    let now = 0;
    sim.host("a").reactor.callLater(0, () => {
      now = Date.now();
    });
    await sim.advance(1);
    assert.ok(now > 0);
  });
});

describe("what Node needs for itself inside a simulation", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ropewalk-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("works: modules are imported and required, lines are printed, errors are made", async () => {
    const sim = new Simulation();
    writeFileSync(join(folder, "one.cjs"), "module.exports = 1;");
    writeFileSync(join(folder, "two.mjs"), "export const two = 2;");
    const require = createRequire(import.meta.url);
    const seen: unknown[] = [];
    let importing: Promise<unknown> | undefined;
    sim.host("a").reactor.callLater(0, () => {
      seen.push(require(join(folder, "one.cjs")));
      importing = import(join(folder, "two.mjs")).then(({ two }) => seen.push(two));
      process.stdout.write("");
      try {
        assert.ok(seen.length === 7);
      } catch (error) {
        seen.push((error as Error).name);
      }
    });
    await sim.advance(1);
    await importing;
    assert.deepEqual(seen, [1, "AssertionError", 2]);
  });
});

/** What `use` throws in a program. */
async function thrownInside(use: () => unknown): Promise<Error> {
  const sim = new Simulation();
  let thrown: unknown;
  sim.host("a").reactor.callLater(0, () => {
    try {
      use();
    } catch (error) {
      thrown = error;
    }
  });
  await sim.advance(1);
  assert.ok(thrown instanceof Error, "nothing was thrown");
  return thrown;
}

function described(): unknown[] {
  return GUARDED.map(({ object, key }) => Object.getOwnPropertyDescriptor(object, key));
}
