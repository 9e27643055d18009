/** memcache with those who made it: memcached as the server and as the oracle, pymemcache and libmemcached's tools as clients. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, type TestContext, test } from "node:test";
import fc from "fast-check";
import { connect } from "ropewalk";
import { backoff } from "ropewalk/endpoints";
import { type MemcacheOptions, MemcachePool, MemcacheProtocol, MemcacheServer } from "ropewalk/memcache";
import { Guest, reactor, serve, tcpPortOf, visitor } from "./support/guest.ts";
import { accepting, freePort, peerScript, temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, type Program, PYTHON, start } from "./support/program.ts";

const MEMCACHED = { skip: lacks("memcached"), timeout: FILE_LIMIT_MS };

describe("our client with memcached", MEMCACHED, () => {
  test("stores, finds, counts, touches and deletes", async (t) => {
    const { cache } = await dialled(t, (await memcached(t)).port);
    assert.equal(await cache.set("a", "hello", { flags: 7, ttlMs: 60_000 }), true);
    assert.deepEqual(shown(await cache.get("a")), ["hello", 7]);
    assert.equal(await cache.get("b"), undefined);
    assert.deepEqual([await cache.add("a", "x"), await cache.replace("b", "x")], [false, false]);
    assert.deepEqual([await cache.append("a", "!"), await cache.prepend("a", ">")], [true, true]);
    const item = await cache.gets("a");
    assert.deepEqual(shown(item), [">hello!", 7]);
    assert.equal(await cache.cas("a", "new", item?.cas ?? 0n), "stored");
    assert.equal(await cache.cas("a", "late", item?.cas ?? 0n), "exists");
    assert.equal(await cache.cas("b", "late", 1n), "not found");
    await cache.set("n", "18446744073709551615");
    assert.deepEqual([await cache.incr("n", 2), await cache.decr("n", 5n), await cache.incr("b")], [1n, 0n, undefined]);
    assert.deepEqual([await cache.touch("a", { ttlMs: 0 }), await cache.get("a")], [true, undefined]);
    assert.deepEqual([await cache.delete("n"), await cache.delete("n")], [true, false]);
    assert.deepEqual(shown(await cache.gat("a", {})), ["nothing", 0]);
    await cache.set("d", "", { expiresAtMs: Date.now() + 3_600_000 });
    assert.deepEqual(shown(await cache.gats("d", { ttlMs: 5_000 })), ["", 0]);
  });

  test("speaks meta commands", async (t) => {
    const { cache } = await dialled(t, (await memcached(t)).port);
    const set = await cache.metaSet("a", "hello", ["T60", "F7", "c"]);
    assert.deepEqual([set.code, set.flags.has("c")], ["HD", true]);
    const got = await cache.metaGet("a", ["v", "t", "f", "k", "Oabc"]);
    assert.deepEqual(
      [got.code, text(got.value), ...got.flags],
      ["VA", "hello", ["t", "60"], ["f", "7"], ["k", "a"], ["O", "abc"]],
    );
    assert.equal((await cache.metaGet("b", ["v"])).code, "EN");
    assert.equal((await cache.metaSet("a", "x", ["ME"])).code, "NS");
    assert.equal((await cache.metaSet("a", "x", ["C999999"])).code, "EX");
    assert.deepEqual(text((await cache.metaArithmetic("n", ["N0", "J13", "v"])).value), "13");
    assert.equal((await cache.metaDelete("a", ["I", "T30"])).code, "HD");
    assert.deepEqual([...(await cache.metaGet("a")).flags.keys()], ["X", "W"]);
  });

  test("keys of 250 bytes and values of all bytes up to its limit, at once and in order", async (t) => {
    const client = await dialled(t, (await memcached(t)).port);
    const { cache } = client;
    const large = Uint8Array.from({ length: 1_000_000 }, (_, i) => i % 256);
    const key = "é".repeat(125);
    const stored = Promise.all([...Array(2_000).keys()].map(async (i) => await cache.set(`k${i}`, String(i))));
    await cache.set(key, large);
    assert.deepEqual(new Uint8Array((await cache.get(key))?.value ?? []), large);
    assert.ok((await stored).every((was) => was));
    const items = await cache.getMany([...Array(2_001).keys()].map((i) => `k${i}`));
    assert.equal(items.size, 2_000);
    for (const [name, { value }] of items) assert.equal(`k${text(value)}`, name);
    await client.metaNoop();
    assert.equal(client.inFlight, 0);
  });

  test("tells its version and figures, flushes, and is refused without harm", async (t) => {
    const client = await dialled(t, (await memcached(t)).port);
    assert.match(await client.version(), /^\d+\.\d+\.\d+/);
    await client.cache.set("a", "text");
    await assert.rejects(async () => await client.cache.incr("a"), { name: "RemoteReplyError", code: "CLIENT_ERROR" });
    assert.equal((await client.stats()).get("curr_items"), "1");
    assert.ok((await client.stats("slabs")).size > 0);
    await client.flushAll();
    assert.equal(await client.cache.get("a"), undefined);
  });

  test("a value above its limit is its error, and the connection lives", async (t) => {
    const { port } = await memcached(t);
    const { cache } = await dialled(t, port, { limits: { maxValueBytes: 4 << 20 } });
    await assert.rejects(async () => await cache.set("a", "x".repeat(2 << 20)), { code: "SERVER_ERROR" });
    assert.equal(await cache.set("a", "x"), true);
  });
});

describe("our pool with memcached", MEMCACHED, () => {
  test("leaves a node out that dies, and takes it back when it is there again", async (t) => {
    const nodes = [await memcached(t), await memcached(t), await memcached(t)];
    const policy = backoff({ initialDelayMs: 20, maxDelayMs: 100 });
    const pool = new MemcachePool(
      reactor,
      nodes.map(({ port }) => `tcp:127.0.0.1:${port}`),
      { policy },
    );
    t.after(async () => await pool.stopService());
    pool.startService();
    const keys = [...Array(300).keys()].map((i) => `key${i}`);
    await Promise.all(keys.map(async (key) => await pool.set(key, key)));
    assert.equal((await pool.getMany(keys)).size, 300);
    const homes = keys.map((key) => pool.nodeOf(key));
    const [dying] = nodes;
    const name = `127.0.0.1:${dying?.port}`;
    await dying?.program.end();
    await until(() => pool.failedNodes.length === 1);
    assert.deepEqual(pool.failedNodes, [name]);
    const moved = keys.filter((key, i) => pool.nodeOf(key) !== homes[i]);
    assert.deepEqual(
      moved,
      keys.filter((_, i) => homes[i] === name),
    );
    for (const key of moved) assert.equal(await pool.set(key, "moved"), true);
    assert.equal((await pool.getMany(keys)).size, 300);
    await memcached(t, "-p", String(dying?.port));
    await until(() => pool.failedNodes.length === 0);
    assert.deepEqual(
      keys.map((key) => pool.nodeOf(key)),
      homes,
    );
    assert.equal((await pool.getMany(keys)).size, 300 - moved.length);
    await pool.flushAll();
    assert.equal((await pool.getMany(keys)).size, 0);
  });
});

describe("our server says what memcached says", MEMCACHED, () => {
  test("to programs of random commands on few keys", async (t) => {
    const theirs = await dialledPlain(t, (await memcached(t)).port);
    const ours = await dialledPlain(t, await ourServer(t));
    // Behind this, no item of either has the cas 1 that the programs ask for.
    for (const server of [theirs, ours]) await saidTo(server, `${"set z 0 0 1\r\nx\r\n".repeat(3)}mn\r\n`);
    await fc.assert(
      fc.asyncProperty(fc.array(COMMAND, { minLength: 1, maxLength: 30 }), async (commands) => {
        const program = `flush_all\r\n${commands.join("")}mn\r\n`;
        const [due, said] = [await saidTo(theirs, program), await saidTo(ours, program)];
        assert.equal(
          said,
          due,
          `to ${JSON.stringify(program)} ours says ${JSON.stringify(said)}, memcached ${JSON.stringify(due)}`,
        );
      }),
      { numRuns: 300, seed: 1, includeErrorInReport: true },
    );
  });
});

describe("clients of our server", { timeout: FILE_LIMIT_MS }, () => {
  test("pymemcache", { skip: lacks(PYTHON) }, async (t) => {
    const client = start(t, PYTHON, [peerScript("pymemcache_client.py"), String(await ourServer(t))]);
    assert.deepEqual(await client.finished(), { code: 0, signal: null }, client.err.text);
    assert.equal(client.out.text, "all is well\n");
  });

  test("memccp, memccat, memcexist, memctouch, memcrm, memcstat", { skip: lacks("memccp", "memccat") }, async (t) => {
    const servers = `--servers=127.0.0.1:${await ourServer(t)}`;
    const file = `${temporaryFolder(t)}/note`;
    writeFileSync(file, "a file as a value");
    const tool = async (name: string, ...args: string[]): Promise<Program> => {
      const program = start(t, name, [servers, ...args]);
      await program.finished();
      return program;
    };
    assert.equal((await (await tool("memccp", file)).exited).code, 0);
    assert.match((await tool("memccat", "note")).out.text, /^a file as a value/);
    assert.equal((await (await tool("memcexist", "note")).exited).code, 0);
    assert.equal((await (await tool("memctouch", "--expire=100", "note")).exited).code, 0);
    assert.match((await tool("memcstat")).out.text, /curr_items: 1\n/);
    await tool("memccat", `--file=${file}.copy`, "note");
    assert.equal(readFileSync(`${file}.copy`, "utf8"), "a file as a value");
    assert.equal((await (await tool("memcrm", "note")).exited).code, 0);
    assert.notEqual((await (await tool("memcexist", "note")).exited).code, 0);
  });
});

async function memcached(t: TestContext, ...args: string[]): Promise<{ port: number; program: Program }> {
  const given = args.indexOf("-p");
  const port = given === -1 ? await freePort() : Number(args[given + 1]);
  const program = start(t, "memcached", ["-l", "127.0.0.1", "-p", String(port), "-U", "0", "-u", "nobody", ...args]);
  await accepting(port);
  return { port, program };
}

async function ourServer(t: TestContext): Promise<number> {
  return tcpPortOf(await serve(t, reactor.listenTcp({ port: 0, host: "127.0.0.1" }, new MemcacheServer(reactor))));
}

async function dialled(t: TestContext, port: number, options: MemcacheOptions = {}): Promise<MemcacheProtocol> {
  return await connect(
    reactor,
    `tcp:127.0.0.1:${port}`,
    visitor(t, () => new MemcacheProtocol(reactor, options)),
  );
}

async function dialledPlain(t: TestContext, port: number): Promise<Guest> {
  return await connect(
    reactor,
    `tcp:127.0.0.1:${port}`,
    visitor(t, () => new Guest()),
  );
}

/** What a server answers to a program that ends with `mn`. */
async function saidTo(guest: Guest, program: string): Promise<string> {
  const from = guest.heard.text.length;
  guest.transport.writeLatin1(program);
  await guest.heard.until(new RegExp(`^[\\s\\S]{${from}}(?:[\\s\\S]*\\n)?MN\\r\\n$`));
  // The two clocks need not tick together.
  return guest.heard.text.slice(from).replaceAll(/ t\d+/g, " t~");
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((turn) => setTimeout(turn, 10));
}

/** memcached looks at the time, sets and tells it in the order of the flags; ours does so in this order, whatever theirs is. */
function timesInOrder(a: string, b: string): number {
  return "RNTt".indexOf(a.charAt(0)) - "RNTt".indexOf(b.charAt(0));
}

function shown(item: { value: Uint8Array; flags: number } | undefined): unknown {
  return item === undefined ? ["nothing", 0] : [text(item.value), item.flags];
}

function text(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}

const KEY = fc.constantFrom("a", "b", "n");
const VALUE = fc.constantFrom("", "x", "hello", "5", "18446744073709551614", "12x");
const NOREPLY = fc.constantFrom("", "", "", " noreply");
const EXPIRY = fc.constantFrom("0", "100", "-1", "1000000000", "2000000000", "x");
const FLAGS = fc.constantFrom("0", "7", "4294967295");
const DELTA = fc.constantFrom("1", "7", "18446744073709551615", "x");
const META_GET = fc.uniqueArray(fc.constantFrom("v", "t", "f", "s", "k", "q", "h", "Oab", "T50", "N40", "R60"), {
  selector: (flag) => flag[0],
  maxLength: 5,
});
const META_SET = fc.uniqueArray(
  fc.constantFrom("q", "k", "Oab", "T50", "F9", "ME", "MA", "MP", "MR", "MS", "C1", "I"),
  {
    selector: (flag) => flag[0],
    maxLength: 4,
  },
);
const META_DELETE = fc.uniqueArray(fc.constantFrom("q", "k", "Oab", "I", "T30", "C1"), {
  selector: (flag) => flag[0],
  maxLength: 4,
});
const META_COUNT = fc.uniqueArray(
  fc.constantFrom("q", "k", "Oab", "v", "t", "N20", "J5", "D3", "MI", "MD", "T60", "C1"),
  {
    selector: (flag) => flag[0],
    maxLength: 5,
  },
);
const COMMAND = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("set", "add", "replace", "append", "prepend"),
      KEY,
      FLAGS,
      fc.constantFrom("0", "100", "-1"),
      VALUE,
      NOREPLY,
    )
    .map(
      ([verb, key, flags, expiry, value, noreply]) =>
        `${verb} ${key} ${flags} ${expiry} ${value.length}${noreply}\r\n${value}\r\n`,
    ),
  fc
    .tuple(fc.constantFrom("get", "gat 100", "gat -1"), fc.array(KEY, { minLength: 1 }))
    .map(([verb, keys]) => `${verb} ${keys.join(" ")}\r\n`),
  fc
    .tuple(fc.constantFrom("incr", "decr"), KEY, DELTA, NOREPLY)
    .map((words) => `${words.slice(0, 3).join(" ")}${words[3]}\r\n`),
  fc.tuple(KEY, NOREPLY).map(([key, noreply]) => `delete ${key}${noreply}\r\n`),
  fc.tuple(KEY, EXPIRY, NOREPLY).map(([key, expiry, noreply]) => `touch ${key} ${expiry}${noreply}\r\n`),
  fc.tuple(KEY, META_GET).map(([key, flags]) => `${["mg", key, ...flags.toSorted(timesInOrder)].join(" ")}\r\n`),
  fc
    .tuple(KEY, VALUE, META_SET)
    .map(([key, value, flags]) => `${["ms", key, value.length, ...flags].join(" ")}\r\n${value}\r\n`),
  fc.tuple(KEY, META_DELETE).map(([key, flags]) => `${["md", key, ...flags].join(" ")}\r\n`),
  // memcached is not silent about a number that it makes.
  fc
    .tuple(
      KEY,
      META_COUNT.filter((flags) => !(flags.includes("q") && flags.includes("N20"))),
    )
    .map(([key, flags]) => `${["ma", key, ...flags.toSorted(timesInOrder)].join(" ")}\r\n`),
);
