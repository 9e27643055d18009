/** Logins by curl, wget and Python's urllib at our server, and ours at Twisted's and nginx's. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { type IncomingMessage, get as nodeGet } from "node:http";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { type AvatarId, checker, InsecureSecrets, LoginThrottle, Portal } from "ropewalk/cred";
import { ClientLogin, type RequireLoginOptions, Response, requireLogin, serve as serveWeb } from "ropewalk/web";
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

/** A server that greets whoever logs in; gives its URL without a path. */
async function guarded(t: TestContext, options: Partial<RequireLoginOptions> = {}): Promise<string> {
  const robot = checker("token", ({ token }) => (token === "t0ken" ? "robot" : undefined));
  const portal = new Portal((id: AvatarId) => ({ avatar: String(id) }), [new InsecureSecrets(USERS), robot]);
  const respond = requireLogin(portal, { reactor, realm: "ropes", ...options }, ({ path }, { avatar }) => {
    return new Response(`${avatar} at ${path}`);
  });
  const port = await serve(t, serveWeb(reactor, "tcp:0:interface=127.0.0.1", respond));
  return `http://127.0.0.1:${tcpPortOf(port)}`;
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
