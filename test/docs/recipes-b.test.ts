/** What docs/recipes/ says of its programs for the web is so. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { temporaryFolder } from "../interop/support/places.ts";
import { FILE_LIMIT_MS, type Program } from "../interop/support/program.ts";
import { interrupt, portOf, run } from "./running.ts";

const ANYWHERE = "tcp:0:interface=127.0.0.1";

describe("the recipes for the web", { timeout: 4 * FILE_LIMIT_MS }, () => {
  test("hello-web greets by name, and knows of nothing else", async (t) => {
    const server = run(t, "recipes/hello-web", ANYWHERE);
    const url = `http://127.0.0.1:${await portOf(server)}/`;
    assert.equal(await (await fetch(`${url}?name=Ann`)).text(), "Hello, Ann!\n");
    assert.equal(await (await fetch(url)).text(), "Hello, world!\n");
    assert.equal((await fetch(`${url}ropes`)).status, 404);
    await interrupt(server);
  });

  test("json-api adds, shows and takes away, and says what is wrong", async (t) => {
    const server = run(t, "recipes/json-api", ANYWHERE);
    const url = `http://127.0.0.1:${await portOf(server)}/ropes`;
    const add = async (body: string): Promise<string> => {
      const answer = await fetch(url, { method: "POST", body });
      return `${answer.status} ${answer.headers.get("location") ?? ""} ${(await answer.text()).trim()}`;
    };
    assert.equal(await add('{"name":"a rope","metres":7}'), '201 /ropes/a%20rope {"name":"a rope","metres":7}');
    assert.equal(await add('{"name":"a rope","metres":8}'), "409  name: there is such a rope already");
    assert.equal(await add('{"name":"jute"}'), "400  metres: a number above 0 is wanted");
    assert.equal(await add('{"metres":7}'), "400  name: a text is wanted");
    assert.equal(await add("null"), "400  name: a text is wanted");
    assert.equal(await add('{"name'), "400  The body is no JSON");
    assert.deepEqual(await (await fetch(url)).json(), [{ name: "a rope", metres: 7 }]);
    assert.deepEqual(await (await fetch(`${url}/a%20rope`)).json(), { name: "a rope", metres: 7 });
    assert.equal((await fetch(url, { method: "DELETE" })).status, 405);
    for (const status of [204, 404])
      assert.equal((await fetch(`${url}/a%20rope`, { method: "DELETE" })).status, status);
    await interrupt(server);
  });

  test("file-upload keeps files of any size under harmless names", async (t) => {
    const folder = join(temporaryFolder(t), "uploads");
    const server = run(t, "recipes/file-upload", folder, ANYWHERE);
    const url = `http://127.0.0.1:${await portOf(server)}/`;
    const large = new Uint8Array(20_000_000).fill(7);
    const body = new FormData();
    body.append("file", new Blob(["knot"]), "../../a knot");
    body.append("comment", "no file");
    body.append("file", new Blob([large]), "large");
    const answer = await fetch(url, { method: "POST", body });
    assert.equal(answer.status, 201);
    const names = (await answer.json()) as string[];
    assert.deepEqual([...names].sort(), readdirSync(folder).sort());
    assert.deepEqual(
      names.map((name) => name.replace(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}-/, "")),
      ["a knot", "large"],
    );
    assert.equal(readFileSync(join(folder, names[0] ?? ""), "utf8"), "knot");
    assert.ok(readFileSync(join(folder, names[1] ?? "")).equals(large));
    assert.equal((await fetch(url)).status, 405);
    await interrupt(server);
  });

  test("file-upload leaves nothing of a file that breaks off", async (t) => {
    const folder = temporaryFolder(t);
    const server = run(t, "recipes/file-upload", folder, ANYWHERE);
    const port = Number(await portOf(server));
    const socket = connect(port, "127.0.0.1");
    const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000";
    socket.write(`${head}\r\n\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nbeginning`);
    await until(() => readdirSync(folder).length === 1);
    socket.destroy();
    await until(() => readdirSync(folder).length === 0);
    await interrupt(server);
  });

  test("websocket-room has a page, and guests who hear one another until they leave", async (t) => {
    const server = run(t, "recipes/websocket-room", ANYWHERE);
    const where = `127.0.0.1:${await portOf(server)}`;
    assert.match(await (await fetch(`http://${where}/`)).text(), /<script>\s+const socket = new WebSocket\(/);
    assert.equal((await fetch(`http://${where}/room`)).status, 426);
    assert.equal((await fetch(`http://${where}/x`)).status, 404);
    const [ann, bob] = [1, 2].map(() => run(t, "recipes/websocket-client", `ws://${where}/room`)) as [Program, Program];
    // Who is not there yet hears nothing: so it is said until it is heard.
    const asking = setInterval(() => ann.write("is anybody there?\n"), 20);
    await bob.out.until("is anybody there?\n").finally(() => clearInterval(asking));
    bob.write("it is me, Bob: häß\n");
    await ann.out.until(Buffer.from("it is me, Bob: häß\n").toString("latin1"));
    bob.endInput();
    assert.equal((await bob.finished()).code, 0);
    assert.match(bob.err.text, /^Closed: 1000 $/m);
    ann.write("x".repeat(5_000));
    ann.endInput();
    await ann.err.until(/^Closed: 1009 /m);
    assert.equal((await ann.finished()).code, 0);
    await interrupt(server);
  });

  for (const [name, ofNobody] of [
    ["fetch-app", "404 Not Found"],
    ["express-app", "Cannot GET /"],
  ] as const) {
    test(`${name} answers as its framework does`, async (t) => {
      const server = run(t, `recipes/${name}`, ANYWHERE);
      const url = `http://127.0.0.1:${await portOf(server)}/`;
      assert.deepEqual(await (await fetch(`${url}ropes/hemp`)).json(), { rope: "hemp" });
      const headers = { "Content-Type": "application/json" };
      const made = await fetch(`${url}ropes`, { method: "POST", headers, body: '{"metres":7}' });
      assert.deepEqual([made.status, await made.json()], [201, { got: { metres: 7 } }]);
      const lost = await fetch(url);
      assert.equal(lost.status, 404);
      assert.ok((await lost.text()).includes(ofNobody));
      await interrupt(server);
    });
  }

  test("login lets in who knows the password, remembers it by a cookie, and stops who guesses", async (t) => {
    const users = join(temporaryFolder(t), "users");
    const maker = run(t, "password-line", "ann");
    maker.write("correct horse\n");
    maker.endInput();
    assert.equal((await maker.finished()).code, 0);
    writeFileSync(users, maker.out.text);
    const server = run(t, "recipes/login", users, ANYWHERE);
    const [, port] = await server.out.until(/^1 users, listening on 127\.0\.0\.1:(\d+)$/m);
    const url = `http://127.0.0.1:${port}/`;
    const logIn = (password: string): Promise<globalThis.Response> =>
      fetch(url, { method: "POST", body: new URLSearchParams({ name: "ann", password }), redirect: "manual" });

    assert.match(await (await fetch(url)).text(), /<form method="post">/);
    const welcome = await logIn("correct horse");
    assert.deepEqual([welcome.status, welcome.headers.get("location")], [303, "/"]);
    const cookie = welcome.headers.get("set-cookie") ?? "";
    assert.match(cookie, /^__Host-session=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
    const page = await fetch(url, { headers: { Cookie: cookie.split(";")[0] ?? "" } });
    assert.match(await page.text(), /<p>Hello, ann!/);
    const statuses: number[] = [];
    for (let guess = 0; guess < 12; guess++) statuses.push((await logIn("guess")).status);
    assert.deepEqual(new Set(statuses.slice(0, 10)), new Set([403]));
    assert.equal(statuses.at(-1), 429);
    await interrupt(server);
  });
});

/** Waits for something that no program tells. */
async function until(isSo: () => boolean): Promise<void> {
  for (const giveUpMs = Date.now() + FILE_LIMIT_MS; !isSo(); ) {
    if (Date.now() > giveUpMs) throw new Error(`Waited in vain until ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
