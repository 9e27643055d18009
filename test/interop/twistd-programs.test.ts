/** The plug-ins of twistd that start programs: a program for each connection, and programs that are kept running. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, type TestContext, test } from "node:test";
import { ANYWHERE, serving, twistd } from "../twistd/support.ts";
import { temporaryFolder } from "./support/places.ts";
import { lacks, PYTHON, start } from "./support/program.ts";

/** Against hangs, on a machine that has much else to do. */
const timeout = 300_000;

describe("twistd inetd", { skip: lacks("nc"), timeout }, () => {
  test("gives each connection a program of its own, which hears its end, and logs its complaints", async (t) => {
    const script = "import sys; print('oops', file=sys.stderr); sys.stdout.write(sys.stdin.read()[::-1]); sys.exit(3)";
    const { program, port } = await serving(t, ["inetd", "--listen", ANYWHERE, "--", PYTHON, "-c", script]);
    const clients = ["one", "two"].map((word) => {
      const nc = start(t, "nc", ["-N", "127.0.0.1", String(port)]);
      nc.write(word);
      nc.endInput();
      return nc;
    });
    for (const [index, answer] of ["eno", "owt"].entries()) {
      await clients[index]?.finished();
      assert.equal(clients[index]?.out.text, answer);
    }
    await program.err.until(/python3: oops/);
    await program.err.until(/python3 failed: .*status 3/);
  });

  test("has the environment and the folder that it is told", async (t) => {
    const folder = temporaryFolder(t);
    const words = ["--env", "ROPE=hemp", "--cwd", folder, "--", "sh", "-c", 'echo "$ROPE $(pwd)"'];
    const { port } = await serving(t, ["inetd", "--listen", ANYWHERE, ...words]);
    assert.equal(await heardFrom(t, port), `hemp ${folder}\n`);
  });

  test("ends the program when its connection is reset, and kills one that will not go", async (t) => {
    // It tells who it is, and then talks all the time, deaf to SIGTERM.
    const script = "trap '' TERM; echo pid $$; while :; do echo blah; sleep 0.01; done";
    const words = ["--kill-timeout", "100ms", "--", "sh", "-c", script];
    const { port } = await serving(t, ["inetd", "--listen", ANYWHERE, ...words]);
    const client = start(t, PYTHON, ["-uc", RESETTER, String(port)]);
    const [, pid] = await client.out.until(/pid (\d+)/);
    await client.finished();
    await gone(Number(pid));
  });

  test("a program that is not there costs its connection, and a line in the log", async (t) => {
    const { program, port } = await serving(t, ["inetd", "--listen", ANYWHERE, "--", "/nowhere/at-all"]);
    assert.equal(await heardFrom(t, port), "");
    await program.err.until(/cannot reach .*Cannot start program "\/nowhere\/at-all"/);
  });
});

describe("twistd procmon", { timeout }, () => {
  test("starts programs again, logs their lines with their names, and ends them with itself", async (t) => {
    const words = ["--min-uptime", "0", "--name", "short", "--program", "long=sh -c 'echo up $$; exec sleep 1000'"];
    const program = twistd(t, ["procmon", ...words, "--", "sh", "-c", "echo run $$; echo grumble >&2"]);
    await program.err.until(/short: run \d+[\s\S]*short: run \d+/);
    await program.err.until("short: grumble");
    const [, pid] = await program.err.until(/long: up (\d+)/);
    program.kill("SIGTERM");
    assert.deepEqual(await program.finished(), { code: 0, signal: null });
    assert.equal(existsSync(`/proc/${pid}`), false);
  });

  test("waits longer for a program that keeps failing, and kills one that will not end", async (t) => {
    const words = ["--min-restart-delay", "1ms", "--kill-timeout", "100ms", "--program", "nowhere=/nowhere/at-all"];
    const script = "trap '' TERM; echo pid $$; while :; do sleep 0.01; done";
    const program = twistd(t, ["procmon", ...words, "--name", "deaf", "--", "sh", "-c", script]);
    const [, pid] = await program.err.until(/deaf: pid (\d+)/);
    await program.err.until(/(?:nowhere ended after [\s\S]*){4}/);
    const delays = [...program.err.text.matchAll(/again in (\d+) ms/g)].map(([, ms]) => Number(ms));
    assert.deepEqual(
      delays.toSorted((a, b) => a - b),
      delays,
    );
    program.kill("SIGTERM");
    assert.deepEqual(await program.finished(), { code: 0, signal: null });
    assert.equal(existsSync(`/proc/${pid}`), false);
  });
});

describe("programs of twistd procmon and inetd", { timeout }, () => {
  test("end with all that they have started", async (t) => {
    const script = "trap 'exit 0' TERM; sleep 1000 & echo child $!; wait";
    const program = twistd(t, ["procmon", "--name", "shell", "--", "sh", "-c", script]);
    const [, child] = await program.err.until(/shell: child (\d+)/);
    program.kill("SIGTERM");
    assert.deepEqual(await program.finished(), { code: 0, signal: null });
    await gone(Number(child));
    const { port } = await serving(t, [
      "inetd",
      "--listen",
      ANYWHERE,
      "--",
      "sh",
      "-c",
      "sleep 1000 & echo pid $!; wait",
    ]);
    const client = start(t, PYTHON, ["-uc", RESETTER, String(port)]);
    const [, other] = await client.out.until(/pid (\d+)/);
    await client.finished();
    await gone(Number(other));
  });

  const isRoot = process.geteuid?.() === 0;
  test("run as the user that is named, in its group", {
    skip: !isRoot && "only root can become another user",
  }, async (t) => {
    const words = [
      "procmon",
      "--name",
      "who",
      "--uid",
      "nobody",
      "--",
      "sh",
      "-c",
      "echo $(id -un):$(id -gn):$(id -G)",
    ];
    await twistd(t, words).err.until(/who: nobody:nogroup:65534\n/);
    const { port } = await serving(t, [
      "inetd",
      "--listen",
      ANYWHERE,
      "--uid",
      "nobody",
      "--gid",
      "daemon",
      "--",
      "id",
      "-gn",
    ]);
    assert.equal(await heardFrom(t, port), "daemon\n");
  });

  test("are not started as users that nobody knows", async (t) => {
    for (const [option, said] of [
      ["--uid=no-such-user", 'Cannot run as user "no-such-user": /etc/passwd has none of that name'],
      ["--gid=no-such-group", 'Cannot run as group "no-such-group": /etc/group has none of that name'],
      ["--uid=54321", 'Cannot run as user "54321": it has no entry in /etc/passwd, so give its --gid as well'],
    ] as const) {
      const program = twistd(t, ["procmon", option, "--", "true"]);
      assert.deepEqual(await program.finished(), { code: 1, signal: null });
      assert.ok(program.err.text.includes(said), program.err.text);
    }
  });
});

/** What nc hears until the other side hangs up; it says something first, and leaves its own side open. */
async function heardFrom(t: TestContext, port: number, said = ""): Promise<string> {
  const nc = start(t, "nc", ["127.0.0.1", String(port)]);
  nc.write(said);
  nc.endInput();
  await nc.finished();
  return nc.out.text;
}

/** Settles when a process of that id is no more. */
async function gone(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Shows the first line that it gets, and resets the connection. */
const RESETTER = `
import socket, struct, sys
peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print(peer.makefile().readline())
peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
peer.close()
`;
