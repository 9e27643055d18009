import assert from "node:assert/strict";
import { after, describe, type TestContext, test } from "node:test";
import { ConnectionDone, ConnectionLost, connect, type Deferred, type TlsClientOptions, type TlsError } from "ropewalk";
import { quoteArgument } from "ropewalk/endpoints";
import { Authority, type CertificateFiles } from "./support/certificates.ts";
import { Guest, reactor, visitor } from "./support/guest.ts";
import { temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, type Program, start } from "./support/program.ts";

describe("our client at openssl s_server", { skip: lacks("openssl"), timeout: FILE_LIMIT_MS }, () => {
  const folder = temporaryFolder({ after });
  const authority = new Authority(folder, "root");
  const localhost = authority.issue("localhost", { names: "DNS:localhost,IP:127.0.0.1" });
  const trustRoots = authority.files.cert;

  for (const { flag, protocol } of [
    { flag: "-tls1_2", protocol: "TLSv1.2" },
    { flag: "-tls1_3", protocol: "TLSv1.3" },
  ]) {
    test(`${protocol}: it is verified, and the facts are what both agreed on`, async (t) => {
      const { port } = await serve(t, localhost, [flag, "-rev"]);
      const client = await dial(t, port, { trustRoots, servername: "localhost" });
      client.transport.write("abc\n");
      await client.heard.until("cba\n");
      const { tls } = client.transport;
      assert.equal(tls?.protocol, protocol);
      assert.equal(tls.authorized, true);
      assert.equal(tls.resumed, false);
      assert.equal(tls.peerCertificate?.subject, "CN=localhost");
      assert.equal(tls.peerCertificate.issuer, "CN=root");
      assert.match(tls.peerCertificate.fingerprint256, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
      assert.ok(tls.peerCertificate.validFromMs <= Date.now() && tls.peerCertificate.validToMs > Date.now());
    });

    test(`${protocol}: its close_notify ends the connection cleanly`, async (t) => {
      const { port } = await serve(t, localhost, [flag, "-rev"]);
      const client = await dial(t, port, { trustRoots, servername: "localhost" });
      // The word at which -rev hangs up.
      client.transport.write("CLOSE\n");
      assert.ok((await client.lost) instanceof ConnectionDone);
    });

    test(`${protocol}: its end without close_notify is a loss, whether it quits or dies`, async (t) => {
      const { port, server } = await serve(t, localhost, [flag]);
      const first = await dial(t, port, { trustRoots, servername: "localhost" });
      first.transport.write("first\n");
      await server.out.until("first\n");
      server.write("q\n");
      assert.ok((await first.lost) instanceof ConnectionLost);
      const other = await serve(t, localhost, [flag, "-rev"]);
      const second = await dial(t, other.port, { trustRoots, servername: "localhost" });
      second.transport.write("second\n");
      await second.heard.until("dnoces\n");
      other.server.kill("SIGKILL");
      assert.ok((await second.lost) instanceof ConnectionLost);
    });

    test(`${protocol}: our loseConnection sends all that was written, and close_notify`, async (t) => {
      const { port, server } = await serve(t, localhost, [flag, "-naccept", "1"]);
      const client = await dial(t, port, { trustRoots, servername: "localhost" });
      client.transport.write("~".repeat(1 << 20));
      client.transport.loseConnection();
      assert.ok((await client.lost) instanceof ConnectionDone);
      await server.finished();
      assert.equal(server.out.text.replaceAll(/[^~]/g, "").length, 1 << 20);
      assert.doesNotMatch(server.err.text, /unexpected eof/);
    });

    test(`${protocol}: it asks for our certificate, and gets it`, async (t) => {
      const ann = authority.issue("ann");
      const required = ["-Verify", "1", "-verify_return_error", "-CAfile", authority.files.certFile];
      const { port, server } = await serve(t, localhost, [flag, ...required]);
      const client = await dial(t, port, { trustRoots, servername: "localhost", identity: ann });
      client.transport.write("signed\n");
      await server.out.until("signed\n");
      assert.match(server.out.text, /subject=CN = ann/);
      server.write("welcome\n");
      await client.heard.until("welcome\n");
    });

    test(`${protocol}: without the certificate that it requires, there is no lasting connection`, async (t) => {
      const required = ["-Verify", "1", "-verify_return_error", "-CAfile", authority.files.certFile];
      const { port } = await serve(t, localhost, [flag, ...required]);
      // In TLS 1.3 a client has finished before the server looks at its certificate: the refusal comes as an alert.
      const dialling = dial(t, port, { trustRoots, servername: "localhost" });
      const reason = await dialling.then(
        (client) => client.lost,
        (error: Error) => error,
      );
      assert.match(`${reason.message} ${(reason.cause as Error | undefined)?.message}`, /alert/);
    });
  }

  test("an IP literal is verified against the certificate's addresses", async (t) => {
    const { port } = await serve(t, localhost, ["-rev"]);
    const client = await dial(t, port, { trustRoots });
    assert.equal(client.transport.tls?.authorized, true);
  });

  test("a name that is not the certificate's fails connect", async (t) => {
    const { port } = await serve(t, localhost, ["-rev"]);
    const error = await failure(dialled(t, port, { trustRoots, servername: "example.org" }));
    assert.equal(error.name, "TlsError");
    assert.equal(error.code, "ERR_TLS_CERT_ALTNAME_INVALID");
    assert.match(error.message, /localhost/);
  });

  test("a server whose root nobody vouches for fails connect", async (t) => {
    const { port } = await serve(t, localhost, ["-rev"]);
    const error = await failure(dialled(t, port, { servername: "localhost" }));
    assert.equal(error.name, "TlsError");
    assert.equal(error.code, "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  });

  test("an expired certificate fails connect", async (t) => {
    const old = authority.issue("old", { names: "DNS:localhost", days: -1 });
    const { port } = await serve(t, old, ["-rev"]);
    const error = await failure(dialled(t, port, { trustRoots, servername: "localhost" }));
    assert.equal(error.name, "TlsError");
    assert.equal(error.code, "CERT_HAS_EXPIRED");
  });

  test("whatever fails the verification is let pass by insecureSkipVerification, and not called authorized", async (t) => {
    const old = authority.issue("older", { days: -1 });
    const { port } = await serve(t, old, ["-rev"]);
    const client = await dial(t, port, { servername: "localhost", insecureSkipVerification: true });
    assert.equal(client.transport.tls?.authorized, false);
    assert.equal(client.transport.tls.peerCertificate?.subject, "CN=older");
  });

  test("a pinned certificate is accepted, another one is not", async (t) => {
    const { port } = await serve(t, localhost, ["-rev"]);
    const names = { trustRoots, servername: "localhost" };
    const first = await dial(t, port, names);
    const fingerprint = first.transport.tls?.peerCertificate?.fingerprint256 ?? "";
    await leave(first);
    const pinned = await dial(t, port, { ...names, pinnedSha256: [fingerprint.replaceAll(":", "").toLowerCase()] });
    assert.equal(pinned.transport.tls?.authorized, true);
    await leave(pinned);
    const error = await failure(dialled(t, port, { ...names, pinnedSha256: ["00".repeat(32)] }));
    assert.equal(error.name, "TlsError");
    assert.match(error.message, new RegExp(`Certificate ${fingerprint} is not one of the pinned ones`));
  });

  test("ALPN is agreed on", async (t) => {
    const { port } = await serve(t, localhost, ["-rev", "-alpn", "chat/2,chat/1"]);
    const client = await dial(t, port, { trustRoots, servername: "localhost", alpn: ["chat/1", "chat/0"] });
    assert.equal(client.transport.tls?.alpnProtocol, "chat/1");
  });

  test("it shows the certificate of the name that we ask for", async (t) => {
    const second = authority.issue("second.example");
    const other = ["-servername", "second.example", "-cert2", second.certFile, "-key2", second.keyFile];
    const { port } = await serve(t, localhost, ["-rev", ...other]);
    const named = await dial(t, port, { trustRoots, servername: "second.example" });
    assert.equal(named.transport.tls?.peerCertificate?.subject, "CN=second.example");
    await leave(named);
    const unnamed = await dial(t, port, { trustRoots, servername: "localhost" });
    assert.equal(unnamed.transport.tls?.peerCertificate?.subject, "CN=localhost");
  });

  test("a server that speaks no version of ours fails connect", async (t) => {
    const { port } = await serve(t, localhost, ["-rev", "-tls1_2"]);
    const error = await failure(dialled(t, port, { trustRoots, servername: "localhost", minVersion: "TLSv1.3" }));
    assert.equal(error.name, "TlsError");
    assert.match(error.message, /protocol version/);
  });

  test("the tls: endpoint verifies by a file of roots, for the name that it dials", async (t) => {
    const { port } = await serve(t, localhost, ["-rev"]);
    const roots = quoteArgument(authority.files.certFile);
    const client = await connect(
      reactor,
      `tls:127.0.0.1:${port}:trustRoots=${roots}`,
      visitor(t, () => new Guest()),
    );
    client.transport.write("level\n");
    await client.heard.until("level\n");
    await leave(client);
    const elsewhere = connect(
      reactor,
      `tls:127.0.0.1:${port}:trustRoots=${roots}:servername=elsewhere`,
      () => new Guest(),
    );
    assert.equal((await failure(elsewhere)).code, "ERR_TLS_CERT_ALTNAME_INVALID");
  });

  /** `-rev` answers each line with its reverse; without it, s_server prints what it hears and says what it reads. */
  async function serve(t: TestContext, shown: CertificateFiles, args: readonly string[]): Promise<Running> {
    const pair = ["-cert", shown.certFile, "-key", shown.keyFile];
    const server = start(t, "openssl", ["s_server", "-accept", "127.0.0.1:0", ...pair, ...args]);
    const [, port] = await server.out.until(/^ACCEPT 127\.0\.0\.1:(\d+)/m);
    return { server, port: Number(port) };
  }

  function dialled(t: TestContext, port: number, tls: TlsClientOptions): Deferred<Guest> {
    return reactor.connectTcp(
      { host: "127.0.0.1", port, tls },
      visitor(t, () => new Guest()),
    );
  }

  async function dial(t: TestContext, port: number, tls: TlsClientOptions): Promise<Guest> {
    return await dialled(t, port, tls);
  }
});

interface Running {
  readonly server: Program;
  readonly port: number;
}

/** s_server serves one after the other. */
async function leave(client: Guest): Promise<void> {
  client.transport.loseConnection();
  await client.lost;
}

async function failure(connecting: Deferred<unknown>): Promise<TlsError> {
  const outcome = await connecting.addCallbacks(
    () => new Error("It connected"),
    (error: Error) => error,
  );
  return outcome as TlsError;
}
