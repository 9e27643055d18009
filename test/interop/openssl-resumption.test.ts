import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, describe, type TestContext, test } from "node:test";
import type { TlsFacts, TlsServerOptions } from "ropewalk";
import { Authority } from "./support/certificates.ts";
import { EchoGuest, Guest, type Host, reactor, serveTcp, visitor } from "./support/guest.ts";
import { temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, start } from "./support/program.ts";

const VERSIONS = [
  { flag: "-tls1_2", protocol: "TLSv1.2" },
  { flag: "-tls1_3", protocol: "TLSv1.3" },
];

describe("TLS sessions are resumed", { skip: lacks("openssl"), timeout: FILE_LIMIT_MS }, () => {
  const folder = temporaryFolder({ after });
  const authority = new Authority(folder, "root");
  const localhost = authority.issue("localhost");
  const trustRoots = authority.files.cert;

  for (const { flag, protocol } of VERSIONS) {
    test(`${protocol}: by s_client at our server`, async (t) => {
      await resumesAtOurs(t, { identity: localhost }, [flag]);
    });

    test(`${protocol}: by s_client at our server where SNI chooses the certificate`, async (t) => {
      await resumesAtOurs(t, { sni: { localhost } }, [flag, "-servername", "localhost"]);
    });

    test(`${protocol}: by s_client that showed a certificate, which is known again`, async (t) => {
      const ann = authority.issue("ann");
      const tls: TlsServerOptions = { identity: localhost, trustRoots, clientCertificates: "require" };
      const shown = ["-cert", ann.certFile, "-key", ann.keyFile];
      const facts = await resumesAtOurs(t, tls, [flag, ...shown]);
      assert.equal(facts.authorized, true);
      assert.equal(facts.peerCertificate?.subject, "CN=ann");
    });

    test(`${protocol}: by our client at s_server, and verified anew`, async (t) => {
      const port = await startServer(t, [flag]);
      const first = await talk(t, port, undefined);
      assert.equal(first.resumed, false);
      assert.ok(first.session);
      const second = await talk(t, port, first.session);
      assert.equal(second.resumed, true);
      assert.equal(second.authorized, true);
      assert.equal(second.peerCertificate?.subject, "CN=localhost");
    });

    test(`${protocol}: not by our client under other roots than before, which refuse the server`, async (t) => {
      const port = await startServer(t, [flag]);
      const { session } = await talk(t, port, undefined);
      assert.ok(session);
      const other = new Authority(temporaryFolder(t), "other");
      const tls = { trustRoots: other.files.cert, servername: "localhost", session };
      const dialling = reactor.connectTcp(
        { host: "127.0.0.1", port, tls },
        visitor(t, () => new Guest()),
      );
      await assert.rejects(async () => await dialling, { name: "TlsError" });
    });

    test(`${protocol}: not by our client for another name than the certificate's`, async (t) => {
      const port = await startServer(t, [flag]);
      const { session } = await talk(t, port, undefined);
      assert.ok(session);
      const tls = { trustRoots, servername: "elsewhere", session };
      const dialling = reactor.connectTcp(
        { host: "127.0.0.1", port, tls },
        visitor(t, () => new Guest()),
      );
      await assert.rejects(async () => await dialling, { name: "TlsError", code: "ERR_TLS_CERT_ALTNAME_INVALID" });
    });
  }

  /** s_client twice, the second time with the session of the first: what our end knows of the second. */
  async function resumesAtOurs(t: TestContext, tls: TlsServerOptions, args: readonly string[]): Promise<TlsFacts> {
    const { port, host } = await serveTcp(t, () => new EchoGuest(), tls);
    const file = `${temporaryFolder(t)}/session.pem`;
    const first = await visit(t, port, host, [...args, "-sess_out", file]);
    assert.match(first.said, /^New, TLSv1\.\d/m);
    assert.equal(first.facts.resumed, false);
    assert.ok(existsSync(file));
    const second = await visit(t, port, host, [...args, "-sess_in", file]);
    assert.match(second.said, /^Reused, TLSv1\.\d/m);
    assert.equal(second.facts.resumed, true);
    return second.facts;
  }

  async function visit(t: TestContext, port: number, host: Host<EchoGuest>, args: readonly string[]): Promise<Seen> {
    const client = start(t, "openssl", ["s_client", "-connect", `127.0.0.1:${port}`, ...args]);
    client.write("hello\n");
    const guest = await host.next();
    await client.out.until(/hello\r?\n/);
    client.endInput();
    await client.finished();
    await guest.lost;
    assert.ok(guest.transport.tls);
    return { said: client.out.text, facts: guest.transport.tls };
  }

  /** `-rev` answers each line with its reverse. */
  async function startServer(t: TestContext, args: readonly string[]): Promise<number> {
    const pair = ["-cert", localhost.certFile, "-key", localhost.keyFile];
    const server = start(t, "openssl", ["s_server", "-accept", "127.0.0.1:0", ...pair, "-rev", ...args]);
    const [, port] = await server.out.until(/^ACCEPT 127\.0\.0\.1:(\d+)/m);
    return Number(port);
  }

  async function talk(t: TestContext, port: number, session: Uint8Array | undefined): Promise<TlsFacts> {
    const tls = { trustRoots, servername: "localhost", ...(session && { session }) };
    const client = await reactor.connectTcp(
      { host: "127.0.0.1", port, tls },
      visitor(t, () => new Guest()),
    );
    client.transport.write("abc\n");
    await client.heard.until("cba\n");
    assert.ok(client.transport.tls);
    const facts = client.transport.tls;
    client.transport.loseConnection();
    await client.lost;
    return facts;
  }
});

interface Seen {
  readonly said: string;
  readonly facts: TlsFacts;
}
