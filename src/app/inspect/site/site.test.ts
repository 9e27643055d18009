import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LogLevels } from "../../../core/log/levels.ts";
import { Logger } from "../../../core/log/logger.ts";
import { LogPublisher } from "../../../core/log/publisher.ts";
import { Protocol } from "../../../core/protocol.ts";
import { Request } from "../../../protocols/web/message/request.ts";
import type { Response } from "../../../protocols/web/message/response.ts";
import { MemoryReactor } from "../../../testing/index.ts";
import { Application } from "../../application.ts";
import { Service } from "../../service.ts";
import { fakeVitals } from "../vitals.fixture.test.ts";
import { Watch } from "../watch.ts";
import { Access } from "./access.ts";
import { PageFiles } from "./page-files.ts";
import { LiveSite } from "./site.ts";

const TOKEN = "a-token-of-forty-three-characters-or-so";
const BEARER = { Authorization: `Bearer ${TOKEN}` };

describe("the token", () => {
  test("is asked for by everything that tells of the program", async () => {
    const world = new World();
    for (const path of ["/api/snapshot", "/api/events", "/metrics", "/nothing"]) {
      assert.equal((await world.ask(path)).status, 401, path);
      assert.equal((await world.ask(path)).headers.get("www-authenticate"), "Bearer");
    }
    assert.equal((await world.ask("/")).status, 401);
    assert.equal(await (await world.ask("/")).text(), "the locked page");
  });

  test("opens as a bearer, and a wrong one does not", async () => {
    const world = new World();
    assert.equal((await world.ask("/api/snapshot", { headers: BEARER })).status, 200);
    for (const token of ["", "x", `${TOKEN}x`, TOKEN.slice(1)]) {
      const headers = { Authorization: `Bearer ${token}` };
      assert.equal((await world.ask("/api/snapshot", { headers })).status, 401, token);
    }
  });

  test("in the link gives a cookie that opens, keeps to this site, and is not the token", async () => {
    const world = new World();
    const answer = await world.ask(`/?token=${encodeURIComponent(TOKEN)}`);
    const cookie = answer.headers.get("set-cookie") ?? "";
    assert.match(cookie, /^ropewalk-[\w-]{8}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    assert.ok(!cookie.includes(TOKEN));
    const headers = { Cookie: cookie.split(";")[0] as string };
    assert.equal(await (await world.ask("/", { headers })).text(), "the page");
    assert.equal((await world.ask("/api/snapshot", { headers })).status, 200);
  });

  test("in a link that is wrong gives no cookie", async () => {
    const answer = await new World().ask("/?token=wrong");
    assert.deepEqual([answer.status, answer.headers.get("set-cookie")], [401, null]);
  });

  test("has a cookie of another name for each program, so that two on a machine do not lock one another out", async () => {
    const [one, other] = [new World(), new World({ token: "another-token-of-some-length" })];
    const nameOf = async (world: World, token: string) =>
      (await world.ask(`/?token=${encodeURIComponent(token)}`)).headers.get("set-cookie")?.split("=")[0];
    assert.notEqual(await nameOf(one, TOKEN), await nameOf(other, "another-token-of-some-length"));
  });

  test("is not asked for by probes, nor by what the locked page looks like", async () => {
    const world = new World();
    await world.tree.startService(world.reactor);
    for (const path of ["/healthz", "/readyz", "/static/style.css"]) {
      assert.equal((await world.ask(path)).status, 200, path);
    }
  });
});

describe("foreign hosts and origins", () => {
  test("a name that somebody made to point here is refused, even with the token", async () => {
    const world = new World();
    for (const host of ["evil.example", "evil.example:9000", "localhost.evil.example", "127.0.0.1.evil.example", ""]) {
      assert.equal((await world.ask("/api/snapshot", { headers: { ...BEARER, Host: host } })).status, 421, host);
      assert.equal((await world.ask("/healthz", { headers: { Host: host } })).status, 421, host);
    }
  });

  test("localhost, any address, and the names that were allowed are let in", async () => {
    const world = new World({ hosts: ["Shop.internal"] });
    for (const host of ["localhost:9000", "127.0.0.1", "[::1]:9000", "10.0.0.7:80", "shop.internal:9000"]) {
      assert.equal((await world.ask("/api/snapshot", { headers: { ...BEARER, Host: host } })).status, 200, host);
    }
  });

  test("a page of another origin is refused, whatever it brings", async () => {
    const world = new World();
    for (const origin of ["http://evil.example", "http://127.0.0.1:8000", "null", "https://localhost"]) {
      const headers = { ...BEARER, Origin: origin };
      assert.equal((await world.ask("/api/snapshot", { headers })).status, 403, origin);
    }
    const own = { ...BEARER, Origin: "http://127.0.0.1:9000" };
    assert.equal((await world.ask("/api/snapshot", { headers: own })).status, 200);
  });

  test("a browser that says it asks for another site is refused, but for a link that is followed", async () => {
    const world = new World();
    const cross = { ...BEARER, "Sec-Fetch-Site": "cross-site" };
    assert.equal((await world.ask("/static/style.css", { headers: cross })).status, 403);
    assert.equal((await world.ask("/", { headers: { ...cross, "Sec-Fetch-Mode": "navigate" } })).status, 200);
  });
});

describe("an answer", () => {
  test("says that nothing foreign runs in the page, and that nobody may frame, sniff or keep it", async () => {
    const world = new World();
    for (const path of ["/", "/static/live.js", "/healthz", "/nothing"]) {
      const { headers } = await world.ask(path);
      assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'; script-src 'self';/);
      assert.doesNotMatch(headers.get("content-security-policy") ?? "", /unsafe/);
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("referrer-policy"), "no-referrer");
      assert.equal(headers.get("cache-control"), "no-store");
    }
  });

  test("is of no file that is not the page's", async () => {
    const world = new World();
    for (const path of [
      "/static/../package.json",
      "/static/%2e%2e/x",
      "/static/live.html",
      "/static/",
      "/static/nothing.js",
    ]) {
      assert.equal((await world.ask(path, { headers: BEARER })).status, 404, path);
    }
  });

  test("refuses other methods", async () => {
    const answer = await new World().ask("/api/snapshot", { method: "POST", headers: BEARER });
    assert.deepEqual([answer.status, answer.headers.get("allow")], [405, "GET, HEAD"]);
  });

  test("refuses an order, or a number, that there is none", async () => {
    const world = new World();
    for (const query of ["order=up", "connections=-1", "connections=a,b", "timers=1e3", "logAfter=x"]) {
      assert.equal((await world.ask(`/api/snapshot?${query}`, { headers: BEARER })).status, 400, query);
    }
  });
});

describe("the overview", () => {
  test("has the parts of the lists that are asked for", async () => {
    const world = new World();
    await world.reactor.listenTcp({ port: 80 }, () => new Protocol());
    for (let n = 0; n < 30; n += 1) world.reactor.dial(80);
    const { connections, timers } = await world.json("/api/snapshot?connections=20,5&timers=0,1");
    assert.deepEqual([connections.total, connections.offset, connections.items.length], [30, 20, 5]);
    assert.ok(timers.items.length <= 1);
  });

  test("has the log from where the reader is, and leaves out what is not wanted", async () => {
    const world = new World();
    for (const n of [1, 2, 3]) world.log.info("{n}", { n });
    world.reactor.advance(2_000);
    const { entries, lastId, samples } = await world.json("/api/snapshot?logAfter=2");
    assert.deepEqual(
      [entries.map(({ message }: { message: string }) => message), lastId, samples.length],
      [["3"], 3, 2],
    );
    const short = await world.json("/api/snapshot?log=0&samples=0");
    assert.deepEqual([short.entries, short.samples], [[], []]);
  });
});

describe("the stream", () => {
  test("says each second what is new, and each entry of the log once", async () => {
    const world = new World();
    world.log.info("before");
    const answer = await world.ask("/api/events", { headers: BEARER });
    world.reactor.advance(1_000);
    world.log.info("after");
    world.reactor.advance(2_000);
    world.site.close();
    const seconds = [...(await answer.text()).matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data as string));
    assert.deepEqual(
      seconds.map(({ entries }) => entries.map(({ message }: { message: string }) => message)),
      [["before"], ["after"], []],
    );
    assert.equal(seconds[0].sample.cpu, 0.25);
    assert.equal(seconds[0].services.name, "shop");
  });
});

describe("levels", () => {
  const headers = { ...BEARER, "Content-Type": "application/json", "X-Requested-With": "ropewalk" };
  const set = (world: World, body: unknown, more = headers) =>
    world.ask("/api/level", { method: "POST", headers: more, body: JSON.stringify(body) });

  test("are switched in the running logger", async () => {
    const world = new World();
    world.log.debug("no");
    assert.equal((await set(world, { namespace: "shop", level: "debug" })).status, 200);
    world.log.debug("yes");
    assert.deepEqual(
      world.watch.log.entriesAfter(0).map(({ message }) => message),
      ["yes"],
    );
  });

  test("are switched by nobody without the token, the field that forms cannot set, and JSON", async () => {
    const world = new World();
    const body = { namespace: "shop", level: "debug" };
    const without = (name: string) => Object.fromEntries(Object.entries(headers).filter(([field]) => field !== name));
    assert.equal((await set(world, body, without("Authorization") as typeof headers)).status, 401);
    assert.equal((await set(world, body, without("X-Requested-With") as typeof headers)).status, 403);
    assert.equal((await set(world, body, { ...headers, "Content-Type": "text/plain" })).status, 415);
    assert.equal((await world.ask("/api/level", { headers })).status, 405);
    assert.equal(world.watch.log.facts.levels["shop"], undefined);
  });

  test("that there are none, and bodies that are none, are refused with the reason", async () => {
    const world = new World();
    const loud = await set(world, { namespace: "shop", level: "loud" });
    assert.deepEqual([loud.status, /"loud" is not one of/.test(await loud.text())], [400, true]);
    for (const body of [null, [], { namespace: 1, level: "debug" }]) assert.equal((await set(world, body)).status, 400);
    const broken = await world.ask("/api/level", { method: "POST", headers, body: "{" });
    assert.equal(broken.status, 400);
  });
});

describe("health", () => {
  test("is good and ready when all runs, and says no more to strangers", async () => {
    const world = new World();
    await world.tree.startService(world.reactor);
    const answers = [await world.ask("/healthz"), await world.ask("/readyz")];
    assert.deepEqual(await Promise.all(answers.map((answer) => answer.json())), [{ ok: true }, { ready: true }]);
  });

  test("is not ready before the start", async () => {
    const answer = await new World().ask("/readyz");
    assert.deepEqual([answer.status, await answer.json()], [503, { ready: false }]);
  });

  test("is bad if a service says so, and who may look learns which", async () => {
    const world = new World();
    await world.tree.addService(new Unwell());
    await world.tree.startService(world.reactor);
    const stranger = await world.ask("/healthz");
    assert.deepEqual([stranger.status, await stranger.json()], [503, { ok: false }]);
    const friend = await (await world.ask("/healthz", { headers: BEARER })).json();
    assert.match(JSON.stringify(friend), /the bank is away/);
  });
});

describe("metrics", () => {
  test("are in the text format, the program's own among those of the process", async () => {
    const world = new World();
    await world.reactor.listenTcp({ port: 80 }, () => new Protocol());
    for (let n = 0; n < 3; n += 1) world.reactor.dial(80);
    world.log.warn("careful");
    await world.tree.startService(world.reactor);
    const answer = await world.ask("/metrics", { headers: BEARER });
    assert.match(answer.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
    const text = await answer.text();
    for (const line of [
      "ropewalk_connections 3",
      "ropewalk_ports 1",
      'ropewalk_service_state{service="shop",state="running"} 1',
      'ropewalk_log_events_total{level="warn"} 1',
    ]) {
      assert.ok(text.includes(`\n${line}\n`), line);
    }
    assert.match(text, /^process_resident_memory_bytes \d+$/m);
    assert.match(text, /^# TYPE ropewalk_log_events_total counter$/m);
  });

  test("are read anew for each scrape, and counters only grow", async () => {
    const world = new World();
    const scrape = async () => (await world.ask("/metrics", { headers: BEARER })).text();
    world.log.info("one");
    assert.match(await scrape(), /ropewalk_log_events_total\{level="info"\} 1\n/);
    world.log.info("two");
    assert.match(await scrape(), /ropewalk_log_events_total\{level="info"\} 2\n/);
  });
});

class Unwell extends Service {
  override startService(): void {}
  override stopService(): void {}
  override health(): { ok: boolean; detail: string } {
    return { ok: false, detail: "the bank is away" };
  }
}

class World {
  readonly reactor: MemoryReactor = new MemoryReactor();
  readonly publisher: LogPublisher = new LogPublisher(new LogLevels());
  readonly log: Logger = new Logger("shop", this.publisher);
  readonly watch: Watch;
  readonly tree: Application = new Application({ name: "shop" });
  readonly site: LiveSite;

  constructor({ token = TOKEN, hosts = [] }: { token?: string; hosts?: readonly string[] } = {}) {
    this.publisher.addObserver(() => {});
    this.watch = new Watch(this.reactor, { vitals: fakeVitals(), log: { publisher: this.publisher } });
    const { watch, tree } = this;
    this.site = new LiveSite(this.reactor, { tree, watch, access: new Access({ token, hosts }), files: FILES });
  }

  async ask(path: string, { headers, ...init }: Init = {}): Promise<Response> {
    const all = { Host: "127.0.0.1:9000", ...headers };
    return (await this.site.respond(
      new Request(`http://127.0.0.1:9000${path}`, { ...init, headers: all }),
    )) as Response;
  }

  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it says it reads
  async json(path: string): Promise<any> {
    return (await this.ask(path, { headers: BEARER })).json();
  }
}

interface Init {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const FILES = new PageFiles(
  new Map([
    ["live.html", "the page"],
    ["locked.html", "the locked page"],
    ["again.html", "the way in"],
    ["style.css", "a {}"],
    ["live.js", "1;"],
  ]),
);
