import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ConnectionDone, connect } from "ropewalk";
import { quoteArgument } from "ropewalk/endpoints";
import { EchoGuest, Guest, reactor, serveTcp, visitor } from "./support/guest.ts";
import { freePort, temporaryFolder } from "./support/places.ts";
import { lacks, type Program, start } from "./support/program.ts";

describe("systemd: under systemd-socket-activate", { skip: lacks("systemd-socket-activate") }, () => {
  test("takes the sockets that were passed, by name and by place", async (t) => {
    const port = await freePort();
    const path = join(temporaryFolder(t), "admin.sock");
    const sockets = ["--listen", `127.0.0.1:${port}`, "--listen", path, "--fdname=web:admin"];
    const activator = activate(t, sockets, ["systemd:domain=INET:name=web", "systemd:domain=UNIX:index=1"]);
    await activator.err.until(/Listening on .*admin\.sock/);
    for (const where of [`tcp:127.0.0.1:${port}`, `unix:${quoteArgument(path)}`]) {
      const guest = await connect(
        reactor,
        where,
        visitor(t, () => new Guest()),
      );
      guest.transport.write("hello");
      await guest.heard.until("hello");
      guest.transport.loseConnection();
      assert.ok((await guest.lost) instanceof ConnectionDone);
    }
  });

  test("says what was passed when it is asked for another one", async (t) => {
    const port = await freePort();
    const activator = activate(t, ["--listen", `127.0.0.1:${port}`, "--fdname=web"], ["systemd:name=mail"]);
    await activator.err.until(/Listening on/);
    const guest = await connect(
      reactor,
      `tcp:127.0.0.1:${port}`,
      visitor(t, () => new Guest()),
    );
    await activator.err.until('it matches none; systemd passed this process these sockets: 0 "web"');
    guest.transport.abortConnection();
  });
});

describe("process: with socat", { skip: lacks("socat") }, () => {
  test("is a connection through that program", async (t) => {
    const { port } = await serveTcp(t, () => new EchoGuest());
    const command = quoteArgument(`socat - TCP:127.0.0.1:${port}`);
    const guest = await connect(
      reactor,
      `process:${command}`,
      visitor(t, () => new Guest()),
    );
    guest.transport.write("through two sockets");
    await guest.heard.until("through two sockets");
    guest.transport.loseConnection();
    assert.ok((await guest.lost) instanceof ConnectionDone);
  });
});

test("stdio: is one connection over standard input and output, which outlives its port", async (t) => {
  const server = `
    import { NodeReactor, Protocol, listen } from "ropewalk";
    class Echo extends Protocol {
      dataReceived(data) {
        this.transport.write(data);
      }
    }
    const port = await listen(new NodeReactor(), "stdio:", () => new Echo());
    await port.stopListening();
  `;
  const program = start(t, process.execPath, ["--input-type=module", "--eval", server], { cwd: ROOT });
  program.write("hello");
  await program.out.until("hello");
  program.endInput();
  assert.deepEqual(await program.finished(), { code: 0, signal: null });
});

/** Runs an echo server on these endpoints when somebody connects to one of the sockets. */
function activate(t: TestContext, sockets: readonly string[], endpoints: readonly string[]): Program {
  const server = `
    import { NodeReactor, Protocol, listen } from "ropewalk";
    class Echo extends Protocol {
      dataReceived(data) {
        this.transport.write(data);
      }
    }
    const reactor = new NodeReactor();
    for (const endpoint of ${JSON.stringify(endpoints)}) await listen(reactor, endpoint, () => new Echo());
  `;
  const command = [process.execPath, "--input-type=module", "--eval", server];
  return start(t, "systemd-socket-activate", [...sockets, ...command], { cwd: ROOT });
}

/** Where the package's own name is known. */
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
