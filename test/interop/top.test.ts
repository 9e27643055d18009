/** `ropewalk top` in a terminal (tmux), in a pipe, and the doors of the live view that it looks through. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { describe, type TestContext, test } from "node:test";
import { ROOT } from "../../tools/tree.ts";
import { ownProgram, temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, type Program, start } from "./support/program.ts";

const TOP = `${ROOT}bin/ropewalk.js`;

describe("ropewalk top", { skip: lacks("nc"), timeout: 20 * FILE_LIMIT_MS }, () => {
  test("without a terminal prints everything once, of the one program that there is", async (t) => {
    const shop = await openShop(t);
    const customer = start(t, "nc", ["127.0.0.1", shop.till]);
    customer.write("tar\n");
    await customer.out.until("ordered tar");
    const seen = await ran(t, shop);
    assert.equal(seen.code, 0);
    assert.match(seen.out, /^shop, process \d+\n/);
    assert.match(
      seen.out,
      new RegExp(`127\\.0\\.0\\.1:${shop.till} .* 4B .*tcp > CountedProtocol > TimedProtocol > Till`),
    );
    assert.match(seen.out, /^running {5}front {2}\(MultiService\)$/m);
    assert.match(seen.out, /live-shop\.js:\d+/);
    assert.match(seen.out, /critical \[ropewalk\.deferred\] Unhandled error in Deferred/);
    assert.match(seen.out, /\[shop\.orders\] Order of tar/);
  });

  test("finds a program by its link, its port, its process and its pidfile", async (t) => {
    const shop = await openShop(t);
    const pidfile = `${shop.folder}/shop.pid`;
    writeFileSync(pidfile, `${shop.program.pid}\n`);
    const ways = [[shop.link], [new URL(shop.url).port], ["--pid", String(shop.program.pid)], ["--pidfile", pidfile]];
    for (const way of ways) {
      const { program } = JSON.parse((await ran(t, shop, "--json", ...way)).out);
      assert.deepEqual([program.name, program.pid], ["shop", shop.program.pid]);
    }
  });

  test("says what is wrong, and shows nothing to whoever has not the token", async (t) => {
    const shop = await openShop(t);
    const elsewhere = { ...shop, folder: temporaryFolder(t) };
    const wrong = await ran(t, elsewhere, `${shop.url}?token=wrong-and-long-enough`);
    assert.deepEqual([wrong.code, wrong.out], [1, ""]);
    assert.match(wrong.err, /the token is not the right one/);
    const none = await ran(t, elsewhere, shop.url);
    assert.equal(none.code, 2);
    assert.match(none.err, /without its token: give the whole link/);
    const nothing = await ran(t, elsewhere);
    assert.equal(nothing.code, 1);
    assert.match(nothing.err, /no program of yours runs with --inspect-port/);
    const stranger = await ran(t, shop, "--pid", "1");
    assert.match(stranger.err, /process 1: it has no live view of yours/);
  });

  test("asks which of several programs is meant", async (t) => {
    const folder = temporaryFolder(t);
    const shops = [await openShop(t, [], folder), await openShop(t, [], folder)];
    const seen = await ran(t, shops[0] as Shop);
    assert.equal(seen.code, 2);
    for (const { program } of shops) assert.match(seen.err, new RegExp(`--pid ${program.pid} {2}shop`));
  });

  test("forgets a program that has ended, however it ended", async (t) => {
    const shop = await openShop(t);
    shop.program.kill("SIGKILL");
    await shop.program.exited;
    assert.match((await ran(t, shop)).err, /no program of yours runs with --inspect-port/);
  });

  test("in a terminal shows what is new, takes keys, follows its size, and leaves the terminal as it was", {
    skip: lacks("tmux"),
  }, async (t) => {
    const shop = await openShop(t);
    using pane = new Pane(shop, `node ${TOP} top --interval 250ms; echo ENDED with $?`);
    await pane.until(/shop {2}process \d+ {2}up .* live/);
    await pane.until(/\(nobody is connected\)/);
    const customer = start(t, "nc", ["127.0.0.1", shop.till]);
    customer.write("tar\nfail\n");
    await pane.until(new RegExp(`127\\.0\\.0\\.1:${shop.till} .* 9B .*Till`));
    pane.keys("2");
    await pane.until(/\[2 services\][\s\S]*running +front {2}\(MultiService\)/);
    pane.keys("Tab");
    await pane.until(/\[3 ports 3\]/);
    pane.keys("4");
    await pane.until(/\[4 timers[\s\S]*live-shop\.js/);
    pane.keys("5");
    await pane.until(/Cannot write order to disk[\s\S]*Error: disk full/);
    pane.keys("6");
    await pane.until(/\[shop\.orders\] Order of fail/);
    pane.keys("1", "s", "s");
    await pane.until(/sorted: in/);
    pane.resize(60, 12);
    await pane.until(/^PEER +AGE +IN +OUT +WAITING/m);
    pane.keys("Space");
    await pane.until(/paused/);
    pane.keys("q");
    await pane.until(/ENDED with 0/);
    assert.doesNotMatch(pane.text, /connections/);
  });

  test("in a terminal waits for a program that is away", { skip: lacks("tmux") }, async (t) => {
    const shop = await openShop(t);
    using pane = new Pane(shop, `node ${TOP} top --interval 250ms; echo ENDED with $?`);
    await pane.until(/live/);
    shop.program.kill("SIGTERM");
    await shop.program.finished();
    await pane.until(/no answer/);
    pane.keys("q");
    await pane.until(/ENDED with 0/);
  });
});

describe("the doors of the live view", { timeout: 10 * FILE_LIMIT_MS }, () => {
  test("are shut to a wrong token, a foreign host and a foreign origin", async (t) => {
    const shop = await openShop(t);
    const bearer = { Authorization: `Bearer ${shop.token}` };
    const asked = (path: string, headers: Record<string, string>) => statusOf(shop, path, headers);
    assert.equal(await asked("/api/snapshot", bearer), 200);
    assert.equal(await asked("/metrics", bearer), 200);
    assert.equal(await asked("/api/snapshot", {}), 401);
    assert.equal(await asked("/api/snapshot", { Authorization: `Bearer ${shop.token}x` }), 401);
    assert.equal(await asked("/metrics", { Cookie: `ropewalk=${shop.token}` }), 401);
    assert.equal(await asked("/api/snapshot", { ...bearer, Host: "rebound.example" }), 421);
    assert.equal(await asked("/api/snapshot", { ...bearer, Origin: "http://evil.example" }), 403);
    assert.equal(await asked("/healthz", {}), 503);
    assert.equal(await asked("/readyz", {}), 503);
  });

  test("are on the loopback unless it is said otherwise", async (t) => {
    const twistd = [`${ROOT}bin/twistd.js`, "--inspect-port", "tcp:0", "echo", "--listen", "tcp:0:interface=127.0.0.1"];
    const program = start(t, process.execPath, twistd);
    assert.deepEqual(await program.finished(), { code: 1, signal: null });
    assert.match(
      program.err.text,
      /twistd: Cannot open the live view at "tcp:0": others than this machine may reach it/,
    );
    const open = await openShop(t, ["--inspect-anywhere", "--inspect-port", "tcp:0:interface=0.0.0.0"]);
    assert.equal(await statusOf(open, "/api/snapshot", { Authorization: `Bearer ${open.token}` }), 200);
  });

  test("take a token from a file, which is not logged then", async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(`${folder}/token`, "one-that-a-scraper-knows\n");
    const twistd = [`${ROOT}bin/twistd.js`, "--inspect-token", `${folder}/token`, "--inspect-port", "echo"];
    const env = { XDG_RUNTIME_DIR: folder };
    const program = start(t, process.execPath, [...twistd, "--listen", "tcp:0:interface=127.0.0.1"], { env });
    const [, url = ""] = await program.err.until(/Live view at (http:\S+)\n/);
    await program.err.until("Started");
    assert.ok(!program.err.text.includes("one-that-a-scraper-knows"));
    const headers = { Authorization: "Bearer one-that-a-scraper-knows" };
    assert.equal(await statusOf({ url }, "/metrics", headers), 200);
  });

  test("are at a UNIX socket, too", async (t) => {
    const folder = temporaryFolder(t);
    const twistd = [
      `${ROOT}bin/twistd.js`,
      "--inspect-port",
      `unix:${folder}/v.sock:mode=600`,
      "-f",
      ownProgram("live-shop"),
    ];
    const program = start(t, process.execPath, twistd, { env: { XDG_RUNTIME_DIR: folder } });
    await program.err.until("Started");
    const seen = await ran(t, { folder }, "--json");
    assert.equal(JSON.parse(seen.out).program.name, "shop");
  });

  test("are one for each worker, and take no port that all would share", async (t) => {
    const folder = temporaryFolder(t);
    const echo = ["echo", "--listen", "tcp:0:interface=127.0.0.1"];
    const twistd = [`${ROOT}bin/twistd.js`, "--workers", "2", "--inspect-port"];
    const env = { XDG_RUNTIME_DIR: folder };
    const program = start(t, process.execPath, [...twistd, ...echo], { env });
    await program.err.until(/Worker \d serves[\s\S]*Worker \d serves/);
    const pids = [...program.err.text.matchAll(/Worker \d serves: process (\d+)/g)].map(([, pid]) => Number(pid));
    for (const pid of pids) {
      const seen = await ran(t, { folder }, "--json", "--pid", String(pid));
      assert.equal(JSON.parse(seen.out).program.pid, pid);
    }
    const shared = start(t, process.execPath, [...twistd, "9", ...echo], { env });
    assert.equal((await shared.finished()).code, 1);
    assert.match(shared.err.text, /each of several processes has a view of its own, so leave the port out/);
  });

  test("do not hold up the end of the program while somebody looks", async (t) => {
    const shop = await openShop(t);
    const watcher = start(t, "sh", [
      "-c",
      `printf 'GET /api/events HTTP/1.1\\r\\nHost: localhost\\r\\nAuthorization: Bearer ${shop.token}\\r\\n\\r\\n' | nc 127.0.0.1 ${new URL(shop.url).port}`,
    ]);
    await watcher.out.until("event: second");
    shop.program.kill("SIGTERM");
    assert.deepEqual(await shop.program.finished(), { code: 0, signal: null });
    assert.doesNotMatch(shop.program.err.text, /abort/i);
  });
});

interface Shop {
  readonly program: Program;
  readonly folder: string;
  readonly link: string;
  readonly url: string;
  readonly token: string;
  /** The port that takes orders. */
  readonly till: string;
}

async function openShop(
  t: TestContext,
  where: readonly string[] = ["--inspect-port"],
  folder: string = temporaryFolder(t),
): Promise<Shop> {
  const options = where.length === 0 ? ["--inspect-port"] : where;
  const twistd = [`${ROOT}bin/twistd.js`, ...options, "-f", ownProgram("live-shop")];
  const program = start(t, process.execPath, twistd, { env: { XDG_RUNTIME_DIR: folder } });
  const [, till = ""] = await program.err.until(/Listening on 127\.0\.0\.1:(\d+)/);
  const [, link = "", url = "", token = ""] = await program.err.until(/Live view at ((http:\S+?)\?token=(\S+))/);
  await program.err.until("Started");
  return { program, folder, link, url, token, till };
}

/** `ropewalk top` in a pipe. */
async function ran(
  t: TestContext,
  { folder }: Pick<Shop, "folder">,
  ...words: readonly string[]
): Promise<{ code: number | null; out: string; err: string }> {
  const program = start(t, process.execPath, [TOP, "top", ...words], { env: { XDG_RUNTIME_DIR: folder } });
  const { code } = await program.finished();
  return { code, out: Buffer.from(program.out.text, "latin1").toString(), err: program.err.text };
}

function statusOf({ url }: Pick<Shop, "url">, path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(new URL(path, url), { headers }, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode ?? 0));
    });
    asked.on("error", reject).end();
  });
}

/** A terminal of tmux, with a server of its own. */
class Pane implements Disposable {
  readonly #socket: string;

  constructor({ folder }: Shop, command: string) {
    this.#socket = `${folder}/tmux`;
    const env = { ...process.env, XDG_RUNTIME_DIR: folder, LC_ALL: "C.UTF-8", TERM: "xterm-256color" };
    const shell = `${command}; sleep 600`;
    execFileSync("tmux", ["-u", "-S", this.#socket, "new-session", "-d", "-x", "130", "-y", "30", shell], { env });
  }

  [Symbol.dispose](): void {
    this.#tmux("kill-server");
  }

  get text(): string {
    return this.#tmux("capture-pane", "-p");
  }

  keys(...keys: readonly string[]): void {
    this.#tmux("send-keys", ...keys);
  }

  resize(columns: number, rows: number): void {
    this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** Waits for what the terminal shows. */
  async until(pattern: RegExp): Promise<void> {
    for (let left = PROBES; !pattern.test(this.text); left -= 1) {
      assert.ok(left > 0, `The terminal never showed ${pattern}; it shows:\n${this.text}`);
      await new Promise((resolve) => setTimeout(resolve, PROBE_INTERVAL_MS));
    }
  }

  #tmux(...words: readonly string[]): string {
    return execFileSync("tmux", ["-u", "-S", this.#socket, ...words], { encoding: "utf8" });
  }
}

/** A minute, against hangs. */
const PROBES = 600;
const PROBE_INTERVAL_MS = 100;
