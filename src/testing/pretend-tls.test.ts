import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { agree, pretendHandshake } from "./pretend-tls.ts";

describe("pretendHandshake", () => {
  test("takes the sides in either order, and refuses two of a kind", () => {
    const client = { side: "client", tls: { servername: "example.org" } } as const;
    const server = { side: "server", tls: {} } as const;
    for (const result of [pretendHandshake(client, server), pretendHandshake(server, client)]) {
      assert.ok(!(result instanceof Error));
      assert.deepEqual([result.client.servername, result.server.servername], ["example.org", "example.org"]);
    }
    assert.match(String(pretendHandshake(server, server)), /both ends take the server's side/);
  });

  test("agrees on the server's favourite, on none if one end names none, and fails if they share none", () => {
    const alpnOf = (offered: string[], accepted: string[]) => {
      const result = agree({ alpn: offered }, { alpn: accepted }, undefined);
      return result instanceof Error ? result.name : result.client.alpnProtocol;
    };
    assert.equal(alpnOf(["http/1.1", "h2"], ["h2", "http/1.1"]), "h2");
    assert.equal(alpnOf([], ["h2"]), undefined);
    assert.equal(alpnOf(["h2"], []), undefined);
    assert.equal(alpnOf(["h2"], ["imap"]), "TlsError");
  });

  test("says who showed a certificate that was looked for", () => {
    const identity = { cert: "", key: "" };
    const authorized = (client: object, server: object) => {
      const result = agree(client, server, "example.org");
      return result instanceof Error ? result : [result.client.authorized, result.server.authorized];
    };
    assert.deepEqual(authorized({}, {}), [true, false]);
    assert.deepEqual(authorized({ insecureSkipVerification: true }, {}), [false, false]);
    assert.deepEqual(authorized({ identity }, {}), [true, false]);
    assert.deepEqual(authorized({ identity }, { clientCertificates: "request" }), [true, true]);
    assert.deepEqual(authorized({ identity }, { clientCertificates: "none" }), [true, false]);
    assert.ok(authorized({}, { clientCertificates: "require" }) instanceof Error);
  });
});
