import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, type TestContext, test } from "node:test";
import { ConnectionDone } from "ropewalk";
import { Guest, reactor, visitor } from "./support/guest.ts";
import { ownProgram } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, type Program, start } from "./support/program.ts";

/** What socat gives a program for standard input and output. */
const KINDS = [
  { kind: "a socket pair", options: "" },
  { kind: "pipes", options: ",pipes" },
  { kind: "a terminal", options: ",pty,raw,echo=0" },
];

describe("stdio: as a program behind socat", { skip: lacks("socat"), timeout: FILE_LIMIT_MS }, () => {
  for (const { kind, options } of KINDS) {
    test(`over ${kind}, lines go both ways, and its loseConnection ends both`, async (t) => {
      const { guest, socat } = await meet(t, options);
      await guest.heard.until("this is stdio:\n");
      guest.transport.write("one\ntwo\n");
      await guest.heard.until("ONE\nTWO\n");
      guest.transport.write("bye\n");
      assert.ok((await guest.lost) instanceof ConnectionDone);
      assert.match(guest.heard.text, /BYE\n$/);
      assert.deepEqual(await socat.finished(), { code: 0, signal: null });
      assert.match(socat.err.text, /^lost ConnectionDone$/m);
    });

    test(`over ${kind}, the peer's end is the end of the connection, and the program ends`, async (t) => {
      const { guest, socat } = await meet(t, options);
      await guest.heard.until("this is stdio:\n");
      guest.transport.loseConnection();
      await socat.err.until(/^lost ConnectionDone$/m);
      await socat.finished();
    });

    // socat writes to a terminal and blocks until somebody reads: both at once is more than it can do.
    if (kind === "a terminal") continue;
    test(`over ${kind}, half a megabyte comes back whole`, async (t) => {
      const { guest } = await meet(t, options);
      await guest.heard.until("this is stdio:\n");
      const lines = Array.from({ length: 1_000 }, () => randomBytes(250).toString("hex"));
      guest.transport.write(`${lines.join("\n")}\n`);
      await guest.heard.until(`${lines.at(-1)?.toUpperCase()}\n`);
      assert.deepEqual(
        guest.heard.text.split("\n").slice(1, -1),
        lines.map((line) => line.toUpperCase()),
      );
    });
  }

  async function meet(t: TestContext, options: string): Promise<{ guest: Guest; socat: Program }> {
    const command = `EXEC:"${process.execPath} ${ownProgram("lines")} stdio\\:"${options}`;
    const socat = start(t, "socat", ["-d", "-d", "TCP-LISTEN:0,bind=127.0.0.1", command]);
    const [, port] = await socat.err.until(/listening on AF=2 127\.0\.0\.1:(\d+)/);
    const make = visitor(t, () => new Guest());
    return { guest: await reactor.connectTcp({ host: "127.0.0.1", port: Number(port) }, make), socat };
  }
});
