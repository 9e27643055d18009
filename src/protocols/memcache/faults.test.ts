/** memcache on a simulated network: links that lose and delay, connections that are reset or cut, servers that die and come back. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { backoff } from "../../endpoints/backoff.ts";
import { connect } from "../../endpoints/connect.ts";
import { type LinkOptions, type SimHost, Simulation } from "../../sim/index.ts";
import { MemcachePool, type MemcachePoolOptions } from "./pool/client.ts";
import { MemcacheProtocol } from "./protocol.ts";
import { MemcacheServer } from "./server.ts";

describe("one connection on a bad network", () => {
  for (const link of [{ loss: 0.05 }, { jitterMs: 30, loss: 0.02 }, { bytesPerSecond: 200_000, queueBytes: 20_000 }]) {
    test(`answers every request with its own value, over ${JSON.stringify(link)}`, async () => {
      for (let seed = 1; seed <= 5; seed += 1) {
        const { sim, client } = await oneServer({ latencyMs: 5, ...link }, seed);
        const answers: string[] = [];
        for (let i = 0; i < 200; i += 1) {
          client.cache.set(`k${i}`, `${i}`.repeat(i));
          client.cache.get(`k${i}`).addCallback((item) => void answers.push(new TextDecoder().decode(item?.value)));
        }
        await sim.until(() => client.inFlight === 0, { withinMs: 60_000 });
        assert.deepEqual(
          answers,
          Array.from({ length: 200 }, (_, i) => `${i}`.repeat(i)),
        );
      }
    });
  }

  test("that is reset at whatever moment: each request is answered rightly or fails, and none is left", async () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const { sim, client } = await oneServer({ latencyMs: 5 }, seed);
      let segments = 0;
      using _rule = sim.rule(() => {
        segments += 1;
        return segments === seed ? { reset: true } : undefined;
      });
      const results: string[] = [];
      for (let i = 0; i < 100; i += 1) {
        client.cache.set(`k${i}`, "x".repeat(1_000)).addBoth((result) => void results.push(String(result)));
        client.cache.incr("none").addBoth((result) => void results.push(String(result)));
      }
      await sim.until(() => results.length === 200, { withinMs: 30_000 });
      const failed = results.findIndex((result) => result.startsWith("ConnectionLost"));
      const answered = failed === -1 ? results : results.slice(0, failed);
      assert.ok(answered.every((result, i) => result === (i % 2 === 0 ? "true" : "undefined")));
      if (failed !== -1) assert.ok(results.slice(failed).every((result) => result.startsWith("ConnectionLost")));
      assert.equal(client.inFlight, 0);
    }
  });

  test("that is cut: what waits fails after timeoutMs, with a TimeoutError", async () => {
    const { sim, client } = await oneServer({ latencyMs: 5 }, 1);
    using _cut = sim.rule(() => ({ lose: "cut" }));
    const start = sim.nowMs;
    let failure: Error | undefined;
    client.cache.get("a").addErrback((error: Error) => {
      failure = error;
    });
    await sim.until(() => failure !== undefined, { withinMs: 20_000 });
    assert.equal(failure?.name, "TimeoutError");
    assert.equal(Math.round(sim.nowMs - start), 5_000);
  });
});

describe("a pool", () => {
  test("gives the keys of a node that dies to the others, and back when it is there again", async () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const { sim, pool, hosts } = await pooled(seed);
      const keys = Array.from({ length: 60 }, (_, i) => `key${i}`);
      await sim.run(async () => {
        for (const key of keys) await pool.set(key, key);
      });
      const homes = keys.map((key) => pool.nodeOf(key));
      assert.deepEqual([...new Set(homes)].sort(), ["one", "three", "two"]);
      hosts[1]?.kill();
      await sim.until(() => pool.failedNodes.length === 1 || ask(pool), { withinMs: 30_000 });
      assert.deepEqual(pool.failedNodes, ["two"]);
      assert.ok(keys.every((key, i) => pool.nodeOf(key) === homes[i] || homes[i] === "two"));
      await sim.run(async () => {
        const items = await pool.getMany(keys);
        assert.deepEqual([...items.keys()].sort(), keys.filter((_, i) => homes[i] !== "two").sort());
        for (const key of keys) assert.equal(await pool.set(key, "again"), true);
      });
      hosts[1]?.restart();
      await sim.run(async () => await serve(hosts[1] as SimHost));
      await sim.until(() => pool.failedNodes.length === 0, { withinMs: 120_000 });
      assert.deepEqual(
        keys.map((key) => pool.nodeOf(key)),
        homes,
      );
      await sim.run(async () => await pool.stopService());
    }
  });

  test("waits for its first connections, and goes to other nodes for one that is not there", async () => {
    const { sim, pool, hosts } = await pooled(1, {}, false);
    hosts[0]?.kill();
    pool.startService();
    await sim.run(async () => {
      const keys = Array.from({ length: 30 }, (_, i) => `key${i}`);
      await Promise.all(keys.map(async (key) => assert.equal(await pool.set(key, key), true)));
      assert.equal((await pool.getMany(keys)).size, 30);
    });
    assert.deepEqual(pool.failedNodes, ["one"]);
  });

  test("leaves a node out that takes connections and does not answer, for longer each time", async () => {
    const { sim, pool } = await pooled(1, {
      timeoutMs: 500,
      policy: backoff({ initialDelayMs: 1_000, factor: 2, jitter: 0 }),
    });
    using _deaf = sim.rule(({ from, data }) => (from.name === "two" && data.length > 0 ? { lose: "deaf" } : undefined));
    let failures: string[] = [];
    const keys = Array.from({ length: 60 }, (_, i) => `key${i}`);
    for (const key of keys) pool.get(key).addErrback((error: Error) => void failures.push(error.name));
    await sim.until(() => failures.length > 0, { withinMs: 5_000 });
    assert.ok(failures.every((name) => name === "TimeoutError"));
    failures = [];
    for (let second = 0; second < 30; second += 1) {
      for (const key of keys) pool.get(key).addErrback((error: Error) => void failures.push(error.name));
      await sim.advance(1_000);
    }
    assert.deepEqual(failures, []);
    assert.deepEqual(pool.failedNodes, ["two"]);
  });

  test("without a node that could be asked says so, and with failover off for the keys of one that failed", async () => {
    const all = await pooled(1);
    for (const host of all.hosts) host.kill();
    await all.sim.until(() => all.pool.failedNodes.length === 3 || ask(all.pool), { withinMs: 30_000 });
    await assert.rejects(
      all.sim.run(async () => await all.pool.get("a")),
      { name: "NoNodeError", message: /one, two, three failed/ },
    );
    await assert.rejects(
      all.sim.run(async () => await all.pool.flushAll()),
      { name: "NoNodeError" },
    );
    const fixed = await pooled(1, { failover: false });
    const key = Array.from({ length: 50 }, (_, i) => `key${i}`).find((each) => fixed.pool.nodeOf(each) === "two") ?? "";
    fixed.hosts[1]?.kill();
    await fixed.sim.until(() => fixed.pool.failedNodes.length === 1 || ask(fixed.pool), { withinMs: 30_000 });
    await assert.rejects(
      fixed.sim.run(async () => await fixed.pool.get(key)),
      { name: "NoNodeError" },
    );
    assert.equal(fixed.pool.nodeOf(key), undefined);
  });

  test("tells the figures of each node, and stops with what waits", async () => {
    const { sim, pool } = await pooled(1);
    const stats = await sim.run(async () => await pool.stats());
    assert.deepEqual([...stats.keys()], ["one", "two", "three"]);
    assert.ok([...stats.values()].every((figures) => figures.get("curr_connections") === "1"));
    let failure: Error | undefined;
    pool.get("a").addErrback((error: Error) => {
      failure = error;
    });
    await sim.run(async () => await pool.stopService());
    assert.equal(failure?.name, "ConnectionDone");
    await assert.rejects(
      sim.run(async () => await pool.get("a")),
      { name: "NoNodeError" },
    );
    pool.startService();
    assert.equal(await sim.run(async () => await pool.set("a", "x")), true);
  });

  test("refuses no nodes, two of one name, and weights that are none", () => {
    const { reactor } = new Simulation({ seed: 1 }).host("client");
    assert.throws(() => new MemcachePool(reactor, []), /without nodes/);
    assert.throws(() => new MemcachePool(reactor, ["tcp:a:11211", "tls:a:11211"]), /a, a: each node needs a name/);
    assert.throws(() => new MemcachePool(reactor, [{ endpoint: "tcp:a:1", weight: 0 }]), /weight 0/);
    assert.deepEqual(new MemcachePool(reactor, ["tcp:a:11211", "tcp:b:1", "unix:c"]).nodeNames, ["a", "b:1", "unix:c"]);
  });
});

/** A request to each node, so that one that is gone is found out; false. */
function ask(pool: MemcachePool): boolean {
  for (let i = 0; i < 30; i += 1) pool.get(`key${i}`).addErrback(() => {});
  return false;
}

async function oneServer(link: LinkOptions, seed: number): Promise<{ sim: Simulation; client: MemcacheProtocol }> {
  const sim = new Simulation({ seed });
  const [here, server] = [sim.host("client"), sim.host("server")];
  sim.link("client", "server", link);
  await sim.run(async () => await serve(server));
  const client = await sim.run(
    async () => await connect(here.reactor, "tcp:server:11211", () => new MemcacheProtocol(here.reactor)),
  );
  return { sim, client };
}

async function pooled(
  seed: number,
  options: MemcachePoolOptions = {},
  isStarted: boolean = true,
): Promise<{ sim: Simulation; pool: MemcachePool; hosts: readonly SimHost[] }> {
  const sim = new Simulation({ seed });
  const client = sim.host("client");
  const hosts = ["one", "two", "three"].map((name) => sim.host(name));
  for (const host of hosts) {
    sim.link("client", host.name, { latencyMs: 2 });
    await sim.run(async () => await serve(host));
  }
  const pool = new MemcachePool(
    client.reactor,
    hosts.map(({ name }) => `tcp:${name}:11211`),
    options,
  );
  if (isStarted) {
    pool.startService();
    await sim.run(async () => await pool.stats());
  }
  return { sim, pool, hosts };
}

async function serve({ reactor }: SimHost): Promise<void> {
  await reactor.listenTcp({ port: 11_211 }, new MemcacheServer(reactor));
}
