import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SimHost } from "../sim-host.ts";
import { Simulation } from "../simulation.ts";
import type { DiskOptions } from "./disk.ts";

// What all files promise is in testing/conformance/files.ts.

describe("after a crash", () => {
  test("there is what was synced, all of it, whatever the seed", async () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const left = await afterCrash(seed, async (host) => {
        const { files } = host.reactor;
        await files.makeDirectory("/data/new");
        await files.append("/data/new/log", "one ");
        await files.append("/data/new/log", "two");
        await files.sync("/data/new/log");
      });
      assert.equal(left.disk.text("/data/new/log"), "one two");
    }
  });

  test("an append that was not synced is there, is not, or is torn, behind all that was synced", async () => {
    const found = new Set<string>();
    for (let seed = 1; seed <= 200; seed += 1) {
      const { disk } = await afterCrash(seed, async (host) => {
        const { files } = host.reactor;
        await files.append("/log", "kept");
        await files.sync("/log");
        await files.append("/log", "ab");
      });
      found.add(disk.text("/log"));
    }
    assert.deepEqual([...found].sort(), ["kept", "kepta", "keptab"]);
  });

  test("a plain write that was not synced has torn the old file", async () => {
    const found = new Set<string>();
    for (let seed = 1; seed <= 200; seed += 1) {
      const { disk } = await afterCrash(seed, async (host) => {
        host.disk.put("/state", "old");
        await host.reactor.files.write("/state", "new");
      });
      found.add(disk.text("/state"));
    }
    assert.deepEqual([...found].sort(), ["", "n", "ne", "new", "old"]);
  });

  test("an atomic write that came to its end holds, whatever the seed", async () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const { disk } = await afterCrash(seed, async (host) => {
        host.disk.put("/state", "old");
        await host.reactor.files.write("/state", "new", { atomic: true });
      });
      assert.equal(disk.text("/state"), "new");
    }
  });

  test("in the middle of an atomic write there is the old file or the new one, whole", async () => {
    const found = new Set<string>();
    for (let seed = 1; seed <= 200; seed += 1) {
      const sim = new Simulation({ seed });
      const host = sim.host("a");
      host.disk.put("/state", "old");
      host.reactor.files.write("/state", "new and longer", { atomic: true }).addErrback(() => {});
      await sim.advance(12 * sim.random("crash")());
      host.crash();
      found.add(host.disk.text("/state"));
    }
    assert.deepEqual([...found].sort(), ["new and longer", "old"]);
  });

  test("a file that was renamed and never synced may be empty under its new name", async () => {
    const found = new Set<string>();
    for (let seed = 1; seed <= 200; seed += 1) {
      const { disk } = await afterCrash(seed, async (host) => {
        const { files } = host.reactor;
        host.disk.put("/state", "old");
        await files.write("/state.tmp", "new");
        await files.rename("/state.tmp", "/state");
      });
      found.add(disk.text("/state"));
    }
    assert.ok(found.has("") && found.has("old") && found.has("new"), [...found].join());
  });

  test("names hold up to some point, in their order", async () => {
    const found = new Set<string>();
    for (let seed = 1; seed <= 200; seed += 1) {
      const { disk } = await afterCrash(seed, async (host) => {
        for (const name of ["/1", "/2", "/3"]) await host.reactor.files.append(name, "");
      });
      found.add(
        disk
          .paths()
          .filter((path) => !path.endsWith("/"))
          .join(),
      );
    }
    assert.deepEqual([...found].sort(), ["", "/1", "/1,/2", "/1,/2,/3"]);
  });

  test("a removal that was not synced may have brought the file back", async () => {
    const found = new Set<boolean>();
    for (let seed = 1; seed <= 50; seed += 1) {
      const { disk } = await afterCrash(seed, async (host) => {
        host.disk.put("/lock", "1234");
        await host.reactor.files.remove("/lock");
      });
      found.add(disk.paths().includes("/lock"));
      assert.equal(disk.usedBytes, disk.paths().includes("/lock") ? 4 : 0);
    }
    assert.deepEqual([...found].sort(), [false, true]);
  });

  test("a call that was under way is never done, and its process never hears", async () => {
    const sim = new Simulation({ seed: 1 });
    const host = sim.host("a", { disk: { latencyMs: 10 } });
    const heard: string[] = [];
    host.reactor.files.append("/log", "x").addBoth(() => heard.push("append"));
    await sim.advance(5);
    host.crash();
    host.restart();
    await sim.advance(100);
    assert.deepEqual(heard, []);
    assert.ok(!host.disk.paths().includes("/log"));
  });

  test("code that was still running can write nothing", async () => {
    const sim = new Simulation({ seed: 1 });
    const host = sim.host("a");
    const { reactor } = host;
    reactor.callLater(1, async () => {
      host.crash();
      await reactor.files.append("/log", "x");
    });
    await sim.advance(100);
    host.restart();
    await sim.advance(100);
    assert.ok(!host.disk.paths().includes("/log"));
  });

  test("the same seed leaves the same, another one something else", async () => {
    const leftBy = async (seed: number) => {
      const { disk } = await afterCrash(seed, async (host) => {
        for (let at = 0; at < 20; at += 1) await host.reactor.files.append(`/${at}`, "0123456789");
      });
      return disk
        .paths()
        .filter((path) => !path.endsWith("/"))
        .map((path) => `${path} ${disk.text(path)}`);
    };
    assert.deepEqual(await leftBy(3), await leftBy(3));
    assert.notDeepEqual(await leftBy(3), await leftBy(4));
  });
});

describe("a process that is killed", () => {
  test("loses nothing that it wrote: the kernel has it", async () => {
    const sim = new Simulation({ seed: 1 });
    const host = sim.host("a");
    await sim.run(() => host.reactor.files.append("/log", "x"));
    host.kill();
    assert.equal(host.disk.text("/log"), "x");
  });

  test("has begun what the kernel finishes, and never hears of it", async () => {
    const sim = new Simulation({ seed: 1 });
    const host = sim.host("a", { disk: { latencyMs: 10 } });
    const heard: string[] = [];
    host.reactor.files.append("/log", "x").addBoth(() => heard.push("append"));
    await sim.advance(5);
    host.kill();
    await sim.advance(100);
    assert.deepEqual(heard, []);
    assert.equal(host.disk.text("/log"), "x");
  });

  test("leaves a plain write half done, and what an atomic one had put beside the file", async () => {
    const sim = new Simulation({ seed: 1 });
    const host = sim.host("a", { disk: { latencyMs: 10, syncLatencyMs: 10 } });
    host.disk.put("/plain", "old");
    host.disk.put("/atomic", "old");
    host.reactor.files.write("/plain", "new").addErrback(() => {});
    host.reactor.files.write("/atomic", "new", { atomic: true }).addErrback(() => {});
    await sim.advance(25);
    assert.equal(host.disk.text("/plain"), "new");
    host.disk.put("/plain", "old");
    host.reactor.files.write("/plain", "new").addErrback(() => {});
    await sim.advance(5);
    host.kill();
    await sim.advance(100);
    assert.equal(host.disk.text("/plain"), "");
    assert.equal(host.disk.text("/atomic"), "old");
    assert.equal(host.disk.paths().filter((path) => /^\/atomic\..*\.tmp$/.test(path)).length, 1);
  });
});

describe("a disk that is full", () => {
  test("takes what fits of an append, and says ENOSPC", async () => {
    const { host, codeOf } = await filled({ capacityBytes: 5 });
    assert.equal(await codeOf(() => host.reactor.files.append("/log", "1234567")), "ENOSPC");
    assert.equal(host.disk.text("/log"), "12345");
    assert.equal(host.disk.usedBytes, 5);
  });

  test("leaves the old file where an atomic write fails, and nothing beside it", async () => {
    const { host, codeOf } = await filled({ capacityBytes: 5 });
    host.disk.put("/state", "old");
    assert.equal(await codeOf(() => host.reactor.files.write("/state", "newer", { atomic: true })), "ENOSPC");
    assert.equal(host.disk.text("/state"), "old");
    assert.deepEqual(
      host.disk.paths().filter((path) => path.startsWith("/state")),
      ["/state"],
    );
  });

  test("loses the old file to a plain write that fails", async () => {
    const { host, codeOf } = await filled({ capacityBytes: 5 });
    host.disk.put("/state", "old");
    assert.equal(await codeOf(() => host.reactor.files.write("/state", "much newer")), "ENOSPC");
    assert.equal(host.disk.text("/state"), "much ");
  });

  test("has room again when something is removed, unless it is so by a fault", async () => {
    const { host, codeOf } = await filled({ capacityBytes: 5 });
    host.disk.put("/old", "12345");
    assert.equal(await codeOf(() => host.reactor.files.makeDirectory("/d")), "ENOSPC");
    assert.equal(await codeOf(() => host.reactor.files.remove("/old")), undefined);
    assert.equal(await codeOf(() => host.reactor.files.append("/new", "12345")), undefined);
    host.disk.capacityBytes = Number.POSITIVE_INFINITY;
    host.disk.isFull = true;
    assert.equal(await codeOf(() => host.reactor.files.remove("/new")), undefined);
    assert.equal(await codeOf(() => host.reactor.files.append("/new", "1")), "ENOSPC");
    host.disk.isFull = false;
    assert.equal(await codeOf(() => host.reactor.files.append("/new", "1")), undefined);
  });
});

describe("calls of a process", () => {
  test("take the time that the disk has been given, and a sync its own", async () => {
    const sim = new Simulation({ seed: 1 });
    const { reactor } = sim.host("a", { disk: { latencyMs: 3, syncLatencyMs: 20 } });
    await sim.run(() => reactor.files.append("/log", "x"));
    assert.equal(sim.nowMs, 3);
    await sim.run(() => reactor.files.sync("/log"));
    assert.equal(sim.nowMs, 23);
  });

  test("that are under way at once may be done in any order", async () => {
    const found = new Set<string>();
    for (let seed = 1; seed <= 20; seed += 1) {
      const sim = new Simulation({ seed });
      const host = sim.host("a");
      await sim.run(() => Promise.all(["a", "b"].map((text) => host.reactor.files.append("/log", text))));
      found.add(host.disk.text("/log"));
    }
    assert.deepEqual([...found].sort(), ["ab", "ba"]);
  });

  test("are of no effect on an array that the caller changes later, nor on one that was read", async () => {
    const sim = new Simulation({ seed: 1 });
    const host = sim.host("a");
    const data = Uint8Array.of(1, 2);
    const written = host.reactor.files.write("/a", data);
    data[0] = 9;
    await sim.until(written);
    const read = await sim.until(host.reactor.files.read("/a"));
    read[1] = 9;
    assert.deepEqual([...host.disk.bytes("/a")], [1, 2]);
  });

  test("can be cancelled: an atomic write then leaves the old file, and nothing beside it", async () => {
    const sim = new Simulation({ seed: 1 });
    const host = sim.host("a", { disk: { latencyMs: 10, syncLatencyMs: 10 } });
    host.disk.put("/a", "old");
    const written = host.reactor.files.write("/a", "new", { atomic: true });
    const outcome = assert.rejects(Promise.resolve(written), { name: "AbortError" });
    await sim.advance(25);
    written.cancel();
    await sim.advance(100);
    await outcome;
    assert.equal(host.disk.text("/a"), "old");
    assert.deepEqual(
      host.disk.paths().filter((path) => path.startsWith("/a")),
      ["/a"],
    );
  });

  test("stamp files with the host's own wall clock", async () => {
    const sim = new Simulation({ seed: 1, wallStartMs: 1_000_000 });
    const host = sim.host("a", { disk: { latencyMs: 1 } });
    host.skewClock(500);
    await sim.run(() => host.reactor.files.append("/log", "x"));
    assert.equal((await sim.run(() => host.reactor.files.stat("/log"))).modifiedMs, 1_000_501);
  });
});

test("a latency that no disk can have is refused", () => {
  const sim = new Simulation({ seed: 1 });
  assert.throws(() => sim.host("a", { disk: { latencyMs: -1 } }), RangeError);
  assert.throws(() => sim.host("b", { disk: { syncLatencyMs: Number.NaN } }), RangeError);
});

/** A host on which `work` was done to its end, and power failed then. */
async function afterCrash(seed: number, work: (host: SimHost) => Promise<void>): Promise<SimHost> {
  const sim = new Simulation({ seed });
  const host = sim.host("a");
  await sim.run(() => work(host));
  host.crash();
  host.restart();
  return host;
}

async function filled(disk: DiskOptions): Promise<Filled> {
  const sim = new Simulation({ seed: 1 });
  const host = sim.host("a", { disk });
  const codeOf = async (act: () => PromiseLike<unknown>) => {
    try {
      await sim.run(act);
      return undefined;
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
  };
  return { host, codeOf };
}

interface Filled {
  readonly host: SimHost;
  readonly codeOf: (act: () => PromiseLike<unknown>) => Promise<unknown>;
}
