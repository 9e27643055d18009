/** What docs/recipes/ says of its programs for the web is so. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { temporaryFolder } from "../interop/support/places.ts";
import { FILE_LIMIT_MS } from "../interop/support/program.ts";
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
});

/** Waits for something that no program tells. */
async function until(isSo: () => boolean): Promise<void> {
  for (const giveUpMs = Date.now() + FILE_LIMIT_MS; !isSo(); ) {
    if (Date.now() > giveUpMs) throw new Error(`Waited in vain until ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
