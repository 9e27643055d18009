/** Logins by curl, wget and Python's urllib at our server, and ours at Twisted's and nginx's. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { type IncomingMessage, get as nodeGet } from "node:http";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { type AvatarId, checker, InsecureSecrets, LoginThrottle, Portal } from "ropewalk/cred";
import {
  type Answer,
  ClientLogin,
  type Request,
  type RequireLoginOptions,
  type Responder,
  Response,
  requireLogin,
  serve as serveWeb,
  sessions,
} from "ropewalk/web";
import { reactor, serve, tcpPortOf } from "./support/guest.ts";
import { accepting, freePort, peerScript, temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, PYTHON } from "./support/program.ts";
import { startWeb } from "./support/web-app.ts";

const USERS = { ann: "correct horse", "Jäsøn Doe": "Secret, or nöt?" };
const PAGE = "/ropes?size=2,3&kind=%22hemp%22";

describe("curl", { skip: lacks("curl"), timeout: FILE_LIMIT_MS }, () => {
  for (const user of ["ann:correct horse", "Jäsøn Doe:Secret, or nöt?"]) {
    for (const scheme of ["basic", "digest", "anyauth"]) {
      test(`--${scheme} logs in as ${user}`, async (t) => {
        const url = await guarded(t);
        assert.equal(
          await curl(t, [`--${scheme}`, "-u", user, `${url}${PAGE}`]),
          `${user.split(":")[0]} at /ropes 200`,
        );
      });
    }
  }

  test("--digest hides the name, if it may", async (t) => {
    const url = await guarded(t, { digest: { userhash: true } });
    const args = ["--digest", "-v", "-u", "ann:correct horse", `${url}${PAGE}`];
    const program = startWeb(t, "curl", [...QUIET, ...args]);
    assert.equal((await program.finished()).code, 0);
    assert.equal(program.out.text, "ann at /ropes");
    assert.match(program.err.text, /Authorization: Digest .*userhash=true/);
    assert.doesNotMatch(program.err.text, /username="ann"/);
  });

  test("--digest logs in for several pages, one after the other", async (t) => {
    const url = await guarded(t);
    const pages = ["/a", "/b", "/c"].map((path) => url + path);
    const said = await curl(t, ["--digest", "-u", "ann:correct horse", ...pages]);
    assert.equal(said, "ann at /a 200ann at /b 200ann at /c 200");
  });

  for (const scheme of ["basic", "digest"]) {
    test(`--${scheme} with a wrong password is refused, and after a few not even asked`, async (t) => {
      const url = await guarded(t, { throttle: new LoginThrottle(reactor, { maxFailures: 2 }) });
      const args = [`--${scheme}`, "-u", "ann:wrong", `${url}/a`];
      const said = [await curl(t, args), await curl(t, args), await curl(t, args)];
      assert.deepEqual(
        said.map((each) => each.slice(-3)),
        ["401", "401", "429"],
      );
    });
  }

  test("--oauth2-bearer shows a token", async (t) => {
    const url = await guarded(t);
    assert.equal(await curl(t, ["--oauth2-bearer", "t0ken", `${url}/a`]), "robot at /a 200");
    assert.match(await curl(t, ["--oauth2-bearer", "guess", `${url}/a`]), /401$/);
  });
});

describe("wget", { skip: lacks("wget"), timeout: FILE_LIMIT_MS }, () => {
  for (const [name, options] of [
    ["Basic", { schemes: ["basic"] }],
    ["Digest by MD5", { digest: { insecureMd5: "only" }, schemes: ["digest"] }],
  ] as const) {
    test(`logs in by ${name}`, async (t) => {
      const url = await guarded(t, options);
      const program = startWeb(t, "wget", ["-q", "-O", "-", "--user=ann", "--password=correct horse", `${url}${PAGE}`]);
      assert.equal((await program.finished()).code, 0, program.err.text);
      assert.equal(program.out.text, "ann at /ropes");
    });
  }
});

describe("Python's urllib", { skip: lacks(PYTHON), timeout: FILE_LIMIT_MS }, () => {
  for (const [name, kind, options] of [
    ["Basic", "HTTPBasicAuthHandler", { schemes: ["basic"] }],
    ["Digest by MD5", "HTTPDigestAuthHandler", { digest: { insecureMd5: "only" }, schemes: ["digest"] }],
  ] as const) {
    test(`logs in by ${name}, and is refused with a wrong password`, async (t) => {
      const url = await guarded(t, options);
      assert.equal(await python(t, kind, `${url}${PAGE}`, "correct horse"), "200 ann at /ropes\n200 ann at /ropes\n");
      assert.equal(await python(t, kind, `${url}${PAGE}`, "wrong"), "401\n");
    });
  }
});

describe("Chromium", { skip: lacks("chromium"), timeout: 2 * FILE_LIMIT_MS }, () => {
  test("logs in by Digest, uses its nonce again, and gets a new one when that has run out", async (t) => {
    const seen: string[] = [];
    const guard = guardOf({ schemes: ["digest"], digest: { lifetimeMs: 1_000 } });
    const url = await served(t, async (request) => {
      const answer = await guard(request);
      if (request.path !== "/favicon.ico") seen.push(summaryOf(request, answer));
      return answer;
    });
    const page = await browserPage(t, { httpCredentials: { username: "ann", password: "correct horse" } });
    for (const path of ["/a", "/b"]) assert.equal(await textAt(page, url + path), `ann at ${path}`);
    assert.deepEqual(seen.splice(0), ["/a 401", "/a counted 200", "/b counted 200"]);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.equal(await textAt(page, `${url}/c`), "ann at /c");
    assert.deepEqual(seen, ["/c counted 401 stale", "/c counted 200"]);
  });

  test("keeps a session on localhost without TLS, out of reach for scripts, until it is destroyed", async (t) => {
    const keep = sessions<{ visits: number }>({ reactor }, async ({ path }, session) => {
      if (path === "/out") await session.destroy();
      const data = await session.data();
      // What browsers ask for by themselves is no visit.
      if (path === "/") data.visits = (data.visits ?? 0) + 1;
      return new Response(`visit ${data.visits}`);
    });
    const url = await served(t, keep);
    const page = await browserPage(t);
    const visits = [await textAt(page, url), await textAt(page, url)];
    assert.deepEqual(visits, ["visit 1", "visit 2"]);
    const [cookie, ...others] = await page.context().cookies();
    assert.deepEqual([cookie?.name, others.length], ["__Host-session", 0]);
    assert.equal(await page.evaluate("document.cookie"), "");
    await textAt(page, `${url}/out`);
    assert.deepEqual(await page.context().cookies(), []);
    assert.equal(await textAt(page, url), "visit 1");
  });
});

describe("our client's login", { timeout: FILE_LIMIT_MS }, () => {
  for (const scheme of ["basic", "digest"] as const) {
    test(`is taken by Twisted's guard, by ${scheme}`, { skip: lacks(PYTHON) }, async (t) => {
      const server = startWeb(t, PYTHON, [peerScript("twisted_guard.py"), scheme, "ann", "correct horse"]);
      const [, port] = await server.out.until(/^(\d+)\n/);
      const url = `http://127.0.0.1:${port}/secret`;
      const right = new ClientLogin(reactor, { username: "ann", password: "correct horse", schemes: [scheme] });
      assert.deepEqual(await asked(url, right), [200, 200]);
      const wrong = new ClientLogin(reactor, { username: "ann", password: "wrong", schemes: [scheme] });
      assert.deepEqual(await asked(url, wrong), [401, 401]);
    });
  }

  test("is taken by nginx", { skip: lacks("nginx") }, async (t) => {
    const folder = temporaryFolder(t);
    const port = await freePort();
    writeFileSync(join(folder, "users"), "ann:{PLAIN}correct horse\n");
    writeFileSync(join(folder, "page"), "knots");
    const config = `daemon off; user root; pid ${folder}/pid; error_log ${folder}/error.log; events {}
      http { access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f;
        uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
        server { listen 127.0.0.1:${port}; root ${folder}; auth_basic "ropes"; auth_basic_user_file ${folder}/users; } }`;
    writeFileSync(join(folder, "conf"), config);
    startWeb(t, "nginx", ["-c", join(folder, "conf"), "-e", join(folder, "error.log")]);
    await accepting(port);
    const login = new ClientLogin(reactor, { username: "ann", password: "correct horse" });
    assert.deepEqual(await asked(`http://127.0.0.1:${port}/page`, login), [200, 200]);
  });
});

/** Greets whoever logs in. */
function guardOf(options: Partial<RequireLoginOptions> = {}): Responder {
  const robot = checker("token", ({ token }) => (token === "t0ken" ? "robot" : undefined));
  const portal = new Portal((id: AvatarId) => ({ avatar: String(id) }), [new InsecureSecrets(USERS), robot]);
  return requireLogin(portal, { reactor, realm: "ropes", ...options }, ({ path }, { avatar }) => {
    return new Response(`${avatar} at ${path}`);
  });
}

/** The same on a port; gives its URL without a path. */
function guarded(t: TestContext, options?: Partial<RequireLoginOptions>): Promise<string> {
  return served(t, guardOf(options));
}

async function served(t: TestContext, responder: Responder): Promise<string> {
  const port = await serve(t, serveWeb(reactor, "tcp:0:interface=127.0.0.1", responder));
  return `http://127.0.0.1:${tcpPortOf(port)}`;
}

/** What was asked for, with a counted proof or without, and what came of it. */
function summaryOf(request: Request, answer: Answer): string {
  const counted = request.headers.get("authorization")?.includes("nc=0000") === true ? " counted" : "";
  const stale = answer.headers.get("www-authenticate")?.includes("stale=true") === true ? " stale" : "";
  return `${request.path}${counted} ${answer.status}${stale}`;
}

async function browserPage(t: TestContext, options?: BrowserContextOptions): Promise<Page> {
  const args = ["--no-sandbox", "--no-proxy-server"];
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
  t.after(() => browser.close());
  return (await browser.newContext(options)).newPage();
}

async function textAt(page: Page, url: string): Promise<string | null> {
  await page.goto(url);
  return page.textContent("body");
}

async function curl(t: TestContext, args: readonly string[]): Promise<string> {
  const program = startWeb(t, "curl", [...QUIET, "-w", " %{http_code}", ...args]);
  assert.deepEqual(await program.finished(), { code: 0, signal: null }, program.err.text);
  return Buffer.from(program.out.text, "latin1").toString();
}

async function python(t: TestContext, kind: string, url: string, password: string): Promise<string> {
  const program = startWeb(t, PYTHON, [peerScript("urllib_login.py"), kind, url, "ropes", "ann", password]);
  assert.equal((await program.finished()).code, 0, program.err.text);
  return program.out.text;
}

/** The statuses of two requests in a row, each after its challenge was answered. */
async function asked(url: string, login: ClientLogin): Promise<number[]> {
  const statuses: number[] = [];
  for (let times = 0; times < 2; times += 1) {
    let answer = await get(url, login);
    if (answer.statusCode === 401 && login.challenged(answer.headers["www-authenticate"] ?? "")) {
      answer = await get(url, login);
    }
    statuses.push(answer.statusCode ?? 0);
  }
  return statuses;
}

function get(url: string, login: ClientLogin): Promise<IncomingMessage> {
  const authorization = login.authorization("GET", new URL(url).pathname);
  return new Promise((resolve, reject) => {
    const headers = authorization === undefined ? {} : { authorization };
    const request = nodeGet(url, { headers, agent: false }, (answer) => resolve(answer.resume()));
    request.on("error", reject);
  });
}

const QUIET = ["-sS", "--noproxy", "*", "--max-time", "10"];
