import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { freePort, ownProgram, temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, type Program, start } from "./support/program.ts";

const ACTIVATE = "systemd-socket-activate";

describe("systemd-socket-activate", { skip: lacks(ACTIVATE, "nc"), timeout: FILE_LIMIT_MS }, () => {
  test("the connection that starts the service is served, and so are later ones on every socket", async (t) => {
    const { port, path, service } = await activate(t, [], "systemd:domain=INET:index=0", "systemd:domain=UNIX:index=1");
    const first = start(t, "nc", ["-N", "127.0.0.1", String(port)]);
    first.write("knock\n");
    await first.out.until("this is systemd:domain=INET:index=0\nKNOCK\n");
    const second = start(t, "nc", ["-U", "-N", path]);
    second.write("knock\nbye\n");
    second.endInput();
    await second.finished();
    assert.equal(second.out.text, "this is systemd:domain=UNIX:index=1\nKNOCK\nBYE\n");
    service.kill("SIGTERM");
    assert.deepEqual(await service.finished(), { code: 0, signal: null });
    assert.match(
      service.err.text,
      new RegExp(`listening on {"kind":"tcp","host":"127.0.0.1","port":${port},"family":4}`),
    );
    first.endInput();
    await first.finished();
  });

  test("sockets are found by their names", async (t) => {
    const names = ["--fdname=web:admin"];
    const { port, path } = await activate(t, names, "systemd:name=admin", "systemd:name=web");
    const admin = start(t, "nc", ["-U", "-N", path]);
    await admin.out.until("this is systemd:name=admin\n");
    const web = start(t, "nc", ["-N", "127.0.0.1", String(port)]);
    await web.out.until("this is systemd:name=web\n");
  });

  test("a socket that was not passed is refused, and the error says which ones were", async (t) => {
    const { port, service } = await activate(t, ["--fdname=web:admin"], "systemd:name=mail");
    start(t, "nc", ["-N", "127.0.0.1", String(port)]);
    assert.equal((await service.finished()).code, 1);
    assert.match(service.err.text, /systemd passed this process these sockets: 0 "web", 1 "admin"/);
  });

  test("a socket of another domain is refused", async (t) => {
    const { port, service } = await activate(t, [], "systemd:domain=UNIX:index=0");
    start(t, "nc", ["-N", "127.0.0.1", String(port)]);
    assert.equal((await service.finished()).code, 1);
    assert.match(service.err.text, /Cannot listen on a socket of systemd as UNIX: it is INET/);
  });

  /** A TCP and a UNIX socket, on which our program is started at the first connection. */
  async function activate(
    t: TestContext,
    options: readonly string[],
    ...endpoints: readonly string[]
  ): Promise<Sockets> {
    const port = await freePort();
    const path = `${temporaryFolder(t)}/service.sock`;
    const sockets = ["-l", `127.0.0.1:${port}`, "-l", path];
    const command = [process.execPath, ownProgram("lines"), ...endpoints];
    const service = start(t, ACTIVATE, [...sockets, ...options, ...command]);
    await service.err.until(/as 4/);
    return { port, path, service };
  }
});

interface Sockets {
  readonly port: number;
  readonly path: string;
  readonly service: Program;
}
