/** The services of RFC 862 to 868 with nc and busybox's nc, and our clients with a server in Python, over TCP and UDP. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { listen } from "ropewalk";
import {
  askChargen,
  askDaytime,
  askEcho,
  askQuote,
  askTime,
  chargenLines,
  chargenServer,
  daytimeServer,
  discardServer,
  echoServer,
  quoteServer,
  readTime,
  timeServer,
  type WireServer,
} from "ropewalk/wire";
import { reactor } from "./support/guest.ts";
import { FILE_LIMIT_MS, lacks, type Program, PYTHON, start } from "./support/program.ts";

const DAYTIME = /^[A-Z][a-z]+day, [A-Z][a-z]+ \d{1,2}, \d{4} \d\d:\d\d:\d\d-UTC\r\n$/;

for (const [name, nc] of [
  ["nc", (port: number) => ["nc", "127.0.0.1", String(port)]],
  ["busybox nc", (port: number) => ["busybox", "nc", "127.0.0.1", String(port)]],
] as const) {
  describe(`${name} over TCP`, { skip: lacks(nc(0)[0] ?? ""), timeout: FILE_LIMIT_MS }, () => {
    const asking = async (t: TestContext, server: WireServer): Promise<Program> => {
      const [command = "", ...args] = nc(await serving(t, server));
      return start(t, command, args);
    };

    test("is echoed", async (t) => {
      const client = await asking(t, echoServer(reactor));
      client.write("hello\n");
      await client.out.until("hello\n");
      client.write("again\n");
      await client.out.until("hello\nagain\n");
    });

    test("is told the daytime, the time and a quote, and let go", async (t) => {
      const daytime = await asking(t, daytimeServer(reactor));
      const time = await asking(t, timeServer(reactor));
      const quote = await asking(
        t,
        quoteServer(reactor, () => "Less is more\n"),
      );
      for (const client of [daytime, time, quote]) {
        client.endInput();
        assert.equal((await client.finished()).code, 0);
      }
      assert.match(daytime.out.text, DAYTIME);
      assert.ok(Math.abs(readTime(Buffer.from(time.out.text, "latin1")) - Date.now()) < 60_000);
      assert.equal(quote.out.text, "Less is more\r\n");
    });

    test("gets as many characters as it is allowed", async (t) => {
      const client = await asking(t, chargenServer(reactor, { maxBytes: 300_000 }));
      // busybox would end the connection with its input.
      await client.out.until(/^.{300000}/s);
      client.endInput();
      await client.finished();
      assert.equal(client.out.text.length, 300_000);
      assert.ok(client.out.text.startsWith(Buffer.from(chargenLines(0, 200)).toString("latin1")));
    });

    test("is heard by discard, which says nothing", async (t) => {
      const client = await asking(t, discardServer());
      client.write("hello\n");
      const echo = await asking(t, echoServer(reactor));
      echo.write("x\n");
      await echo.out.until("x\n");
      assert.equal(client.out.text, "");
    });
  });
}

describe("nc -u", { skip: lacks("nc"), timeout: FILE_LIMIT_MS }, () => {
  for (const [name, server, answer] of [
    ["echo", echoServer(reactor), /^hello\n$/],
    ["daytime", daytimeServer(reactor), DAYTIME],
    ["quote", quoteServer(reactor, () => "Less is more"), /^Less is more$/],
    ["chargen", chargenServer(reactor), /^.{6}$/],
  ] as const) {
    test(`is answered by ${name}`, async (t) => {
      const port = await reactor.listenUdp({ port: 0, host: "127.0.0.1" }, server.datagrams());
      t.after(() => port.stopListening());
      const client = start(t, "nc", ["-u", "127.0.0.1", String(port.local.port)]);
      client.write("hello\n");
      await client.out.until(answer);
    });
  }
});

describe("our clients", { skip: lacks(PYTHON), timeout: FILE_LIMIT_MS }, () => {
  for (const scheme of ["tcp", "udp"]) {
    test(`are answered by services in Python over ${scheme}`, async (t) => {
      const ports = await python(t, scheme);
      const at = (service: number) => `${scheme}:127.0.0.1:${ports[service]}`;
      assert.equal(await askDaytime(reactor, at(0)), "Thu Jan  1 00:00:00 1970");
      assert.equal(await askTime(reactor, at(1)), 5_000);
      assert.equal(await askQuote(reactor, at(2)), "Less is more");
      await askEcho(reactor, at(3), new Uint8Array(5_000).fill(7));
      assert.equal(await askChargen(reactor, at(4), 10), "abcabcabca");
    });
  }
});

async function serving(t: TestContext, server: WireServer): Promise<number> {
  const port = await listen(reactor, "tcp:0:interface=127.0.0.1", server);
  t.after(() => port.stopListening());
  return port.address.kind === "tcp" ? port.address.port : 0;
}

async function python(t: TestContext, scheme: string): Promise<number[]> {
  const program = start(t, PYTHON, ["-c", SERVICES, scheme]);
  const [line] = await program.out.until(/^(\d+ ){5}\n/);
  return line.trim().split(" ").map(Number);
}

/** One thread a service; each says its port. */
const SERVICES = `
import socket, struct, sys, threading
stream = sys.argv[1] == "tcp"
def serve(sock, answer):
    while True:
        if stream:
            conn, _ = sock.accept()
            if answer is None:
                while data := conn.recv(65536): conn.sendall(data)
            else:
                try: conn.sendall(answer)
                except OSError: pass
            conn.close()
        else:
            data, peer = sock.recvfrom(65536)
            sock.sendto(data if answer is None else answer, peer)
threads = []
for answer in [b"Thu Jan  1 00:00:00 1970\\r\\n", struct.pack(">I", 2208988805), b"Less is more", None, b"abc" * 100]:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    if stream: sock.listen()
    print(sock.getsockname()[1], end=" ")
    threads.append(threading.Thread(target=serve, args=(sock, answer), daemon=True))
print(flush=True)
for thread in threads: thread.start()
for thread in threads: thread.join()`;
