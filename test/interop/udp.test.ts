import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { DatagramProtocol, type DatagramTransport, type ListenUdpOptions } from "ropewalk";
import { reactor } from "./support/guest.ts";
import { FILE_LIMIT_MS, lacks, type Program, PYTHON, start } from "./support/program.ts";
import { Transcript } from "./support/transcript.ts";

type Peer = Parameters<DatagramProtocol["datagramReceived"]>[1];

/** Remembers each datagram in a line of its own, and who sent the last one. */
class Letters extends DatagramProtocol {
  readonly heard: Transcript = new Transcript("the network");
  from: Peer | undefined;

  override datagramReceived(data: Uint8Array, from: Peer): void {
    this.from = from;
    this.heard.add(`${Buffer.from(data).toString("latin1")}\n`);
  }

  override connectionRefused(): void {
    this.heard.add("(refused)\n");
  }
}

class Echo extends Letters {
  override datagramReceived(data: Uint8Array, from: Peer): void {
    super.datagramReceived(data, from);
    this.transport.write(data, from);
  }
}

/** Answers each datagram with its length and its text, and tells its port. */
const PYTHON_SERVER = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
while True:
    data, peer = s.recvfrom(65536)
    s.sendto(b"%d %s" % (len(data), data[:20]), peer)`;

describe("UDP with socat", { skip: lacks("socat"), timeout: FILE_LIMIT_MS }, () => {
  for (const [host, address] of [
    ["127.0.0.1", "UDP4:127.0.0.1"],
    ["::1", "UDP6:[::1]"],
  ] as const) {
    test(`our echo at ${host} answers whom it heard`, async (t) => {
      const echo = new Echo();
      const { local } = await open(t, echo, { port: 0, host });
      const socat = start(t, "socat", ["-", `${address}:${local.port}`]);
      socat.write("ping");
      await socat.out.until("ping");
      socat.write("pong");
      await socat.out.until("pingpong");
      assert.equal(echo.heard.text, "ping\npong\n");
      assert.equal(echo.from?.host, host);
    });
  }
});

describe("UDP with python", { skip: lacks(PYTHON), timeout: FILE_LIMIT_MS }, () => {
  test("datagrams keep their borders, empty and 65 507 bytes long ones too", async (t) => {
    const { port } = await serve(t, PYTHON_SERVER);
    const letters = new Letters();
    const transport = await open(t, letters, { port: 0, host: "127.0.0.1" });
    for (const text of ["", "a", "x".repeat(65_507)]) {
      transport.write(text, { host: "127.0.0.1", port });
      await letters.heard.until(`${text.length} ${text.slice(0, 20)}\n`);
    }
    assert.equal(letters.from?.port, port);
  });

  test("a connected port needs no address, and hears that its peer is gone", async (t) => {
    const { port, program } = await serve(t, PYTHON_SERVER);
    const letters = new Letters();
    const transport = await open(t, letters, { port: 0, host: "127.0.0.1" });
    await transport.connect({ host: "127.0.0.1", port });
    assert.equal(transport.peer?.port, port);
    transport.write("hello");
    await letters.heard.until("5 hello\n");
    await program.end();
    transport.write("anybody?");
    await letters.heard.until("(refused)");
  });

  test("a connected port does not hear others", async (t) => {
    const { port } = await serve(t, PYTHON_SERVER);
    const letters = new Letters();
    const transport = await open(t, letters, { port: 0, host: "127.0.0.1" });
    await transport.connect({ host: "127.0.0.1", port });
    const stranger = new Letters();
    const other = await open(t, stranger, { port: 0, host: "127.0.0.1" });
    other.write("not for you", { host: "127.0.0.1", port: transport.local.port });
    transport.write("after it");
    await letters.heard.until("8 after it\n");
    assert.equal(letters.heard.text, "8 after it\n");
  });

  test("a datagram to a multicast group that we joined arrives, and none after we left", async (t) => {
    const letters = new Letters();
    const transport = await open(t, letters, { port: 0 });
    transport.joinGroup("239.255.77.1", "127.0.0.1");
    const sender = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
for line in sys.stdin:
    where, text = line.split()
    s.sendto(text.encode(), (where, ${transport.local.port}))`;
    const python = start(t, PYTHON, ["-u", "-c", sender]);
    python.write("239.255.77.1 joined\n");
    await letters.heard.until("joined\n");
    transport.leaveGroup("239.255.77.1", "127.0.0.1");
    python.write("239.255.77.1 left\n127.0.0.1 directly\n");
    await letters.heard.until("directly\n");
    assert.equal(letters.heard.text, "joined\ndirectly\n");
  });

  test("our datagrams to a multicast group reach those who joined it", async (t) => {
    const receiver = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 0))
group = socket.inet_aton("239.255.77.2") + socket.inet_aton("127.0.0.1")
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
print(s.getsockname()[1], flush=True)
print(s.recv(100).decode(), flush=True)`;
    const { port, program } = await serve(t, receiver);
    const transport = await open(t, new Letters(), { port: 0 });
    transport.setMulticastInterface("127.0.0.1");
    transport.setMulticastLoopback(true);
    transport.setMulticastTtl(1);
    transport.write("to all", { host: "239.255.77.2", port });
    await program.out.until("to all\n");
  });
});

async function open(t: TestContext, protocol: Letters, options: ListenUdpOptions): Promise<DatagramTransport> {
  const transport = await reactor.listenUdp(options, protocol);
  t.after(async () => {
    await transport.stopListening();
  });
  return transport;
}

/** A script that prints its port first. */
async function serve(t: TestContext, script: string): Promise<{ program: Program; port: number }> {
  const program = start(t, PYTHON, ["-c", script]);
  const [port] = await program.out.until(/^\d+\n/);
  return { program, port: Number(port) };
}
