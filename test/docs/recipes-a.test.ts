/** What docs/recipes/ says of the programs in examples/recipes/ is so. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { Authority } from "../interop/support/certificates.ts";
import { temporaryFolder } from "../interop/support/places.ts";
import { FILE_LIMIT_MS, lacks } from "../interop/support/program.ts";
import { interrupt, portOf, run } from "./running.ts";

const ANYWHERE = "tcp:0:interface=127.0.0.1";

describe("recipes with TLS", { skip: lacks("openssl"), timeout: FILE_LIMIT_MS }, () => {
  const folder = temporaryFolder({ after });
  const authority = new Authority(folder, "root");
  const { certFile, keyFile } = authority.issue("localhost");

  test("starttls-client says its name under TLS only, to a server that it trusts", async (t) => {
    const server = run(t, "starttls", ANYWHERE, certFile, keyFile);
    const endpoint = `tcp:127.0.0.1:${await portOf(server)}`;
    const client = run(t, "recipes/starttls-client", endpoint, authority.files.certFile, "Bob");
    assert.equal((await client.finished()).code, 0);
    assert.equal(client.out.text, "Hello, Bob. Nobody else heard that: TLSv1.3\n");

    const other = new Authority(folder, "stranger");
    const wary = run(t, "recipes/starttls-client", endpoint, other.files.certFile, "Bob");
    assert.equal((await wary.finished()).code, 1);
    assert.match(wary.err.text, /TlsError/);
    assert.equal(wary.out.text, "");
    await interrupt(server);
  });

  test("starttls-client goes no further with a server that refuses", async (t) => {
    const server = run(t, "echo", ANYWHERE);
    const client = run(t, "recipes/starttls-client", `tcp:127.0.0.1:${await portOf(server)}`, certFile);
    assert.equal((await client.finished()).code, 1);
    assert.match(client.err.text, /Cannot start TLS: the server said "STARTTLS"/);
  });
});
