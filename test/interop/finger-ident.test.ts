/** Finger with the client of Debian and a server in Python; ident with oidentd, and a client in Python. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { connect as connectPlain } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { listen, Protocol, type TcpAddress } from "ropewalk";
import { finger, fingerServer } from "ropewalk/finger";
import { askIdent, identServer } from "ropewalk/ident";
import { reactor, tcpPortOf } from "./support/guest.ts";
import { accepting, freePort, temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, type Program, PYTHON, start } from "./support/program.ts";

const clock = reactor;
/** Debian puts it where a user's PATH does not look. */
const OIDENTD = "/usr/sbin/oidentd";

describe("finger", { skip: lacks("finger", PYTHON), timeout: FILE_LIMIT_MS }, () => {
  test("the client of Debian shows what ours answers, if this user may have its port", async (t) => {
    const server = fingerServer(({ user, verbose }) => `${verbose ? "long" : "short"} ${user}\n\u001b[2Jend`, {
      clock,
    });
    // The client knows no other port than 79; the address is this test's own.
    const port = await listen(reactor, "tcp:79:interface=127.79.0.1", server).addErrback((error: Error) => {
      if (/EACCES/.test(error.message)) return undefined;
      throw error;
    });
    if (port === undefined) {
      t.skip("only root may listen on port 79");
      return;
    }
    t.after(() => port.stopListening());
    for (const [args, answer] of [
      [["ann@127.79.0.1"], "short ann"],
      [["-l", "ann@127.79.0.1"], "long ann"],
      [["@127.79.0.1"], "short "],
    ] as const) {
      const client = start(t, "finger", args);
      assert.equal((await client.finished()).code, 0);
      assert.ok(client.out.text.replaceAll("\r", "").includes(`${answer}\n?[2Jend\n`), client.out.text);
    }
  });

  test("our client is answered by a server in Python", async (t) => {
    const program = start(t, PYTHON, ["-c", FINGER_SERVER]);
    const endpoint = `tcp:127.0.0.1:${await portOf(program)}`;
    assert.equal(await finger(reactor, endpoint, { user: "ann", verbose: true }), "asked: b'/W ann\\r\\n'\nbye\n");
    assert.equal(await finger(reactor, endpoint, {}), "asked: b'\\r\\n'\nbye\n");
  });
});

describe("ident", { skip: lacks(OIDENTD, PYTHON), timeout: FILE_LIMIT_MS }, () => {
  test("oidentd tells ours who owns a true connection, and that there is no such other", async (t) => {
    const port = await freePort();
    const config = join(temporaryFolder(t), "oidentd.conf");
    writeFileSync(config, "");
    start(t, OIDENTD, ["-i", "-S", "-a", "127.0.0.1", "-p", String(port), "-C", config]);
    await accepting(port);
    const ends = await connection(t);
    const { username } = userInfo();
    assert.deepEqual(await askIdent(reactor, ends, { port }), {
      kind: "user",
      system: "UNIX",
      charset: undefined,
      user: username,
    });
    const other = { ...ends, local: { ...ends.local, port: 1 } };
    assert.deepEqual(await askIdent(reactor, other, { port }), { kind: "error", error: "NO-USER" });
  });

  test("a client in Python understands ours", async (t) => {
    const server = identServer(({ serverPort }) => ({ kind: "user", system: "UNIX", user: `u${serverPort}` }), {
      clock,
    });
    const port = await listen(reactor, "tcp:0:interface=127.0.0.1", server);
    t.after(() => port.stopListening());
    const client = start(t, PYTHON, ["-c", IDENT_CLIENT, String(tcpPortOf(port))]);
    await client.finished();
    assert.equal(
      client.out.text,
      "b'6191, 23 : USERID : UNIX : u6191\\r\\n'\nb'99999, 23 : ERROR : INVALID-PORT\\r\\n'\n",
      client.err.text,
    );
  });
});

async function portOf(program: Program): Promise<number> {
  const [, port] = await program.out.until(/^(\d+)\n/);
  return Number(port);
}

/** A connection of this process with itself, as its accepting end sees it. */
async function connection(t: TestContext): Promise<{ peer: TcpAddress; local: TcpAddress }> {
  const server = await listen(reactor, "tcp:0:interface=127.0.0.1", () => new Protocol());
  const socket = connectPlain(tcpPortOf(server), "127.0.0.1").on("error", () => {});
  t.after(async () => {
    socket.destroy();
    await server.stopListening();
  });
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  const end = (port: number): TcpAddress => ({ kind: "tcp", host: "127.0.0.1", port, family: 4 });
  return { peer: end(socket.localPort ?? 0), local: end(tcpPortOf(server)) };
}

const FINGER_SERVER = `
import socketserver
class Finger(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"asked: %r\\r\\nbye\\r\\n" % self.rfile.readline())
with socketserver.TCPServer(("127.0.0.1", 0), Finger) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()`;

const IDENT_CLIENT = `
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as sock, sock.makefile("rwb") as lines:
    for query in [b"6191 , 23", b"99999,23"]:
        lines.write(query + b"\\r\\n")
        lines.flush()
        print(lines.readline())`;
