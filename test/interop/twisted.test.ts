import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { after, describe, type TestContext, test } from "node:test";
import { ConnectionDone, ConnectionLost, connect, listen, type Port } from "ropewalk";
import { quoteArgument } from "ropewalk/endpoints";
import { Authority } from "./support/certificates.ts";
import { Host, reactor, serve, tcpPortOf, visitor } from "./support/guest.ts";
import { HalfClosingLines, LineGuest } from "./support/lines.ts";
import { peerScript, temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, type Program, PYTHON, start } from "./support/program.ts";

const KINDS = ["tcp", "tls", "unix"] as const;
type Kind = (typeof KINDS)[number];

describe("Twisted", { skip: lacks(PYTHON) || lacksTwisted(), timeout: FILE_LIMIT_MS }, () => {
  const folder = temporaryFolder({ after });
  const authority = new Authority(folder, "root");
  const localhost = authority.issue("localhost");
  const pem = [localhost.keyFile, localhost.certFile, authority.files.certFile];
  // Twisted takes a folder of .pem files where we take a file.
  mkdirSync(`${folder}/roots`);
  copyFileSync(authority.files.certFile, `${folder}/roots/root.pem`);

  // One process for all of them: Twisted takes long to start.
  const program = start({ after }, PYTHON, [peerScript("twisted_peer.py"), ...pem]);
  let made = 0;

  for (const kind of KINDS) {
    describe(`its client at our server over ${kind}`, () => {
      both((t, make) => ours(t, kind, make), kind);
    });
    describe(`our client at its server over ${kind}`, () => {
      both((t, make) => theirs(t, kind, make), kind);
    });
  }

  describe("STARTTLS in mid-stream", () => {
    test("our client asks, its server turns", async (t) => {
      const { guest, twisted } = await theirs(t, "tcp", () => new LineGuest());
      guest.sendLine("starttls");
      await guest.heard.until("go ahead\n");
      const tls = { trustRoots: authority.files.cert, servername: "localhost" };
      const facts = await guest.transport.startTls({ side: "client", tls });
      assert.equal(facts.authorized, true);
      guest.sendLine("echo under the rose");
      await guest.heard.until("under the rose\n");
      guest.transport.loseConnection();
      await twisted.said("lost ConnectionDone");
      assert.ok((await guest.lost) instanceof ConnectionDone);
    });

    test("its client asks, our server turns", async (t) => {
      const { guest, twisted } = await ours(t, "tcp", () => new LineGuest());
      twisted.tell("send starttls");
      await guest.heard.until("starttls\n");
      guest.sendLine("go ahead");
      const secured = guest.transport.startTls({ side: "server", tls: { identity: localhost } });
      await twisted.said("> go ahead");
      twisted.tell("starttls");
      const facts = await secured;
      assert.equal(facts.servername, "localhost");
      twisted.tell("send under the rose");
      await guest.heard.until("under the rose\n");
      twisted.tell("lose");
      assert.ok((await guest.lost) instanceof ConnectionDone);
    });
  });

  test("its client refuses our server under another name's certificate, and no protocol is built", async (t) => {
    const wrong = authority.issue("elsewhere");
    const host = new Host(t, () => new LineGuest());
    const port = await serve(t, listen(reactor, tlsServer(wrong.certFile, wrong.keyFile), host));
    const twisted = new Twisted(program, ++made);
    twisted.tell(`connect tls:localhost:${tcpPortOf(port)}:trustRoots=${folder}/roots`);
    await twisted.said("lost VerificationError");
    assert.equal(host.count, 0);
  });

  /** Twisted's client at a server of ours. */
  async function ours<G extends LineGuest>(t: TestContext, kind: Kind, make: () => G): Promise<Both<G>> {
    const host = new Host(t, make);
    const path = `${temporaryFolder(t)}/s`;
    const port = await serve(t, listen(reactor, serverString(kind, path), host));
    const twisted = new Twisted(program, ++made);
    twisted.tell(`connect ${theirClientString(kind, path, port)}`);
    await twisted.said("made");
    // Twisted's client has its protocol before the handshake; a server of ours builds one after it.
    return { guest: await host.next(), twisted };
  }

  /** A client of ours at Twisted's server. */
  async function theirs<G extends LineGuest>(t: TestContext, kind: Kind, make: () => G): Promise<Both<G>> {
    const path = `${temporaryFolder(t)}/s`;
    const twisted = new Twisted(program, ++made);
    twisted.tell(`listen ${theirServerString(kind, path)}`);
    const where = await twisted.said("at (.+)");
    // No policy wraps it.
    const guest = (await connect(reactor, clientString(kind, where), visitor(t, make))) as LineGuest as G;
    // The kernel has connected us before Twisted accepts.
    await twisted.said("made");
    return { guest, twisted };
  }

  function serverString(kind: Kind, path: string): string {
    if (kind === "unix") return `unix:${quoteArgument(path)}`;
    return kind === "tcp" ? "tcp:0:interface=127.0.0.1" : tlsServer(localhost.certFile, localhost.keyFile);
  }

  function clientString(kind: Kind, where: string): string {
    if (kind === "unix") return `unix:${quoteArgument(where)}`;
    if (kind === "tcp") return `tcp:127.0.0.1:${where}`;
    return `tls:127.0.0.1:${where}:servername=localhost:trustRoots=${quoteArgument(authority.files.certFile)}`;
  }

  function theirServerString(kind: Kind, path: string): string {
    if (kind === "unix") return `unix:${path}`;
    const secure = `ssl:0:interface=127.0.0.1:privateKey=${localhost.keyFile}:certKey=${localhost.certFile}`;
    return kind === "tcp" ? "tcp:0:interface=127.0.0.1" : secure;
  }

  function theirClientString(kind: Kind, path: string, port: Port): string {
    if (kind === "unix") return `unix:${path}`;
    const number = tcpPortOf(port);
    return kind === "tcp" ? `tcp:127.0.0.1:${number}` : `tls:localhost:${number}:trustRoots=${folder}/roots`;
  }
});

/** What holds whoever dialled. */
function both(meet: Meet, kind: Kind): void {
  test("lines go both ways, and our loseConnection is its ConnectionDone", async (t) => {
    const { guest, twisted } = await meet(t, () => new LineGuest());
    assert.equal(guest.transport.tls !== undefined, kind === "tls");
    guest.sendLine("echo Grüße");
    await guest.heard.until("Grüße\n");
    twisted.tell("send and from here");
    await guest.heard.until("and from here\n");
    guest.transport.loseConnection();
    await twisted.said("lost ConnectionDone");
    assert.ok((await guest.lost) instanceof ConnectionDone);
  });

  test("its loseConnection is our ConnectionDone, after all that it said", async (t) => {
    const { guest, twisted } = await meet(t, () => new LineGuest());
    twisted.tell("long 500000");
    twisted.tell("lose");
    assert.ok((await guest.lost) instanceof ConnectionDone);
    assert.deepEqual(guest.lengths, [500_000]);
  });

  test("half a megabyte in one line reaches it before our close does", async (t) => {
    const { guest, twisted } = await meet(t, () => new LineGuest());
    guest.sendLine("y".repeat(500_000));
    guest.transport.loseConnection();
    await twisted.said("lost ConnectionDone");
    await twisted.said("> \\(500000 characters\\)");
  });

  if (kind !== "unix") {
    test("its abortConnection is our ConnectionLost", async (t) => {
      const { guest, twisted } = await meet(t, () => new LineGuest());
      twisted.tell("abort");
      assert.ok((await guest.lost) instanceof ConnectionLost);
    });

    test("our abortConnection is its ConnectionLost", async (t) => {
      const { guest, twisted } = await meet(t, () => new LineGuest());
      guest.transport.abortConnection();
      await twisted.said("lost ConnectionLost");
    });
  }

  if (kind !== "tls") {
    test("our end of stream is its readConnectionLost, and it answers still", async (t) => {
      const { guest, twisted } = await meet(t, () => new HalfClosingLines());
      guest.transport.loseWriteConnection();
      await twisted.said("half");
      await guest.heard.until("heard all\n");
      assert.ok((await guest.lost) instanceof ConnectionDone);
    });

    test("its end of stream is our readConnectionLost, and we answer still", async (t) => {
      const { guest, twisted } = await meet(t, () => new HalfClosingLines());
      twisted.tell("send last words");
      twisted.tell("half");
      await guest.ended;
      assert.match(guest.heard.text, /last words\n$/);
      guest.sendLine("not ours");
      guest.transport.loseConnection();
      await twisted.said("> not ours");
      await twisted.said("lost ConnectionDone");
    });
  }
}

/** One peer of the Twisted process. */
class Twisted {
  readonly #program: Program;
  readonly #number: number;

  constructor(program: Program, number: number) {
    this.#program = program;
    this.#number = number;
  }

  tell(command: string): void {
    this.#program.write(`${this.#number} ${command}\n`);
  }

  /** Waits until it has printed what matches `pattern`, and returns what the first group matched. */
  async said(pattern: string): Promise<string> {
    const [, group = ""] = await this.#program.out.until(new RegExp(`^${this.#number} ${pattern}$`, "m"));
    return group;
  }
}

type Meet = <G extends LineGuest>(t: TestContext, make: () => G) => Promise<Both<G>>;

interface Both<G extends LineGuest> {
  readonly guest: G;
  readonly twisted: Twisted;
}

function tlsServer(certFile: string, keyFile: string): string {
  return `tls:0:interface=127.0.0.1:cert=${quoteArgument(certFile)}:key=${quoteArgument(keyFile)}`;
}

function lacksTwisted(): string | false {
  const { status } = spawnSync(PYTHON, ["-c", "import twisted.internet.ssl, service_identity"]);
  if (status === 0) return false;
  const reason = "/usr/bin/python3 has no Twisted with TLS; .ci/run knows the packages";
  if (process.env["CI"] !== undefined) throw new Error(`Cannot test with real peers: ${reason}`);
  console.error(`!!! SKIPPED: ${reason}`);
  return reason;
}
