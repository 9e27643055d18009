import assert from "node:assert/strict";
import { after, describe, type TestContext, test } from "node:test";
import { ConnectionDone, type TlsClientOptions, type TlsError } from "ropewalk";
import { Authority } from "./support/certificates.ts";
import { reactor, visitor } from "./support/guest.ts";
import { LineGuest } from "./support/lines.ts";
import { peerScript, temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, type Program, PYTHON, start } from "./support/program.ts";

describe("STARTTLS by our client at python's ssl", { skip: lacks(PYTHON, "openssl"), timeout: FILE_LIMIT_MS }, () => {
  const authority = new Authority(temporaryFolder({ after }), "root");
  const localhost = authority.issue("localhost");
  const tls: TlsClientOptions = { trustRoots: authority.files.cert, servername: "localhost" };

  test("it turns into TLS in mid-stream, is verified, and ends cleanly", async (t) => {
    const { client, server } = await meet(t);
    await ask(client, "STARTTLS");
    assert.equal(client.transport.tls, undefined);
    const facts = await client.transport.startTls({ side: "client", tls });
    assert.equal(client.transport.tls, facts);
    assert.equal(facts.authorized, true);
    await server.out.until(`secure ${facts.protocol}`);
    client.sendLine("under the rose");
    await client.heard.until("UNDER THE ROSE\n");
    client.transport.loseConnection();
    assert.ok((await client.lost) instanceof ConnectionDone);
    await server.out.until(/^closed$/m);
  });

  test("lines written during the handshake wait for it", async (t) => {
    const { client, server } = await meet(t);
    await ask(client, "STARTTLS");
    const secured = client.transport.startTls({ side: "client", tls });
    client.sendLine("early");
    await secured;
    await client.heard.until("EARLY\n");
    assert.doesNotMatch(server.out.text, /early|EARLY|broken/);
  });

  test("its close_notify after STARTTLS is a clean end", async (t) => {
    const { client } = await meet(t);
    await ask(client, "STARTTLS");
    await client.transport.startTls({ side: "client", tls });
    client.sendLine("CLOSE");
    assert.ok((await client.lost) instanceof ConnectionDone);
  });

  test("another name than the certificate's fails it and closes the connection", async (t) => {
    const { client } = await meet(t);
    await ask(client, "STARTTLS");
    const error = await refused(client, { ...tls, servername: "elsewhere" });
    assert.equal(error.code, "ERR_TLS_CERT_ALTNAME_INVALID");
    assert.equal((await client.lost).name, "TlsError");
  });

  test("a server that hangs up in the handshake fails it", async (t) => {
    const { client } = await meet(t);
    await ask(client, "NOTLS");
    const error = await refused(client, tls);
    assert.equal(error.name, "TlsError");
    assert.equal((await client.lost).name, "TlsError");
  });

  test("a server that goes on in clear fails it", async (t) => {
    const { client } = await meet(t);
    await ask(client, "CLEAR");
    const error = await refused(client, tls);
    assert.equal(error.name, "TlsError");
    await client.lost;
  });

  /** Greeted and known. */
  async function meet(t: TestContext): Promise<{ client: LineGuest; server: Program }> {
    const server = start(t, PYTHON, [peerScript("starttls_server.py"), localhost.certFile, localhost.keyFile]);
    const [port] = await server.out.until(/^\d+\n/);
    const make = visitor(t, () => new LineGuest());
    const client = await reactor.connectTcp({ host: "127.0.0.1", port: Number(port) }, make);
    await client.heard.until("220 ready\n");
    client.sendLine("EHLO test");
    await client.heard.until("250 STARTTLS\n");
    return { client, server };
  }
});

async function ask(client: LineGuest, word: string): Promise<void> {
  client.sendLine(word);
  await client.heard.until("220 go ahead\n");
}

async function refused(client: LineGuest, tls: TlsClientOptions): Promise<TlsError> {
  const outcome = await client.transport.startTls({ side: "client", tls }).addCallbacks(
    () => new Error("It was secured"),
    (error: Error) => error,
  );
  return outcome as TlsError;
}
