import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatAddress } from "../../core/address.ts";
import { captureLogs } from "../../core/log/index.ts";
import { listen } from "../../endpoints/index.ts";
import { feedThreeWays, type MemoryDatagramPort, MemoryReactor } from "../../testing/index.ts";
import { SyslogDatagramSender, SyslogSender } from "./client.ts";
import { LocalSyslogError } from "./errors.ts";
import type { SyslogMessage } from "./events.ts";
import { SyslogProtocol } from "./protocol.ts";
import { SyslogServer, type SyslogServerOptions } from "./server.ts";

describe("SyslogProtocol", () => {
  test("gives messages of both formats and framings, and what is none, whatever the cuts", () => {
    const seen = feedThreeWays(
      () => new Recorder(),
      "<13>1 - - app - - - one\n25 <13>1 - - app - - - two\n\x00nonsense\n<13>app: three\n9999 ",
      ({ events }) => events,
    );
    assert.deepEqual(seen, [
      "app one",
      "app two\n\x00",
      "!expected a priority of <0> to <191> at character 0",
      "app three",
      "!it has 9999 bytes, 8192 are allowed",
    ]);
  });

  test("hears nothing more after a length that is none, for the connection closes", async () => {
    const { server, seen, reactor } = await opened();
    const peer = reactor.dial(601);
    peer.remote.write("1x<13>lost\n<13>lost too\n");
    assert.deepEqual([seen, peer.connected, server.counts], [[], false, { received: 0, refused: 1 }]);
  });
});

describe("SyslogServer", () => {
  test("receives on stream and datagram ports, says from whom, and counts", async () => {
    const { server, seen, reactor, datagrams } = await opened();
    reactor.dial(601).remote.write("<13>app: one\n");
    datagrams.receive("<13>app: two", { host: "192.0.2.1", port: 5 });
    datagrams.receive("<13>app: three\n", { host: "192.0.2.1", port: 5 });
    assert.deepEqual(seen, ["tcp app one", "udp app two", "udp app three"]);
    assert.deepEqual(server.counts, { received: 3, refused: 0 });
  });

  test("reports and counts what is no message, and goes on", async () => {
    const refused: string[] = [];
    const { server, seen, reactor, datagrams } = await opened({
      maxMessageBytes: 20,
      onRefused: ({ problem }, from) => refused.push(`${formatAddress(from)} ${problem}`),
    });
    const peer = reactor.dial(601);
    peer.remote.write(`nonsense\n<13>${"x".repeat(30)}\n30 ${"x".repeat(30)}<13>app: one\n`);
    datagrams.receive("", { host: "192.0.2.1", port: 5 });
    datagrams.receive("x".repeat(60_000), { host: "192.0.2.1", port: 5 });
    const where = formatAddress(peer.peer);
    assert.deepEqual(
      refused.map((line) => line.replace(where, "stream")),
      [
        "stream expected a priority of <0> to <191> at character 0",
        "stream it has more than the 20 bytes that are allowed",
        "stream it has 30 bytes, 20 are allowed",
        "192.0.2.1:5 expected a priority of <0> to <191> at character 0",
        "192.0.2.1:5 it has 60000 bytes, 20 are allowed",
      ],
    );
    assert.deepEqual([seen, server.counts], [["tcp app one"], { received: 1, refused: 5 }]);
  });

  test("logs the refused ones ever more rarely, so that nobody fills the log", async () => {
    using logs = captureLogs();
    const { datagrams } = await opened();
    for (let sent = 0; sent < 1_000; sent += 1) datagrams.receive(`x${sent}\n`, { host: "192.0.2.1", port: 5 });
    const counts = logs.events.filter(({ namespace }) => namespace === "ropewalk.syslog").map(({ count }) => count);
    assert.deepEqual(counts, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
  });

  test("counts a message that the end of the connection cut off, but not one that a reset did", async () => {
    const { server, reactor } = await opened();
    const ending = reactor.dial(601);
    ending.remote.write("<13>app: o");
    ending.remote.end();
    assert.deepEqual(server.counts, { received: 0, refused: 1 });
    const resetting = reactor.dial(601);
    resetting.remote.write("<13>app: o");
    resetting.remote.reset();
    assert.deepEqual(server.counts, { received: 0, refused: 1 });
  });

  test("an application that throws loses that connection, not the server", async () => {
    using _logs = captureLogs();
    const reactor = new MemoryReactor();
    await listen(
      reactor,
      "tcp:601",
      new SyslogServer(({ text }) => {
        if (text === "bad") throw new Error("planted");
      }),
    );
    const [one, other] = [reactor.dial(601), reactor.dial(601)];
    one.remote.write("<13>app: bad\n");
    other.remote.write("<13>app: good\n");
    assert.deepEqual([one.connected, other.connected], [false, true]);
  });
});

describe("the senders", () => {
  for (const framing of ["octet-counting", "non-transparent"] as const) {
    test(`what is sent with ${framing} is received`, async () => {
      const { reactor, seen } = await opened();
      const sender = new SyslogSender(framing);
      await connect(reactor, sender);
      sender.send({ appName: "app", text: "naïve" });
      sender.send({ format: "rfc3164", appName: "app", text: "two" });
      reactor.settle();
      assert.deepEqual(seen, ["tcp app naïve", "tcp app two"]);
    });
  }

  test("a text of two lines is no two messages", async () => {
    const { reactor, seen } = await opened();
    const [counting, cutting] = [new SyslogSender(), new SyslogSender("non-transparent")];
    for (const sender of [counting, cutting]) await connect(reactor, sender);
    assert.throws(() => cutting.send({ appName: "app", text: "a\n<0>forged" }), LocalSyslogError);
    counting.send({ appName: "app", text: "a\n<0>no message" });
    reactor.settle();
    assert.deepEqual(seen, ["tcp app a\n<0>no message"]);
  });

  test("datagrams are received; what none can hold is refused", async () => {
    const { reactor, seen } = await opened();
    const sender = new SyslogDatagramSender();
    await reactor.listenUdp({ port: 0 }, sender);
    sender.send({ appName: "app", text: "one" }, { host: "127.0.0.1", port: 514 });
    reactor.settle();
    assert.deepEqual(seen, ["udp app one"]);
    assert.throws(() => sender.send({ text: "x".repeat(65_507) }), /65525 bytes, and a datagram holds 65507/);
  });
});

class Recorder extends SyslogProtocol {
  readonly events: string[] = [];

  override messageReceived({ appName, text }: SyslogMessage): void {
    this.events.push(`${appName} ${text}`);
  }

  override messageRefused({ problem }: { readonly problem: string }): void {
    this.events.push(`!${problem}`);
  }
}

async function connect(reactor: MemoryReactor, sender: SyslogSender): Promise<void> {
  const connecting = reactor.connectTcp({ host: "127.0.0.1", port: 601 }, () => sender);
  reactor.settle();
  await connecting;
}

interface Opened {
  readonly reactor: MemoryReactor;
  readonly server: SyslogServer;
  readonly datagrams: MemoryDatagramPort;
  readonly seen: readonly string[];
}

async function opened(options: SyslogServerOptions = {}): Promise<Opened> {
  const reactor = new MemoryReactor({ network: true });
  const seen: string[] = [];
  const server = new SyslogServer(({ appName, text }, { kind }) => seen.push(`${kind} ${appName} ${text}`), options);
  await listen(reactor, "tcp:601", server);
  const datagrams = await reactor.listenUdp({ port: 514 }, server.datagrams());
  return { reactor, server, datagrams, seen };
}
