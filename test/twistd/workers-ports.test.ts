/** The ports that workers share, of every kind. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Authority } from "../interop/support/certificates.ts";
import { freePort, temporaryFolder } from "../interop/support/places.ts";
import { lacks, start } from "../interop/support/program.ts";
import { TWISTD } from "./support.ts";
import { APP, ask, Client, ECHO, EchoClient, nthPid, restart, servingPids, WEB, workforce } from "./workforce.ts";

describe("workers that share a TCP port", () => {
  for (const [how, options, variables] of [
    ["with the kernel's choice", [], {}],
    ["in Node's turns", [], { NODE_CLUSTER_SCHED_POLICY: "rr" }],
    ["sticky", ["--sticky"], {}],
    ["sticky, by Node's streams", ["--sticky", "--reactor", "node-streams"], {}],
    ["by Node's streams", ["--reactor", "node-streams"], {}],
  ] as const) {
    test(`${how}: a rolling restart goes unnoticed`, async (t) => {
      const force = await workforce(t, 2, [WEB], options, { env: variables });
      const clients = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"].map(
        (from) => new Client(force.port, { from }),
      );
      for (const client of clients) await client.seen(servingPids(force));
      await restart(force);
      for (const client of clients) await client.seen(servingPids(force));
      for (const client of clients) assert.deepEqual(await client.stop(), []);
    });
  }

  test("which a TLS server is, too", async (t) => {
    const authority = new Authority(temporaryFolder(t), "ropewalk");
    const leaf = authority.issue("localhost", { names: "IP:127.0.0.1" });
    const endpoint = `web=tls:0:interface=127.0.0.1:cert=${leaf.certFile}:key=${leaf.keyFile}`;
    for (const options of [[], ["--sticky"]]) {
      const force = await workforce(t, 2, [endpoint], options);
      assert.ok(servingPids(force).includes((await ask(force.port, { ca: authority.files.cert })).pid));
      await restart(force);
      assert.ok(servingPids(force).includes((await ask(force.port, { ca: authority.files.cert })).pid));
    }
  });
});

describe("--sticky", () => {
  test("gives each client address its worker, before and after that one is replaced", async (t) => {
    const force = await workforce(t, 3, [WEB], ["--sticky"]);
    const hosts = Array.from({ length: 8 }, (_, index) => `127.0.0.${index + 1}`);
    const workersOf = async (): Promise<string[]> =>
      Promise.all(hosts.map(async (from) => (await ask(force.port, { from })).worker));
    const first = await workersOf();
    assert.ok(new Set(first).size > 1, first.join(" "));
    for (let n = 0; n < 3; n++) assert.deepEqual(await workersOf(), first);
    await restart(force);
    assert.deepEqual(await workersOf(), first);
    process.kill(servingPids(force)[0] as number, "SIGKILL");
    await nthPid(force, 1, 3);
    assert.deepEqual(await workersOf(), first);
  });

  test("gives another one to the clients of a worker that is missing", async (t) => {
    const file = join(temporaryFolder(t), "broken");
    const force = await workforce(t, 2, [WEB, `broken=${file}`], ["--sticky"]);
    writeFileSync(file, "");
    const [first, second] = servingPids(force) as [number, number];
    process.kill(first, "SIGKILL");
    await force.program.err.until("Worker 1 cannot start");
    for (let n = 1; n <= 8; n++) assert.equal((await ask(force.port, { from: `127.0.0.${n}` })).pid, second);
  });

  test("lets clients wait while no worker serves", async (t) => {
    const force = await workforce(t, 1, [WEB], ["--sticky"]);
    process.kill(servingPids(force)[0] as number, "SIGKILL");
    await force.program.err.until("Worker 1 starts again");
    const { pid } = await ask(force.port);
    assert.equal(pid, await nthPid(force, 1, 2));
  });
});

describe("workers that share a UNIX socket", () => {
  test("serve it by turns, with the mode that was asked for, and leave no file", async (t) => {
    const socketPath = join(temporaryFolder(t), "web.sock");
    const force = await workforce(t, 3, [`web=unix:${socketPath}:mode=600`], ["--umask", "0"]);
    assert.equal(statSync(socketPath).mode & 0o777, 0o600);
    assert.ok(servingPids(force).includes((await ask(0, { socketPath })).pid));
    const client = new Client(0, { socketPath });
    await restart(force);
    await client.seen(servingPids(force));
    assert.deepEqual(await client.stop(), []);
    force.program.kill("SIGTERM");
    assert.deepEqual(await force.program.finished(), { code: 0, signal: null });
    assert.equal(existsSync(socketPath), false);
  });

  test("take over what a dead program left, and respect a live one and its lock", async (t) => {
    const socketPath = join(temporaryFolder(t), "web.sock");
    const words = [`web=unix:${socketPath}:lockfile=1`];
    const killed = await workforce(t, 2, words);
    killed.program.kill("SIGKILL");
    await killed.program.finished().catch(() => undefined);
    assert.ok(existsSync(socketPath));
    const force = await workforce(t, 2, words);
    assert.ok(servingPids(force).includes((await ask(0, { socketPath })).pid));
    const refused = start(t, process.execPath, [TWISTD, "--workers", "2", "-f", APP, "--", ...words]);
    assert.deepEqual(await refused.finished(), { code: 1, signal: null });
    assert.match(refused.err.text, /Cannot listen on unix:.*web\.sock/);
    assert.ok(servingPids(force).includes((await ask(0, { socketPath })).pid));
  });
});

describe("workers that share", () => {
  test("a UDP port answer what it gets, and go on with it after a restart", async (t) => {
    const port = await freePort();
    const force = await workforce(t, 2, [`udp=${port}`]);
    const socket = createSocket("udp4");
    t.after(() => socket.close());
    const answered = async (): Promise<number> => {
      // A datagram may be lost, and loopback loses none.
      socket.send("who?", port, "127.0.0.1");
      const [data] = (await once(socket, "message")) as [Uint8Array];
      return Number(new TextDecoder().decode(data));
    };
    for (let n = 0; n < 5; n++) assert.ok(servingPids(force).includes(await answered()));
    await restart(force);
    for (let n = 0; n < 5; n++) assert.ok(servingPids(force).includes(await answered()));
  });

  test("two ports that are any free one have the same two, in every worker", async (t) => {
    for (const options of [[], ["--sticky"]]) {
      const force = await workforce(t, 3, [WEB, ECHO], options);
      await restart(force);
      const ports = [...force.program.err.text.matchAll(/Listening on .*:(\d+)\n/g)].map(([, port]) => port);
      assert.equal(ports.length, 2 * 6);
      assert.equal(new Set(ports).size, 2);
    }
  });

  test("the sockets of systemd", { skip: lacks("systemd-socket-activate") }, async (t) => {
    for (const options of [[], ["--sticky"]]) {
      const port = await freePort();
      const twistd = [process.execPath, TWISTD, "--workers", "2", ...options, "-f", APP, "--", "echo=systemd:index=0"];
      const program = start(t, "systemd-socket-activate", ["-l", `127.0.0.1:${port}`, ...twistd]);
      await program.err.until("Listening on");
      const first = new EchoClient(t, port);
      await program.err.until(/Started .*, with 2 workers/);
      const force = { program, port, count: 2 };
      assert.ok(servingPids(force).includes(Number(await first.line())));
      first.socket.end();
      await restart(force);
      assert.ok(servingPids(force).includes(Number(await new EchoClient(t, port).line())));
    }
  });
});
