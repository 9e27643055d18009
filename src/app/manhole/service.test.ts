/** The service in this process, on real sockets; `test/cli/manhole.test.ts` has the command and terminals. */
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { captureLogs } from "../../core/log/observers.ts";
import { Protocol } from "../../core/protocol.ts";
import { NodeReactor } from "../../reactor/node-reactor.ts";
import { temporaryFolder, until } from "../../reactor/pair.fixture.test.ts";
import { MultiService } from "../multi-service.ts";
import { Service } from "../service.ts";
import { type ManholeOptions, ManholeService } from "./service.ts";

/** Against a hang. */
const LIMIT_MS = 60_000;
const folder = temporaryFolder();
const reactor = new NodeReactor();
let count = 0;

describe("the names that lines may use", { timeout: LIMIT_MS }, () => {
  test("stand for the living things, and changes last", async (t) => {
    const shop = await openShop();
    t.after(() => shop.stopService());
    const path = await open(t, { application: shop, names: { stock: shop.stock } });
    assert.match(await ask(path, "application.name"), /'shop'/);
    await ask(path, "services.till.taken = 5; stock.set('rope', 3)");
    assert.equal(shop.till.taken, 5);
    assert.equal(shop.stock.get("rope"), 3);
    assert.match(await ask(path, "services.till.taken"), /> 5\n/);
    assert.match(await ask(path, "reactor.now() > 0 && levels.enabled('x', 'info')"), /true/);
  });

  test("print the tree of services with their states, and find those that are deep in it", async (t) => {
    const shop = await openShop();
    t.after(() => shop.stopService());
    const path = await open(t, { application: shop });
    const said = await ask(path, "services", "services.lamp === services.hall.getServiceNamed('lamp')");
    assert.match(said, /> till \(running\)\nhall \(running\)\n {2}lamp \(running\)\n> true\n/);
  });

  test("list what the reactor holds, and give the protocols themselves", async (t) => {
    const guest = new Protocol();
    const port = await reactor.listenUnix({ path: join(folder, "guests") }, () => guest);
    const client = await reactor.connectUnix({ path: join(folder, "guests") }, () => new Protocol());
    t.after(async () => {
      client.transport.loseConnection();
      await port.stopListening();
    });
    await until(() => guest.transport !== undefined);
    const path = await open(t, { names: { guest } });
    assert.match(await ask(path, "connections()"), /connection of Protocol at unix:.*guests/);
    assert.match(await ask(path, "connections().includes(guest), holdings('port')"), /port unix:.*guests/);
    assert.match(await ask(path, "connections().includes(guest)"), /true/);
  });

  test("are the process's own built-ins, so that instanceof holds", async (t) => {
    const path = await open(t, { names: { map: new Map(), bytes: new Uint8Array(1), error: new TypeError("x") } });
    const line = "[map instanceof Map, bytes instanceof Uint8Array, error instanceof TypeError]";
    assert.match(await ask(path, line), /\[ true, true, true \]/);
  });

  test("are back after .clear", async (t) => {
    const path = await open(t, { names: { answer: 42 } });
    assert.match(await ask(path, "answer = 0", ".clear", "answer"), /> 42\n/);
  });
});

describe("lines", { timeout: LIMIT_MS }, () => {
  test("are answered one after another, whatever they wait for", async (t) => {
    const path = await open(t);
    const said = await ask(path, "await new Promise((done) => setTimeout(done, 20, 'first'))", "'second'");
    assert.match(said, /'first'.*'second'/s);
  });

  test("may await a Deferred, be several, and lack the last end", async (t) => {
    const path = await open(t, { names: { later: () => reactor.lookup("127.0.0.1") } });
    assert.match(await ask(path, "(await later())[0].host", "(() => {", "return 7", "})()"), /'127\.0\.0\.1'.*7/s);
  });

  test("that fail say so, and the next one is answered", async (t) => {
    const path = await open(t);
    const said = await ask(path, "nothing.x", "await Promise.reject(new Error('awaited'))", "((", ".break", "1 + 1");
    assert.match(said, /ReferenceError: nothing is not defined.*Uncaught Error: awaited.*> 2\n/s);
  });

  test("are in the log with the number of their session, as are visits", async (t) => {
    const path = await open(t);
    using logs = captureLogs();
    await ask(path, "1 + 1");
    await until(() => logs.messages.some((message) => message.startsWith("Session 1 closed")));
    assert.deepEqual(
      logs.events.map(({ namespace, level }) => `${namespace} ${level}`),
      ["ropewalk.manhole info", "ropewalk.manhole.lines info", "ropewalk.manhole info"],
    );
    assert.deepEqual(logs.messages.slice(0, 2), ["Session 1 opened", "Session 1: 1 + 1"]);
  });
});

describe("sessions", { timeout: LIMIT_MS }, () => {
  test("are several at once, with variables of their own and one process", async (t) => {
    const shared = { hits: 0 };
    const path = await open(t, { names: { shared } });
    const [ann, bob] = [await visit(t, path), await visit(t, path)];
    ann.socket.write("const mine = 'of ann'; shared.hits += 1\n");
    await until(() => ann.said.includes("> 1\n"));
    bob.socket.write("typeof mine + shared.hits\n");
    await until(() => bob.said.includes("'undefined1'"));
  });

  test("end with the service, be they in the middle of an await", async (t) => {
    const path = freshPath();
    const service = new ManholeService({ path });
    await service.startService(reactor);
    const visitor = await visit(t, path);
    visitor.socket.write("'waiting'; await new Promise(() => {})\n");
    await until(() => visitor.said.length > 0);
    await service.stopService();
    await visitor.ended;
    assert.match(visitor.said, /The manhole is closed\.\n$/);
  });

  test("that say nothing and leave are no trouble", async (t) => {
    const path = await open(t);
    (await visit(t, path)).socket.destroy();
    const visitor = await visit(t, path);
    visitor.socket.end();
    await visitor.ended;
    assert.match(await ask(path, "1 + 1"), /> 2\n/);
  });

  test("that begin with a record of nobody's are shown out", async (t) => {
    const path = await open(t);
    using logs = captureLogs();
    const visitor = await visit(t, path);
    visitor.socket.write(Buffer.from([0xff, 0x47, 0x45, 0x54, 0x0a]));
    await visitor.ended;
    assert.ok(logs.messages.includes("Session 1 began with GET, which is no word of a client's"));
  });

  test("whose one line has no end are ended when it has 4 MiB", async (t) => {
    const path = await open(t);
    using logs = captureLogs();
    const visitor = await visit(t, path);
    visitor.socket.on("error", () => undefined);
    visitor.socket.write("x".repeat(5 << 20));
    await visitor.closed;
    assert.ok(logs.messages.some((message) => /^Session 1 is ended: \d+ bytes in one line$/.test(message)));
  });

  test("that do not read what they are shown are ended at 64 MiB", async (t) => {
    const path = await open(t);
    using logs = captureLogs();
    const visitor = await visit(t, path);
    visitor.socket.on("error", () => undefined);
    visitor.socket.pause();
    visitor.socket.write("for (let n = 0; n < 80; n += 1) console.log('x'.repeat(1 << 20))\n");
    await until(() => logs.messages.some((message) => /bytes shown and not read$/.test(message)));
  });

  test("take Latin-1, NULs and half characters for what they are: mistakes of one line", async (t) => {
    const path = await open(t);
    const visitor = await visit(t, path);
    visitor.socket.write(Buffer.from([0xe9, 0x00, 0xc3, 0x0a]));
    visitor.socket.write("'fine'\n");
    await until(() => visitor.said.includes("> 'fine'"));
  });
});

describe("the socket", { timeout: LIMIT_MS }, () => {
  test("has mode 0600, whatever the umask, and goes with the service", async (t) => {
    const former = process.umask(0);
    t.after(() => process.umask(former));
    const path = freshPath();
    const service = new ManholeService({ path });
    await service.startService(reactor);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await service.stopService();
    assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
  });

  test("is refused where another manhole listens, and that one goes on", async (t) => {
    const path = await open(t);
    await assert.rejects(
      Promise.resolve(new ManholeService({ path }).startService(reactor)),
      /another program listens/,
    );
    assert.match(await ask(path, "1 + 1"), /> 2\n/);
  });

  test("can be opened again after a stop", async () => {
    const path = freshPath();
    const service = new ManholeService({ path });
    for (let round = 0; round < 2; round += 1) {
      await service.startService(reactor);
      assert.match(await ask(path, "1 + 1"), /> 2\n/);
      await service.stopService();
    }
  });

  test("costs nothing but itself until somebody comes: Node's REPL is not loaded", async (t) => {
    // The tests above have loaded it here; the list of built-ins that a child has loaded tells.
    const { execFileSync } = await import("node:child_process");
    const script = `
      const { NodeReactor } = await import(${JSON.stringify(new URL("../../reactor/node-reactor.js", import.meta.url).href)});
      const { ManholeService } = await import(${JSON.stringify(new URL("./service.js", import.meta.url).href)});
      const service = new ManholeService({ path: ${JSON.stringify(freshPath())} });
      await service.startService(new NodeReactor());
      console.log(process.moduleLoadList.includes("NativeModule repl"));
      await service.stopService();`;
    t.diagnostic("a child process");
    const args = ["--input-type=module", "--eval", script];
    assert.equal(execFileSync(process.execPath, args, { encoding: "utf8" }), "false\n");
  });
});

class Till extends Service {
  override name = "till";
  taken = 0;
  override startService(): void {}
  override stopService(): void {}
}

class Shop extends MultiService {
  readonly till: Till = new Till();
  readonly stock: Map<string, number> = new Map();
}

async function openShop(): Promise<Shop> {
  const shop = new Shop({ name: "shop" });
  const hall = new MultiService({ name: "hall" });
  const lamp = new Till();
  lamp.name = "lamp";
  await hall.addService(lamp);
  await shop.addService(shop.till);
  await shop.addService(hall);
  await shop.startService(reactor);
  return shop;
}

function freshPath(): string {
  count += 1;
  return join(folder, `m${count}`);
}

/** An open manhole; gives its path. */
async function open(t: TestContext, options: Partial<ManholeOptions> = {}): Promise<string> {
  const path = freshPath();
  const service = new ManholeService({ path, ...options });
  await service.startService(reactor);
  t.after(() => service.stopService());
  return path;
}

interface Visitor {
  readonly socket: Socket;
  readonly said: string;
  readonly ended: Promise<void>;
  readonly closed: Promise<void>;
}

async function visit(t: TestContext, path: string): Promise<Visitor> {
  const socket = connect({ path, allowHalfOpen: true });
  t.after(() => socket.destroy());
  let said = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const ended = new Promise<void>((resolve) => socket.once("end", resolve));
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await new Promise((resolve) => socket.once("connect", resolve));
  await until(() => said.includes("> "));
  return {
    socket,
    get said() {
      return said;
    },
    ended,
    closed,
  };
}

/** Sends lines, as `printf … | nc -NU` would, and gives all that comes back. */
function ask(path: string, ...lines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true });
    let said = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    socket.on("error", reject).on("end", () => resolve(said));
    socket.end(lines.join("\n"));
  });
}
