import assert from "node:assert/strict";
import { after, describe, type TestContext, test } from "node:test";
import { ConnectionDone, ConnectionLost, type TlsIdentity, type TlsServerOptions } from "ropewalk";
import { Authority } from "./support/certificates.ts";
import { EchoGuest, type Host, serveTcp } from "./support/guest.ts";
import { temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, type Program, start } from "./support/program.ts";

const VERSIONS = [
  { flag: "-tls1_2", protocol: "TLSv1.2" },
  { flag: "-tls1_3", protocol: "TLSv1.3" },
];

describe("openssl s_client", { skip: lacks("openssl"), timeout: FILE_LIMIT_MS }, () => {
  const folder = temporaryFolder({ after });
  const authority = new Authority(folder, "root");
  const localhost = authority.issue("localhost");
  const trust = ["-CAfile", authority.files.certFile, "-verify_return_error"];

  /** An echo server, and s_client on it; `-brief` tells on standard error and leaves standard output to the echo. */
  async function visit(t: TestContext, tls: TlsServerOptions, args: readonly string[]): Promise<Visit> {
    const { port, host } = await serveTcp(t, () => new EchoGuest(), tls);
    const connect = ["s_client", "-brief", "-connect", `127.0.0.1:${port}`];
    return { host, client: start(t, "openssl", [...connect, ...args]) };
  }

  for (const { flag, protocol } of VERSIONS) {
    test(`${protocol} alone is agreed on, verified and echoed`, async (t) => {
      const named = ["-servername", "localhost", "-verify_hostname", "localhost"];
      const { host, client } = await visit(t, { identity: localhost }, [flag, ...trust, ...named]);
      client.write("over and out\n");
      await client.out.until("over and out\n");
      assert.match(client.err.text, new RegExp(`Protocol version: ${protocol}`));
      assert.match(client.err.text, /Verification: OK/);
      const { tls } = (await host.next()).transport;
      assert.equal(tls?.protocol, protocol);
      assert.equal(tls.servername, "localhost");
      assert.equal(tls.resumed, false);
      assert.match(tls.cipher, /^TLS_[A-Z0-9_]+$/);
    });

    test(`${protocol}: its end with close_notify is a clean one`, async (t) => {
      const { host, client } = await visit(t, { identity: localhost }, [flag]);
      client.write("Bye\n");
      await client.out.until("Bye\n");
      client.endInput();
      assert.ok((await (await host.next()).lost) instanceof ConnectionDone);
      assert.deepEqual(await client.finished(), { code: 0, signal: null });
    });

    test(`${protocol}: killed, it ended without close_notify, which is a loss`, async (t) => {
      const { host, client } = await visit(t, { identity: localhost }, [flag]);
      client.write("half a sent");
      const guest = await host.next();
      await guest.heard.until("half a sent");
      await client.out.until("half a sent");
      client.kill("SIGKILL");
      const reason = await guest.lost;
      assert.ok(reason instanceof ConnectionLost, `${reason}`);
    });

    test(`${protocol}: loseConnection after 1 MiB ends with close_notify, and it has every byte`, async (t) => {
      const { host, client } = await visit(t, { identity: localhost }, [flag, "-ign_eof"]);
      const guest = await host.next();
      guest.transport.write("x".repeat(1 << 20));
      guest.transport.loseConnection();
      assert.deepEqual(await client.finished(), { code: 0, signal: null });
      assert.equal(client.out.text.length, 1 << 20);
      assert.ok((await guest.lost) instanceof ConnectionDone);
    });
  }

  test("TLS 1.1 is refused, and no protocol is built for it", async (t) => {
    const { host, client } = await visit(t, { identity: localhost }, ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]);
    assert.equal((await client.finished()).code, 1);
    assert.match(client.err.text, /alert (protocol version|handshake failure)/);
    assert.equal(host.count, 0);
  });

  test("TLS 1.2 is refused where minVersion says TLSv1.3", async (t) => {
    const { host, client } = await visit(t, { identity: localhost, minVersion: "TLSv1.3" }, ["-tls1_2"]);
    assert.equal((await client.finished()).code, 1);
    assert.match(client.err.text, /alert protocol version/);
    assert.equal(host.count, 0);
  });

  test("a client that does not trust our root ends the handshake, and no protocol is built", async (t) => {
    const other = new Authority(temporaryFolder(t), "other");
    const distrust = ["-CAfile", other.files.certFile, "-verify_return_error"];
    const { host, client } = await visit(t, { identity: localhost }, ["-tls1_2", ...distrust]);
    assert.equal((await client.finished()).code, 1);
    assert.match(client.err.text, /certificate verify failed/);
    assert.equal(host.count, 0);
  });

  describe("server names", () => {
    const identities = Object.fromEntries(
      ["one.example", "two.example"].map((name) => [name, authority.issue(name)] as const),
    );
    const wild = authority.issue("wild", { names: "DNS:*.wild.example" });
    const sni: Record<string, TlsIdentity> = { ...identities, "*.wild.example": wild };

    for (const name of ["one.example", "two.example", "any.wild.example", "ONE.example"]) {
      test(`"${name}" is shown its own certificate`, async (t) => {
        const named = ["-servername", name, "-verify_hostname", name];
        const { host, client } = await visit(t, { identity: localhost, sni }, [...trust, ...named]);
        client.write("mine?\n");
        await client.out.until("mine?\n");
        assert.match(client.err.text, /Verification: OK/);
        assert.equal((await host.next()).transport.tls?.servername, name);
      });
    }

    test("a name that is not in the table is shown the certificate of no name", async (t) => {
      const named = ["-servername", "three.example", "-verify_hostname", "localhost"];
      const { client } = await visit(t, { identity: localhost, sni }, [...trust, ...named]);
      await client.err.until("Verification: OK");
    });

    test("a client that names no server is shown the certificate of no name", async (t) => {
      const named = ["-noservername", "-verify_hostname", "localhost"];
      const { client } = await visit(t, { identity: localhost, sni }, [...trust, ...named]);
      await client.err.until("Verification: OK");
    });

    test("without a certificate of no name, an unknown name is refused", async (t) => {
      const { host, client } = await visit(t, { sni }, ["-servername", "three.example"]);
      assert.equal((await client.finished()).code, 1);
      assert.equal(host.count, 0);
    });

    test("a function may take its time over the choice", async (t) => {
      const choose = async (name: string) => (await Promise.resolve(sni))[name];
      const named = ["-servername", "two.example", "-verify_hostname", "two.example"];
      const { client } = await visit(t, { sni: choose }, [...trust, ...named]);
      await client.err.until("Verification: OK");
    });
  });

  describe("ALPN", () => {
    test("the server's best of what the client offers is chosen", async (t) => {
      const tls = { identity: localhost, alpn: ["chat/2", "chat/1"] };
      const { host, client } = await visit(t, tls, ["-alpn", "http/1.1,chat/1,chat/2"]);
      client.write("hi\n");
      await client.out.until("hi\n");
      assert.equal((await host.next()).transport.tls?.alpnProtocol, "chat/2");
    });

    test("a client that offers nothing is served without", async (t) => {
      const { host, client } = await visit(t, { identity: localhost, alpn: ["chat/1"] }, []);
      client.write("hi\n");
      await client.out.until("hi\n");
      assert.equal((await host.next()).transport.tls?.alpnProtocol, undefined);
    });

    test("a client that offers only others is refused with the alert for it", async (t) => {
      const { host, client } = await visit(t, { identity: localhost, alpn: ["chat/1"] }, ["-alpn", "http/1.1"]);
      assert.equal((await client.finished()).code, 1);
      assert.match(client.err.text, /alert no application protocol/);
      assert.equal(host.count, 0);
    });
  });

  describe("client certificates", () => {
    const ann = authority.issue("ann");
    const trustRoots = authority.files.cert;

    for (const { flag, protocol } of VERSIONS) {
      test(`${protocol}: one that our root vouches for is let in and known by name`, async (t) => {
        const tls: TlsServerOptions = { identity: localhost, trustRoots, clientCertificates: "require" };
        const { host, client } = await visit(t, tls, [flag, "-cert", ann.certFile, "-key", ann.keyFile]);
        client.write("it is me\n");
        await client.out.until("it is me\n");
        const facts = (await host.next()).transport.tls;
        assert.equal(facts?.authorized, true);
        assert.equal(facts.peerCertificate?.subject, "CN=ann");
        assert.equal(facts.peerCertificate.issuer, "CN=root");
        assert.equal(facts.peerCertificate.subjectAltName, "DNS:ann");
      });

      test(`${protocol}: without one it is refused where one is required`, async (t) => {
        const tls: TlsServerOptions = { identity: localhost, trustRoots, clientCertificates: "require" };
        const { host, client } = await visit(t, tls, [flag, "-ign_eof"]);
        await client.finished();
        assert.equal(host.count, 0);
      });

      test(`${protocol}: one of another authority is refused`, async (t) => {
        const eve = new Authority(temporaryFolder(t), "elsewhere").issue("eve");
        const tls: TlsServerOptions = { identity: localhost, trustRoots, clientCertificates: "require" };
        const shown = ["-cert", eve.certFile, "-key", eve.keyFile];
        const { host, client } = await visit(t, tls, [flag, "-ign_eof", ...shown]);
        await client.finished();
        assert.equal(host.count, 0);
      });
    }

    test("where one is only requested, a client without one is served and not authorized", async (t) => {
      const tls: TlsServerOptions = { identity: localhost, trustRoots, clientCertificates: "request" };
      const { host, client } = await visit(t, tls, []);
      client.write("nobody\n");
      await client.out.until("nobody\n");
      const facts = (await host.next()).transport.tls;
      assert.equal(facts?.authorized, false);
      assert.equal(facts.peerCertificate, undefined);
    });
  });
});

interface Visit {
  readonly host: Host<EchoGuest>;
  readonly client: Program;
}
