import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { listen } from "ropewalk";
import type { News } from "ropewalk/chat";
import { type Person, Room } from "ropewalk/chat";
import { MemoryReactor } from "ropewalk/testing";
import { type Answer, Request } from "ropewalk/web";
import { connectWebSocket, WebSocketProtocol } from "ropewalk/websocket";
import { BannerFile } from "../banner.ts";
import { Ledger } from "../ledger.ts";
import { Pages } from "./pages.ts";
import { ChatSite } from "./site.ts";

const HOST = "http://127.0.0.1:8080";
const BANNER = "/banner.txt";

/** Who listens, and what was heard. */
class Ear implements Person {
  readonly name: string;
  readonly transport = { peer: { kind: "unix", path: "" } } as const;
  readonly news: News[] = [];
  out = "";

  constructor(name: string) {
    this.name = name;
  }

  hear(news: News): void {
    this.news.push(news);
  }

  sendAway(line: string): void {
    this.out = line;
  }
}

/** A site with short pages, and one person in its room. */
function open() {
  const reactor = new MemoryReactor({ network: true });
  const room = new Room();
  const house = { reactor, room, ledger: new Ledger(room, reactor), banner: new BannerFile(reactor.files, BANNER) };
  const names = ["chat", "dashboard", "locked", "again"] as const;
  const pages = new Pages(new Map(names.map((name) => [name, `page ${name}`])));
  const site = new ChatSite(house, pages, { isSecure: false, folder: "/static/" });
  const ann = new Ear("Ann");
  room.enter(ann);
  let cookie = "";
  const ask = async (path: string, init: { method?: string; headers?: Record<string, string>; body?: string } = {}) => {
    const headers = { Host: "127.0.0.1:8080", ...(cookie !== "" && { Cookie: cookie }), ...init.headers };
    return await site.respond(new Request(`${HOST}${path}`, { ...init, headers }));
  };
  const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    ask(path, { method: "POST", headers: { ...INTENT, ...headers }, body: JSON.stringify(body) });
  const logIn = async (): Promise<string> => {
    const path = site.loginPath();
    const answer = await ask(path);
    cookie = (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    return path;
  };
  return { reactor, room, house, pages, site, ann, ask, post, logIn };
}

const INTENT = { Origin: HOST, "Content-Type": "application/json", "X-Requested-With": "chat" };

describe("every answer of the site", () => {
  for (const [path, status] of [
    ["/", 200],
    ["/dashboard", 401],
    ["/login?token=guess", 401],
    ["/dashboard/overview", 401],
    ["/nothing", 404],
    ["/static/../../etc/passwd", 404],
    ["/static/nothing.js", 404],
    ["/chat", 426],
  ] as const) {
    test(`has a policy without exceptions: ${path}`, async () => {
      const answer = await open().ask(path);
      assert.equal(answer.status, status);
      const policy = answer.headers.get("content-security-policy") ?? "";
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; /);
      assert.match(policy, /form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/);
      assert.doesNotMatch(policy, /unsafe|\*/);
      assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
      assert.equal(answer.headers.get("referrer-policy"), "no-referrer");
    });
  }
});

describe("the login", () => {
  test("by the link gives a cookie that scripts and other sites do not get, and the dashboard", async () => {
    const { site, ask, logIn } = open();
    const answer = await ask(site.loginPath());
    assert.deepEqual([answer.status, answer.headers.get("location")], [303, "/dashboard"]);
    assert.match(answer.headers.get("set-cookie") ?? "", /^chat-admin=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    await logIn();
    assert.equal(await (await ask("/dashboard")).text(), "page dashboard");
  });

  test("works once, and a newer link ends an older one", async () => {
    const { site, ask, logIn } = open();
    const used = await logIn();
    assert.equal((await ask(used)).status, 401);
    const older = site.loginPath();
    site.loginPath();
    assert.equal((await ask(older)).status, 401);
  });

  test("is over for a link after fifteen minutes, and for a session after twelve hours", async () => {
    const { reactor, site, ask, logIn } = open();
    const link = site.loginPath();
    reactor.advance(900_000);
    assert.equal((await ask(link)).status, 401);
    await logIn();
    reactor.advance(43_199_999);
    assert.equal((await ask("/dashboard")).status, 200);
    reactor.advance(1);
    assert.equal((await ask("/dashboard")).status, 401);
  });

  test("over TLS gives a cookie that is never sent without", async () => {
    const { house, pages } = open();
    const site = new ChatSite(house, pages, { isSecure: true });
    const answer = await site.respond(new Request(`${HOST}${site.loginPath()}`));
    assert.match(answer.headers.get("set-cookie") ?? "", /^__Host-chat-admin=[^;]+; Path=\/; Secure; HttpOnly/);
  });

  test("is not used up by a HEAD, as those send who only look", async () => {
    const { site, ask } = open();
    const link = site.loginPath();
    await ask(link, { method: "HEAD" });
    assert.equal((await ask(link)).status, 303);
  });

  test("ends with the logout, and so does what the session listens to", async () => {
    const { ask, post, logIn } = open();
    await logIn();
    const events = await ask("/dashboard/events");
    const answer = await post("/dashboard/logout", {});
    assert.match(answer.headers.get("set-cookie") ?? "", /^chat-admin=; Max-Age=0/);
    assert.equal((await ask("/dashboard")).status, 401);
    assert.match(await events.text(), /^retry: /);
  });

  test("sends a browser that comes from another site round once more, since it keeps the cookie back", async () => {
    const { ask } = open();
    const answer = await ask("/dashboard", { headers: { "Sec-Fetch-Site": "cross-site" } });
    assert.equal(await answer.text(), "page again");
  });
});

describe("the dashboard", () => {
  test("is nobody's without a session: nothing is shown, and nothing done", async () => {
    const { ask, post, room, ann } = open();
    for (const path of ["overview", "events"]) assert.equal((await ask(`/dashboard/${path}`)).status, 401);
    for (const path of ["announce", "banner", "kick"]) {
      assert.equal((await post(`/dashboard/${path}`, { text: "x", name: "Ann", reason: "" })).status, 401);
    }
    assert.deepEqual([ann.news, ann.out, room.banner], [[], "", ""]);
  });

  for (const [what, headers, status] of [
    ["a page of another site", { Origin: "http://evil.example" }, 403],
    ["a page of another port", { Origin: "http://127.0.0.1:8081" }, 403],
    ["a page that hides where it is from", { Origin: "null" }, 403],
    ["a form, which has no field of its own", { "X-Requested-With": "" }, 403],
    ["a form's type", { "Content-Type": "text/plain" }, 415],
  ] as const) {
    test(`does nothing for ${what}, session or not`, async () => {
      const { post, logIn, ann } = open();
      await logIn();
      assert.equal((await post("/dashboard/announce", { text: "x" }, headers)).status, status);
      assert.deepEqual(ann.news, []);
    });
  }

  test("does nothing for a request without an Origin", async () => {
    const { ask, logIn, ann } = open();
    await logIn();
    const { Origin: _, ...headers } = INTENT;
    assert.equal((await ask("/dashboard/announce", { method: "POST", headers, body: '{"text":"x"}' })).status, 403);
    assert.deepEqual(ann.news, []);
  });

  test("changes nothing for GET", async () => {
    const { ask, logIn } = open();
    await logIn();
    for (const path of ["announce", "banner", "kick", "logout"]) {
      assert.equal((await ask(`/dashboard/${path}`)).status, 405);
    }
  });

  for (const body of ["", "{", "[]", "null", '"x"', "{}", '{"text":1}', JSON.stringify({ text: "x".repeat(501) })]) {
    test(`refuses to announce ${body.slice(0, 20) || "nothing"}`, async () => {
      const { ask, logIn, ann } = open();
      await logIn();
      const answer = await ask("/dashboard/announce", { method: "POST", headers: INTENT, body });
      assert.equal(answer.status, 400);
      assert.deepEqual(ann.news, []);
    });
  }

  test("announces, and kicks with a reason", async () => {
    const { post, logIn, ann, room } = open();
    await logIn();
    assert.equal((await post("/dashboard/announce", { text: " tea\u001b " })).status, 204);
    assert.equal((await post("/dashboard/kick", { name: "Ann", reason: "late" })).status, 204);
    assert.deepEqual(ann.news, [{ kind: "announced", text: "tea" }]);
    assert.deepEqual([ann.out, room.members.size], ["You were shown the door: late", 0]);
    assert.equal((await post("/dashboard/kick", { name: "Ann", reason: "" })).status, 404);
  });

  test("keeps a banner before it hangs it up", async () => {
    const { post, logIn, room, reactor } = open();
    await logIn();
    const answer = await post("/dashboard/banner", { text: "Tea\r\nat five\u0007\n" });
    assert.deepEqual(await answer.json(), { banner: "Tea\nat five" });
    assert.equal(await reactor.files.readText(BANNER), "Tea\nat five\n");
    assert.equal(room.banner, "Tea\nat five");
  });

  test("hangs nothing up that cannot be kept", async () => {
    const { post, logIn, room, reactor, ann } = open();
    await logIn();
    await reactor.files.makeDirectory(BANNER);
    const answer = await post("/dashboard/banner", { text: "Tea" });
    assert.equal(answer.status, 500);
    assert.match(await answer.text(), /^Cannot keep the banner: .*EISDIR/);
    assert.deepEqual([room.banner, ann.news], ["", []]);
  });

  test("shows who is here and what happened, and then what happens, and each second", async () => {
    const { ask, logIn, room, reactor, ann, site } = open();
    await logIn();
    const overview = (await (await ask("/dashboard/overview")).json()) as Record<string, unknown[]>;
    assert.deepEqual(overview["people"]?.[0], {
      name: "Ann",
      peer: "unix:(unnamed)",
      sinceMs: reactor.wallTimeMs(),
      messages: 0,
      idleMs: 0,
    });
    const events = await ask("/dashboard/events");
    room.say(ann, "<b>hello</b>");
    reactor.advance(1_000);
    site.close();
    const text = await events.text();
    assert.match(text, /event: entry\ndata: \{"id":2,.*"news":\{"kind":"said","name":"Ann","text":"<b>hello<\/b>"\}\}/);
    assert.match(text, /event: pulse\ndata: \{.*"sample":\{"messages":1,"people":1,"connections":0\}\}/);
  });
});

describe("a visitor with a browser", () => {
  test("reads the banner, enters, and hears and is heard", async () => {
    const { visit, room, ann } = await openPort();
    room.hang("Tea");
    const dora = await visit();
    dora.say({ type: "enter", name: " Dora " });
    dora.say({ type: "say", text: "<i>hi</i>\u001b" });
    room.say(ann, "hello");
    dora.settle();
    assert.deepEqual(dora.words[0], { type: "banner", text: "Tea" });
    const { key, ...entered } = dora.words[1] as Record<string, unknown>;
    assert.deepEqual(entered, { type: "entered", name: "Dora", here: ["Ann"] });
    assert.equal(String(key).length, 22);
    assert.deepEqual(
      dora.words.slice(2).map(({ news }) => news),
      [
        { kind: "said", name: "Dora", text: "<i>hi</i>" },
        { kind: "said", name: "Ann", text: "hello" },
      ],
    );
    assert.deepEqual(ann.news.slice(1), [
      { kind: "came", name: "Dora" },
      { kind: "said", name: "Dora", text: "<i>hi</i>" },
      { kind: "said", name: "Ann", text: "hello" },
    ]);
  });

  test("is told when a name is taken, and takes the place of a lost connection of their own only", async () => {
    const { visit, room } = await openPort();
    const first = await visit();
    first.say({ type: "enter", name: "Dora" });
    const key = String(first.words[1]?.["key"]);
    const second = await visit();
    for (const wrong of [undefined, "guess"]) second.say({ type: "enter", name: "Dora", key: wrong });
    assert.deepEqual(second.words.slice(1), [
      { type: "refused", problem: "Dora is here already." },
      { type: "refused", problem: "Dora is here already." },
    ]);
    second.say({ type: "enter", name: "Dora", key });
    assert.equal(second.words.at(-1)?.["type"], "entered");
    assert.equal(first.words.at(-1)?.["type"], "out");
    assert.deepEqual([room.members.size, room.connections], [2, 1]);
  });

  test("is asked to slow down, and one who does not is cut off", async () => {
    const { visit, ann } = await openPort();
    const dora = await visit();
    dora.say({ type: "enter", name: "Dora" });
    for (let count = 0; count < 10; count += 1) dora.say({ type: "say", text: String(count) });
    assert.equal(ann.news.filter(({ kind }) => kind === "said").length, 7);
    assert.match(String(dora.words.at(-1)?.["problem"]), /too fast/);
    for (let count = 0; count < 30; count += 1) dora.say({ type: "say", text: String(count) });
    assert.deepEqual([dora.code, ann.news.at(-1)?.kind], [1008, "left"]);
  });

  for (const message of ["", "{", "null", "[]", '{"type":"say"}', '{"type":"enter","name":{}}', '{"type":"kick"}']) {
    test(`is cut off for ${JSON.stringify(message)}`, async () => {
      const dora = await (await openPort()).visit();
      dora.sendMessage(message);
      dora.settle();
      assert.equal(dora.code, 1008);
    });
  }

  test("may not say too much at once", async () => {
    const { visit, ann } = await openPort();
    const dora = await visit();
    dora.say({ type: "enter", name: "Dora" });
    dora.say({ type: "say", text: "x".repeat(501) });
    assert.match(String(dora.words.at(-1)?.["problem"]), /at most 500 characters/);
    dora.say({ type: "say", text: "x".repeat(5_000) });
    assert.deepEqual([dora.code, ann.news.at(-1)?.kind], [1009, "left"]);
  });

  test("hears why there is the door, and does not come back by themselves", async () => {
    const { visit, room } = await openPort();
    const dora = await visit();
    dora.say({ type: "enter", name: "Dora" });
    room.kick("Dora", "late");
    dora.settle();
    assert.deepEqual(dora.words.at(-1), { type: "out", problem: "You were shown the door: late" });
    assert.equal(dora.code, 1000);
  });

  test("of a foreign page does not get in", async () => {
    const { visit } = await openPort();
    await assert.rejects(visit("http://evil.example"), /403/);
  });
});

/** The same with a port, and browsers that come there. */
async function openPort() {
  const { reactor, room, site, ann } = open();
  await listen(reactor, "tcp:8080", site.factory);
  const visit = async (origin: string = HOST): Promise<Browser> => {
    const headers = { Origin: origin };
    const connecting = connectWebSocket(reactor, "ws://127.0.0.1:8080/chat", () => new Browser(reactor), { headers });
    reactor.settle();
    return await connecting;
  };
  return { room, ann, visit };
}

class Browser extends WebSocketProtocol {
  readonly words: Record<string, unknown>[] = [];
  code = 0;
  readonly #reactor: MemoryReactor;

  constructor(reactor: MemoryReactor) {
    super();
    this.#reactor = reactor;
  }

  override messageReceived(data: string | Uint8Array): void {
    this.words.push(JSON.parse(String(data)));
  }

  override closeReceived(code: number): void {
    this.code = code;
  }

  say(wish: unknown): void {
    this.sendMessage(JSON.stringify(wish));
    this.settle();
  }

  settle(): void {
    this.#reactor.settle();
  }
}
