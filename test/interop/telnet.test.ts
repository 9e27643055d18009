import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConnectionDone } from "ropewalk";
import { reactor, serve, tcpPortOf } from "./support/guest.ts";
import { Polite } from "./support/lines.ts";
import { FILE_LIMIT_MS, lacks, start } from "./support/program.ts";

describe("telnet", { skip: lacks("telnet"), timeout: FILE_LIMIT_MS }, () => {
  test("its lines end with CR LF, and it prints what the server says until the server leaves", async (t) => {
    const polite = new Polite();
    polite.acceptBareNewline = false;
    const port = await serve(
      t,
      reactor.listenTcp({ port: 0, host: "127.0.0.1" }, () => polite),
    );
    const telnet = start(t, "telnet", ["127.0.0.1", String(tcpPortOf(port))]);
    await telnet.out.until("Who is it?");
    telnet.write("Ann\n");
    await telnet.out.until("Hello, Ann");
    telnet.write("bye\n");
    await telnet.out.until("Farewell");
    await telnet.finished();
    assert.match(telnet.err.text, /Connection closed by foreign host/);
    assert.deepEqual(polite.lines, ["Ann", "bye"]);
    assert.ok((await polite.transport.whenClosed()) instanceof ConnectionDone);
  });

  test("on a terminal it sends what is typed, and its own close is clean", { skip: lacks("socat") }, async (t) => {
    const polite = new Polite();
    const port = await serve(
      t,
      reactor.listenTcp({ port: 0, host: "127.0.0.1" }, () => polite),
    );
    const terminal = `EXEC:telnet 127.0.0.1 ${tcpPortOf(port)},pty,setsid,ctty,stderr`;
    const telnet = start(t, "socat", ["-", terminal]);
    await telnet.out.until("Who is it?");
    telnet.write("Zoë\r");
    await telnet.out.until("Hello, Zo");
    telnet.write("\x1d");
    await telnet.out.until("telnet> ");
    telnet.write("quit\r");
    await telnet.out.until("Connection closed.");
    assert.ok((await polite.transport.whenClosed()) instanceof ConnectionDone);
    assert.deepEqual(polite.lines, ["Zoë"]);
  });

  test("it is told when nobody listens", async (t) => {
    const port = await reactor.listenTcp({ port: 0, host: "127.0.0.1" }, () => new Polite());
    await port.stopListening();
    const telnet = start(t, "telnet", ["127.0.0.1", String(tcpPortOf(port))]);
    await telnet.finished();
    assert.match(telnet.err.text, /Connection refused/);
  });
});
