import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { ConnectionDone } from "ropewalk";
import { LineProtocol } from "ropewalk/line";
import { Authority } from "./support/certificates.ts";
import { reactor, serve, tcpPortOf } from "./support/guest.ts";
import { temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, start } from "./support/program.ts";

interface Dialogue {
  readonly greeting: readonly string[];
  /** The line that begins TLS, after it was answered. */
  readonly starts: RegExp;
  readonly answer: (line: string) => readonly string[];
}

/** As much of each protocol as leads to its STARTTLS. */
const DIALOGUES: Readonly<Record<string, Dialogue>> = {
  smtp: {
    greeting: ["220 test"],
    starts: /^STARTTLS$/i,
    answer: (line) => (/^EHLO/i.test(line) ? ["250-test", "250 STARTTLS"] : ["220 go ahead"]),
  },
  imap: {
    greeting: ["* OK test"],
    starts: /^\S+ STARTTLS$/i,
    answer(line) {
      const [tag, command] = line.split(" ");
      return [...(command === "CAPABILITY" ? ["* CAPABILITY IMAP4rev1 STARTTLS"] : []), `${tag} OK done`];
    },
  },
  pop3: {
    greeting: ["+OK test"],
    starts: /^STLS$/i,
    answer: () => ["+OK"],
  },
};

describe("STARTTLS at our server", { skip: lacks("openssl"), timeout: FILE_LIMIT_MS }, () => {
  const authority = new Authority(temporaryFolder({ after }), "root");
  const localhost = authority.issue("localhost");
  const trust = ["-CAfile", authority.files.certFile, "-verify_return_error", "-verify_hostname", "localhost"];

  /** Speaks one of DIALOGUES up to TLS, and after it answers every line in capitals. */
  class Speaker extends LineProtocol {
    readonly #dialogue: Dialogue;
    override acceptBareNewline = true;
    /** What came in clear, and what came under TLS. */
    readonly clear: string[] = [];
    readonly secret: string[] = [];

    constructor(dialogue: Dialogue) {
      super();
      this.#dialogue = dialogue;
    }

    override connectionMade(): void {
      for (const line of this.#dialogue.greeting) this.sendLine(line);
    }

    override lineReceived(line: string): void {
      if (this.transport.tls !== undefined) {
        this.secret.push(line);
        this.sendLine(line.toUpperCase());
        return;
      }
      this.clear.push(line);
      for (const answer of this.#dialogue.answer(line)) this.sendLine(answer);
      if (!this.#dialogue.starts.test(line)) return;
      this.transport.startTls({ side: "server", tls: { identity: localhost } }).addErrback((error: Error) => {
        this.clear.push(`${error}`);
      });
    }
  }

  for (const [name, dialogue] of Object.entries(DIALOGUES)) {
    for (const version of ["-tls1_2", "-tls1_3"]) {
      test(`${name}, as s_client speaks it, turns into TLS in mid-stream (${version})`, async (t) => {
        const speaker = new Speaker(dialogue);
        const port = await serve(
          t,
          reactor.listenTcp({ port: 0, host: "127.0.0.1" }, () => speaker),
        );
        const address = `127.0.0.1:${tcpPortOf(port)}`;
        const args = ["s_client", "-brief", "-connect", address, "-starttls", name, version, ...trust];
        const client = start(t, "openssl", args);
        t.after(() => speaker.transport?.abortConnection());
        client.write("under the rose\n");
        await client.out.until("UNDER THE ROSE");
        assert.match(client.err.text, /Verification: OK/);
        assert.match(speaker.clear.at(-1) ?? "", dialogue.starts);
        assert.deepEqual(speaker.secret, ["under the rose"]);
        client.endInput();
        assert.ok((await speaker.transport.whenClosed()) instanceof ConnectionDone);
        assert.deepEqual(await client.finished(), { code: 0, signal: null });
      });
    }
  }

  test("python's smtplib goes on speaking SMTP under TLS", { skip: lacks("/usr/bin/python3") }, async (t) => {
    const speaker = new Speaker(DIALOGUES["smtp"] as Dialogue);
    const port = await serve(
      t,
      reactor.listenTcp({ port: 0, host: "127.0.0.1" }, () => speaker),
    );
    t.after(() => speaker.transport?.abortConnection());
    const script = `
import smtplib, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[2])
client = smtplib.SMTP("localhost", int(sys.argv[1]))
client.ehlo(); client.starttls(context=context)
client.sock.sendall(b"250 ok\\r\\n")
print(client.getreply(), client.sock.version())
client.close()`;
    const python = start(t, "/usr/bin/python3", ["-c", script, String(tcpPortOf(port)), authority.files.certFile]);
    assert.deepEqual(await python.finished(), { code: 0, signal: null }, python.err.text);
    assert.equal(python.out.text, "(250, b'OK') TLSv1.3\n");
    assert.deepEqual(speaker.secret, ["250 ok"]);
  });

  test("a client that breaks the handshake off loses its connection only", async (t) => {
    const speakers: Speaker[] = [];
    const smtp = DIALOGUES["smtp"] as Dialogue;
    const make = () => {
      const speaker = new Speaker(smtp);
      speakers.push(speaker);
      return speaker;
    };
    const port = await serve(t, reactor.listenTcp({ port: 0, host: "127.0.0.1" }, make));
    t.after(() => {
      for (const { transport } of speakers) transport.abortConnection();
    });
    const address = `127.0.0.1:${tcpPortOf(port)}`;
    const other = new Authority(temporaryFolder(t), "other");
    const distrust = ["-CAfile", other.files.certFile, "-verify_return_error"];
    const connect = ["s_client", "-brief", "-connect", address, "-starttls", "smtp"];
    const suspicious = start(t, "openssl", [...connect, "-tls1_2", ...distrust]);
    assert.equal((await suspicious.finished()).code, 1);
    assert.equal((await speakers[0]?.transport.whenClosed())?.name, "TlsError");
    const trusting = start(t, "openssl", [...connect, ...trust]);
    trusting.write("still there\n");
    await trusting.out.until("STILL THERE");
  });
});
