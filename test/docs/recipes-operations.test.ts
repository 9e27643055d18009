/** What docs/recipes/ says of running a service is so: with twistd, systemd's socket activation, and as an image would run it. */
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readFileSync, rmdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ROOT } from "../../tools/tree.ts";
import { freePort, temporaryFolder } from "../interop/support/places.ts";
import { FILE_LIMIT_MS, lacks, type Program, start } from "../interop/support/program.ts";
import { daemon, end, pidIn, textIn, until } from "../twistd/daemon-support.ts";
import { ROPEWALK, serving, twistd } from "../twistd/support.ts";
import { run } from "./running.ts";

const RECIPES = `${ROOT}examples/recipes/`;
const SERVICE = `${RECIPES}service.ts`;
const ANYWHERE = "tcp:0:interface=127.0.0.1";
const TOKEN = "a-token-of-more-than-sixteen-characters";

describe("the recipes for operations", { timeout: 6 * FILE_LIMIT_MS }, () => {
  test("service serves where it is told, reports, and stops", async (t) => {
    const { program, port } = await serving(t, ["-f", SERVICE, "--", ANYWHERE]);
    assert.equal(await page(port), `Request 1 of process ${program.pid}\n`);
    assert.match(program.err.text, /\[shop#info\] 0 requests so far/);
    await stop(program);
  });

  test("daemon: the command returns when it serves, a second one is refused, and it stops by its pidfile", async (t) => {
    const folder = temporaryFolder(t);
    const endpoint = `tcp:${await freePort()}:interface=127.0.0.1`;
    const words = ["--pidfile", "shop.pid", "--logfile", "shop.log", "-f", SERVICE, "--", endpoint];
    assert.deepEqual(await daemon(t, folder, ...words), { code: 0, out: "", err: "" });
    const pid = pidIn(t, folder, "shop.pid");
    assert.equal(await page(Number(endpoint.split(":")[1])), `Request 1 of process ${pid}\n`);
    const second = await daemon(t, folder, ...words);
    assert.equal(second.code, 1);
    assert.match(second.err, new RegExp(`process ${pid} holds it`));
    await end(pid);
    assert.equal(existsSync(join(folder, "shop.pid")), false);
    assert.match(textIn(join(folder, "shop.log")), /Started \S*service\.ts[\s\S]*SIGTERM/);
  });

  test("rolling-restart: all workers are new, and no request has failed", async (t) => {
    const folder = temporaryFolder(t);
    const words = ["--workers", "2", "--pidfile", "shop.pid", "-f", SERVICE, "--", ANYWHERE];
    const program = twistd(t, words, { cwd: folder });
    await program.err.until("with 2 workers");
    const [, port] = await program.err.until(/Listening on 127\.0\.0\.1:(\d+)/);
    const workers = (): string[] =>
      [...program.err.text.matchAll(/Worker \d serves: process (\d+)/g)].map(([, pid = ""]) => pid);
    const old = workers();
    const answered = new Set<string>();
    let isOver = false;
    const asking = (async () => {
      while (!isOver) answered.add(/process (\d+)/.exec(await page(Number(port)))?.[1] ?? "");
    })();
    await until("an old one has answered", () => old.some((pid) => answered.has(pid)));
    process.kill(pidIn(t, folder, "shop.pid"), "SIGUSR2");
    await program.err.until("All 2 workers are new");
    const young = workers().slice(old.length);
    await until("a new one has answered", () => young.some((pid) => answered.has(pid)));
    isOver = true;
    await asking;
    assert.deepEqual([old.length, young.length], [2, 2]);
    await stop(program);
  });

  test("stop-in-order completes an answer that is under way, and saves after it", async (t) => {
    const folder = temporaryFolder(t);
    const words = ["-f", `${RECIPES}stop-in-order.ts`, "--", ANYWHERE];
    const { program, port } = await serving(t, words, { cwd: folder });
    const answer = page(port);
    await program.err.until("/ is under way");
    program.kill("SIGTERM");
    assert.equal(await answer, "sold\n");
    assert.deepEqual(await program.finished(), { code: 0, signal: null });
    assert.equal(readFileSync(join(folder, "sold.txt"), "utf8"), "1\n");
    assert.match(program.err.text, /1 sold, and saved/);
  });

  test("health-checks: the folder decides, and who has the token learns why", async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, "token"), TOKEN);
    const view = await freePort();
    const options = ["--inspect-port", String(view), "--inspect-token", "token", "-f", `${RECIPES}health-checks.ts`];
    const { program } = await serving(t, [...options, "--", ANYWHERE], { cwd: folder });
    const ask = async (path: string, token = ""): Promise<string> => {
      const answer = await fetch(`http://127.0.0.1:${view}${path}`, { headers: { Authorization: `Bearer ${token}` } });
      return `${answer.status} ${await answer.text()}`;
    };
    assert.equal(await ask("/healthz"), '200 {"ok":true}');
    rmdirSync(join(folder, "stock"));
    assert.equal(await ask("/healthz"), '503 {"ok":false}');
    assert.match(await ask("/healthz", TOKEN), /^503 .*Stock.*ENOENT/);
    mkdirSync(join(folder, "stock"));
    assert.equal(await ask("/readyz"), '200 {"ready":true}');
    await stop(program);
  });

  test("metrics and live-view: requests are counted, and top shows the services", async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, "token"), `${TOKEN}\n`);
    const options = ["--inspect-port", "0", "--inspect-token", "token", "-f", SERVICE, "--", ANYWHERE];
    // Where `top` finds views, and no other test's.
    const env = { XDG_RUNTIME_DIR: folder };
    const { program } = await serving(t, options, { cwd: folder, env });
    const [, view] = await program.err.until(/Live view at (http:\/\/127\.0\.0\.1:\d+\/)/);
    const [, port] = await program.err.until(/ropewalk\.app#info\] Listening on 127\.0\.0\.1:(\d+)/);
    await page(Number(port));
    await until("the request is over", async () => {
      const metrics = await fetch(`${view}metrics`, { headers: { Authorization: `Bearer ${TOKEN}` } });
      const text = await metrics.text();
      assert.match(text, /^ropewalk_service_state\{service="shop\/web",state="running"\} 1$/m);
      return /^ropewalk_http_requests_total\{method="GET",status="2xx"\} 1$/m.test(text);
    });
    const top = start(t, process.execPath, [ROPEWALK, "top", "--once"], { cwd: folder, env });
    assert.equal((await top.finished()).code, 0);
    assert.match(top.out.text, /running +shop {2}\(Application\)\nrunning +web {2}\(StreamServerService\)\n/);
    await stop(program);
  });

  test("manhole: its lines are answered", async (t) => {
    const path = join(temporaryFolder(t), "manhole");
    const { program, port } = await serving(t, ["--manhole", path, "-f", SERVICE, "--", ANYWHERE]);
    const client = start(t, process.execPath, [ROPEWALK, "manhole", path]);
    client.write("services\nservices.web.port.address\n");
    client.endInput();
    assert.equal((await client.finished()).code, 0);
    const address = `{ kind: 'tcp', host: '127.0.0.1', port: ${port}, family: 4 }`;
    assert.equal(client.out.text, `web (running)\nreport (running)\n${address}\n`);
    await stop(program);
  });

  test("structured-logs prints a line of JSON for each event that passes", async (t) => {
    const program = run(t, "recipes/structured-logs");
    assert.equal((await program.finished()).code, 0);
    assert.equal(program.err.text, "");
    const events = program.out.text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    assert.deepEqual(
      events.map(({ level, namespace, message }) => [level, namespace, message]),
      [
        ["info", "shop.till", "Ann buys 7 m of rope"],
        ["debug", "shop.stock", "93 m are left"],
        ["error", "shop.till", "Cannot read the prices: Error: ENOENT: no such file or directory, open 'prices.json'"],
      ],
    );
    assert.deepEqual([events[0]?.["customer"], events[0]?.["metres"]], ["Ann", 7]);
    assert.match(String(Reflect.get(Object(events[2]?.["error"]), "code")), /^ENOENT$/);
  });
});

describe("the systemd units", { timeout: 2 * FILE_LIMIT_MS }, () => {
  const unit = (name: string): string => readFileSync(`${RECIPES}systemd/${name}`, "utf8");

  test("are what systemd takes", { skip: lacks("systemd-analyze") }, async (t) => {
    const folder = temporaryFolder(t);
    const files = ["shop.service", "shop.socket"].map((name) => join(folder, name));
    // Where Node is, is the machine's business.
    writeFileSync(files[0] ?? "", unit("shop.service").replace("/usr/bin/node", process.execPath));
    writeFileSync(files[1] ?? "", unit("shop.socket"));
    const verify = start(t, "systemd-analyze", ["verify", "--man=no", ...files]);
    assert.deepEqual([await verify.finished(), verify.err.text], [{ code: 0, signal: null }, ""]);
    writeFileSync(files[0] ?? "", unit("shop.service").replace("Type=notify", "Type=notified"));
    const wrong = start(t, "systemd-analyze", ["verify", "--man=no", ...files]);
    await wrong.finished();
    assert.match(wrong.err.text, /notified/);
  });

  test("start a service that serves at the socket it is given", {
    skip: lacks("systemd-socket-activate"),
  }, async (t) => {
    const folder = shop(t);
    const [, command = ""] = /^ExecStart=\/usr\/bin\/node (.*)$/m.exec(unit("shop.service")) ?? [];
    const [, name = ""] = /^FileDescriptorName=(.*)$/m.exec(unit("shop.socket")) ?? [];
    const port = await freePort();
    const socket = ["-l", `127.0.0.1:${port}`, `--fdname=${name}`];
    const words = [...socket, process.execPath, ...command.split(" ")];
    const program = start(t, "systemd-socket-activate", words, { cwd: folder });
    await program.err.until(/as 3/);
    assert.equal(await page(port), `Request 1 of process ${program.pid}\n`);
    await stop(program);
  });
});

test("the container image: what it copies is there, what it starts serves and stops at SIGTERM, and its health check tells", {
  timeout: 2 * FILE_LIMIT_MS,
}, async (t) => {
  const text = readFileSync(`${RECIPES}container/Containerfile`, "utf8");
  const listOf = (word: string): string[] =>
    JSON.parse(new RegExp(`^${word}(?: .*?)?(?: CMD)? (\\[.*\\])$`, "m").exec(text)?.[1] ?? "[]") as string[];
  const [[node, ...entry], words, [, ...check]] = [listOf("ENTRYPOINT"), listOf("CMD"), listOf("HEALTHCHECK")];
  assert.deepEqual([node, words, entry.at(-1)], ["node", ["tcp:8080"], "--"]);
  assert.match(text, /^COPY package\.json service\.ts \.\/$/m);
  assert.match(text, /^USER node$/m);

  const folder = shop(t);
  const view = String(await freePort());
  const moved = (list: readonly string[]): string[] => list.map((each) => each.replace("9000", view));
  const health = async (): Promise<number | null> => (await start(t, process.execPath, moved(check)).finished()).code;
  assert.equal(await health(), 1);
  const program = start(t, process.execPath, [...moved(entry), ANYWHERE], { cwd: folder });
  await program.err.until('"format":"Started {name}');
  assert.equal(await health(), 0);
  const [, port] = await program.err.until(/"address":"127\.0\.0\.1:(\d+)"/);
  assert.equal(await page(Number(port)), `Request 1 of process ${program.pid}\n`);
  await stop(program);
});

/** A folder with the service, as it is deployed: the package beside it. */
function shop(t: Parameters<typeof temporaryFolder>[0]): string {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(ROOT, join(folder, "node_modules/ropewalk"));
  cpSync(SERVICE, join(folder, "service.ts"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  return folder;
}

/** One request, on a connection of its own. */
async function page(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { Connection: "close" } });
  assert.equal(answer.status, 200);
  return answer.text();
}

async function stop(program: Program): Promise<void> {
  program.kill("SIGTERM");
  assert.deepEqual(await program.finished(), { code: 0, signal: null });
}
