import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, describe, type TestContext, test } from "node:test";
import { quoteArgument } from "ropewalk/endpoints";
import { ROOT } from "../../tools/tree.ts";
import { Authority } from "./support/certificates.ts";
import { temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, type Program, start } from "./support/program.ts";

const peers = lacks("nc", "telnet", "socat", "openssl");

describe("the chat example with real clients", { skip: peers, timeout: FILE_LIMIT_MS }, () => {
  const folder = temporaryFolder({ after });
  const authority = new Authority(folder, "root");
  const localhost = authority.issue("localhost");

  test("people over TCP, TLS and UNIX at once meet in one room, and SIGINT says goodbye to all and exits 0", async (t) => {
    const chat = await open(t, process.execPath, [`${ROOT}build/examples/chat/main.js`]);
    const ann = start(t, "telnet", ["127.0.0.1", chat.tcp]);
    const verified = `cafile=${authority.files.certFile},commonname=localhost`;
    const bob = start(t, "socat", ["-t5", "STDIO,ignoreeof", `OPENSSL:127.0.0.1:${chat.tls},${verified}`]);
    const cid = start(t, "nc", ["-U", chat.unix]);
    const dan = start(t, "nc", ["127.0.0.1", chat.tcp]);
    const names: [Program, string][] = [
      [ann, "Ann"],
      [bob, "Bob"],
      [cid, "Cid"],
      [dan, "Dan"],
    ];
    for (const [person, name] of names) {
      await person.out.until("What is your name?");
      person.write(`${name}\n`);
      await person.out.until(`Hello, ${name}.`);
    }
    for (const [person, name] of names) {
      person.write(`this is ${name}\n`);
      for (const [other] of names) if (other !== person) await other.out.until(`<${name}> this is ${name}`);
      assert.ok(!person.out.text.includes(`<${name}>`));
    }
    cid.write("/who\n");
    await cid.out.until("* Here: Ann, Bob, Cid, Dan");
    dan.write("/quit\n");
    await dan.out.until("Goodbye!");
    await ann.out.until("* Dan left");
    chat.program.kill("SIGINT");
    assert.deepEqual(await chat.program.finished(), { code: 0, signal: null });
    for (const person of [ann, bob, cid]) await person.out.until("The room closes. Goodbye!");
    await ann.finished();
    assert.match(ann.err.text, /Connection closed by foreign host/);
  });

  test("a name that is taken is asked for again, and free again once its bearer is gone", async (t) => {
    const { tcp } = await open(t, process.execPath, [`${ROOT}build/examples/chat/main.js`]);
    const ann = start(t, "nc", ["127.0.0.1", tcp]);
    ann.write("Ann\n");
    await ann.out.until("Hello, Ann.");
    const other = start(t, "nc", ["127.0.0.1", tcp]);
    other.write("Ann\n");
    await other.out.until("Ann is here already.");
    other.write("Eve\n");
    await other.out.until("Hello, Eve.");
    ann.kill("SIGKILL");
    await other.out.until("* Ann left");
    const again = start(t, "nc", ["127.0.0.1", tcp]);
    again.write("Ann\n");
    await again.out.until("Hello, Ann. Here: Eve.");
  });

  test("s_client is one of the people too", async (t) => {
    const { tls, tcp } = await open(t, process.execPath, [`${ROOT}build/examples/chat/main.js`]);
    const trust = ["-CAfile", authority.files.certFile, "-verify_return_error", "-verify_hostname", "localhost"];
    const ann = start(t, "openssl", ["s_client", "-quiet", "-connect", `127.0.0.1:${tls}`, ...trust]);
    ann.write("Ann\n");
    await ann.out.until("Hello, Ann.");
    const bob = start(t, "nc", ["127.0.0.1", tcp]);
    bob.write("Bob\nhello\n");
    await ann.out.until("<Bob> hello");
    ann.kill("SIGKILL");
    await bob.out.until("* Ann left");
  });

  for (const [whom, pidOf] of [
    ["npm alone", (npm: Program) => npm.pid],
    ["its whole process group, as Ctrl-C does", (npm: Program) => -npm.pid],
  ] as const) {
    test(`npm start serves where --listen says, and SIGINT to ${whom} ends it with status 0`, async (t) => {
      const chat = await open(t, "setsid", ["npm", "start", "--silent", "--"]);
      const ann = start(t, "nc", ["-U", chat.unix]);
      ann.write("Ann\n");
      await ann.out.until("Hello, Ann.");
      process.kill(pidOf(chat.program), "SIGINT");
      assert.deepEqual(await chat.program.finished(), { code: 0, signal: null });
      await ann.out.until("Goodbye!");
      assert.equal(existsSync(chat.unix), false);
    });
  }

  test("a port that is in use ends it with status 1 and says which", async (t) => {
    const { tcp } = await open(t, process.execPath, [`${ROOT}build/examples/chat/main.js`]);
    const args = [`${ROOT}build/examples/chat/main.js`, "--listen", "tcp:0:interface=127.0.0.1"];
    for (const option of ["--listen", "--web"]) {
      const second = start(t, process.execPath, [...args, option, `tcp:${tcp}:interface=127.0.0.1`]);
      assert.equal((await second.finished()).code, 1);
      assert.match(second.err.text, new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${tcp}: it is in use`));
      assert.doesNotMatch(second.err.text, /^ +at /m);
    }
  });

  test("options that are wrong end it with status 2 and one line that says why", async (t) => {
    for (const [args, problem] of [
      [["--listen", "nonsense:1"], /^Cannot parse endpoint "nonsense:1": unknown server type.*\n$/],
      [["--web", "tcp:http"], /^Cannot parse endpoint "tcp:http".*\n$/],
      [["--colour"], /^Unknown option '--colour'.*\n$/],
    ] as const) {
      const chat = start(t, process.execPath, [`${ROOT}build/examples/chat/main.js`, ...args]);
      assert.equal((await chat.finished()).code, 2);
      assert.match(chat.err.text, problem);
      assert.equal(chat.out.text, "");
    }
  });

  test("a banner that cannot be read ends it with status 1 and says which", async (t) => {
    const args = ["--listen", "tcp:0:interface=127.0.0.1", "--web", "none", "--banner", temporaryFolder(t)];
    const chat = start(t, process.execPath, [`${ROOT}build/examples/chat/main.js`, ...args]);
    assert.equal((await chat.finished()).code, 1);
    assert.match(chat.err.text, /Cannot read banner ".*": EISDIR/);
    assert.doesNotMatch(chat.err.text, /^ +at /m);
  });

  /** The chat on three endpoints of its own. */
  async function open(t: TestContext, command: string, args: readonly string[]): Promise<Chat> {
    const unix = `${temporaryFolder(t)}/chat.sock`;
    const pair = `cert=${quoteArgument(localhost.certFile)}:key=${quoteArgument(localhost.keyFile)}`;
    const endpoints = [
      "tcp:0:interface=127.0.0.1",
      `tls:0:interface=127.0.0.1:${pair}`,
      `unix:${quoteArgument(unix)}:mode=600`,
    ];
    const listens = ["--web", "none", ...endpoints.flatMap((endpoint) => ["--listen", endpoint])];
    const program = start(t, command, [...args, ...listens], { cwd: ROOT });
    const announced = /Listening on 127\.0\.0\.1:(\d+)\n.*Listening on 127\.0\.0\.1:(\d+)\n.*Listening on unix:/;
    const [, tcp = "", tls = ""] = await program.err.until(announced);
    return { program, tcp, tls, unix };
  }
});

interface Chat {
  readonly program: Program;
  readonly tcp: string;
  readonly tls: string;
  readonly unix: string;
}
