/** What `sim.capture` writes, read by Wireshark's own dissectors. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { DatagramProtocol, Protocol } from "ropewalk";
import { type LinkOptions, type SimHost, Simulation } from "ropewalk/sim";
import { makeIdentity } from "../conformance/identity.ts";
import { temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, start } from "./support/program.ts";

describe("tshark", { skip: lacks("tshark", "openssl"), timeout: FILE_LIMIT_MS }, () => {
  for (const address of ["10.0.0.2", "2001:db8::2"]) {
    test(`finds nothing wrong with TCP to ${address}, at either end`, async (t) => {
      const net = network(t, {});
      await net.talk(address);
      for (const path of net.end()) {
        const frames = await dissect(t, path, ["tcp.checksum.status", "_ws.malformed", "tcp.analysis.flags"]);
        assert.ok(frames.length > 300);
        // With both ends in one file everything is there twice, which is taken for a repetition.
        const judged = path.endsWith("all") ? 2 : 3;
        for (const frame of frames) assert.deepEqual(frame.slice(0, judged), [GOOD, "", ""].slice(0, judged));
      }
    });
  }

  test("counts the bytes that the protocols saw", async (t) => {
    const net = network(t, {});
    // Few enough that tshark says how many, and not how many thousands.
    const { there, back } = await net.talk("10.0.0.2", 6_000);
    const paths = net.end();
    for (const [args, of] of [
      [["-r", paths[0], "-z", "conv,tcp"], "the interface of a alone"],
      [["-r", paths[2], "-z", 'conv,tcp,frame.interface_name=="b"'], "the interface of b of all"],
    ] as const) {
      const report = await tshark(t, [...args, "-q"]);
      assert.deepEqual(conversationIn(report), [there, back], of);
    }
  });

  test("sees what a lossy link makes TCP do, and still the same streams", async (t) => {
    const net = network(t, { loss: 0.1, latencyMs: 20, jitterMs: 5 });
    let [repeated, lost] = [0, 0];
    net.sim.observe({
      packetSent: ({ isRetransmission, from }) => {
        if (isRetransmission && from.name === "a") repeated += 1;
      },
      packetLost: ({ from }) => {
        if (from.name === "a") lost += 1;
      },
    });
    const { there, back } = await net.talk("10.0.0.2");
    const [path] = net.end();
    const fields = ["tcp.checksum.status", "frame.comment", "tcp.analysis.retransmission", "_ws.malformed"];
    const frames = await dissect(t, path, ["eth.src", ...fields]);
    const sent = frames.filter(([source]) => source === "02:00:00:00:00:00");
    for (const [, status, , , malformed] of frames) assert.deepEqual([status, malformed], [GOOD, ""]);
    assert.ok(lost > 5 && repeated > 5);
    assert.equal(sent.filter(([, , comment]) => comment === "lost: loss").length, lost);
    assert.equal(sent.filter(([, , , again]) => again !== "").length, repeated);
    const followed = await tshark(t, ["-r", path, "-q", "-z", "follow,tcp,raw,0"]);
    assert.deepEqual(
      saidIn(followed).map(({ length }) => length),
      [there, back],
    );
  });

  test("reads datagrams, groups, broadcasts and refusals", async (t) => {
    const net = network(t, {});
    await net.shout();
    const fields = ["eth.dst", "ip.dst", "ipv6.dst", "udp.length", "icmp.code", "icmpv6.code", "_ws.malformed"];
    const sums = ["ip.checksum.status", "udp.checksum.status", "icmp.checksum.status", "icmpv6.checksum.status"];
    const frames = await dissect(t, net.end()[0], [...fields, ...sums]);
    const [quoting, group] = [`${GOOD},${GOOD}`, "01:00:5e:01:02:03"];
    assert.deepEqual(frames, [
      [MAC_B, "10.0.0.2", "", "13", "", "", "", GOOD, GOOD, "", ""],
      [MAC_B, "10.0.0.2", "", "5008", "", "", "", GOOD, GOOD, "", ""],
      [MAC_B, "10.0.0.2", "", "10", "", "", "", GOOD, GOOD, "", ""],
      [group, "239.1.2.3", "", "13", "", "", "", GOOD, GOOD, "", ""],
      ["ff:ff:ff:ff:ff:ff", "255.255.255.255", "", "11", "", "", "", GOOD, GOOD, "", ""],
      [MAC_B, "", "2001:db8::2", "14", "", "", "", "", GOOD, "", ""],
      ["33:33:00:01:00:03", "", "ff02::1:3", "14", "", "", "", "", GOOD, "", ""],
      [MAC_B, "", "2001:db8::2", "2108", "", "", "", "", GOOD, "", ""],
      [MAC_A, "10.0.0.1,10.0.0.2", "", "10", "3", "", "", quoting, UNVERIFIED, GOOD, ""],
      [MAC_A, "", "2001:db8::1,2001:db8::2", "2108", "", "4", "", "", UNVERIFIED, "", GOOD],
    ]);
  });

  test("knows the hosts' interfaces and names, the virtual time, and what happened", async (t) => {
    const net = network(t, { latencyMs: 12.5 });
    net.a.note("about to talk");
    await net.talk("10.0.0.2", 10);
    const fields = ["frame.interface_name", "frame.time_epoch", "ip.src_host", "frame.comment"];
    const frames = await dissect(t, net.end()[2], fields, ["-N", "dn"]);
    assert.deepEqual(frames[0], ["a", "1893456000.000000000", "a", "a: about to talk"]);
    assert.deepEqual(frames[1], ["b", "1893456000.012500000", "a", ""]);
    assert.deepEqual(frames[2], ["b", "1893456000.012500000", "b", ""]);
  });

  test("decrypts TLS with the keys that are in the capture", async (t) => {
    const net = network(t, { latencyMs: 10, loss: 0.02 });
    const identity = makeIdentity("b");
    await net.sim.run(async () => net.b.reactor.listenTcp({ port: 443, tls: { identity } }, () => new Echo()));
    const tls = { trustRoots: identity.cert };
    const client = await net.sim.run(() => net.a.reactor.connectTcp({ host: "b", port: 443, tls }, () => new Talker()));
    client.transport.write("Nobody knows. ");
    await net.sim.until(() => client.heard === "Nobody knows. ");
    const [path] = net.end();
    const said = saidIn(await tshark(t, ["-r", path, "-q", "-z", "follow,tls,raw,0"]));
    assert.deepEqual(
      said.map((bytes) => bytes.toString()),
      ["Nobody knows. ", "Nobody knows. "],
    );
    assert.deepEqual(await dissect(t, path, ["frame.number"], ["-Y", "_ws.malformed"]), []);
  });
});

interface Net {
  readonly sim: Simulation;
  readonly a: SimHost;
  readonly b: SimHost;
  /** `a` calls `b`, who says everything back, until both are done: the bytes each way. */
  talk(address: string, bytes?: number): Promise<{ readonly there: number; readonly back: number }>;
  /** `a` sends all sorts of datagrams. */
  shout(): Promise<void>;
  /** The captures: at `a`, at `b`, and everywhere. */
  end(): [string, string, string];
}

function network(t: TestContext, link: LinkOptions): Net {
  const folder = temporaryFolder(t);
  const sim = new Simulation({ seed: 7 });
  const a = sim.host("a", { addresses: ["10.0.0.1", "2001:db8::1"] });
  const b = sim.host("b", { addresses: ["10.0.0.2", "2001:db8::2"] });
  sim.link("a", "b", link);
  const paths: [string, string, string] = [join(folder, "a"), join(folder, "b"), join(folder, "all")];
  const captures = ["a", "b", "*"].map((hosts, at) => sim.capture(paths[at] as string, { hosts }));
  return {
    sim,
    a,
    b,
    talk: (address, bytes = 300_000) => talk(sim, a, b, address, bytes),
    shout: () => shout(sim, a, b),
    end() {
      for (const capture of captures) capture[Symbol.dispose]();
      return paths;
    },
  };
}

async function talk(
  sim: Simulation,
  a: SimHost,
  b: SimHost,
  host: string,
  bytes: number,
): Promise<{ readonly there: number; readonly back: number }> {
  const echo = new Echo();
  const client = await sim.run(async () => {
    await b.reactor.listenTcp({ host, port: 7 }, () => echo);
    return await a.reactor.connectTcp({ host, port: 7 }, () => new Talker());
  });
  client.transport.write("x".repeat(bytes));
  await sim.until(() => client.heard.length === bytes);
  client.transport.loseConnection();
  await sim.advance(10_000);
  return { there: echo.heard, back: client.heard.length };
}

async function shout(sim: Simulation, a: SimHost, b: SimHost): Promise<void> {
  await sim.run(async () => {
    const port4 = await b.reactor.listenUdp({ port: 7 }, new DatagramProtocol());
    const port6 = await b.reactor.listenUdp({ host: "::", port: 8 }, new DatagramProtocol());
    port4.joinGroup("239.1.2.3");
    port6.joinGroup("ff02::1:3");
    const from4 = await a.reactor.listenUdp({ port: 0 }, new DatagramProtocol());
    from4.setBroadcast(true);
    from4.write("hello", { host: "10.0.0.2", port: 7 });
    from4.write("x".repeat(5_000), { host: "10.0.0.2", port: 7 });
    from4.write("no", { host: "10.0.0.2", port: 9_999 });
    from4.write("group", { host: "239.1.2.3", port: 7 });
    from4.write("all", { host: "255.255.255.255", port: 7 });
    const from6 = await a.reactor.listenUdp({ host: "::", port: 0 }, new DatagramProtocol());
    from6.write("hello6", { host: "2001:db8::2", port: 8 });
    from6.write("group6", { host: "ff02::1:3", port: 8 });
    from6.write("no".repeat(1_050), { host: "2001:db8::2", port: 9_999 });
  });
  await sim.advance(100);
}

/** Says everything back, and ends when its peer does. */
class Echo extends Protocol {
  heard = 0;

  override dataReceived(data: Uint8Array): void {
    this.heard += data.length;
    this.transport.write(data);
  }
}

class Talker extends Protocol {
  heard = "";

  override dataReceived(data: Uint8Array): void {
    this.heard += new TextDecoder().decode(data);
  }
}

/** These fields of all frames; empty where a frame has none. */
async function dissect(
  t: TestContext,
  path: string,
  fields: readonly string[],
  more: readonly string[] = [],
): Promise<string[][]> {
  const text = await tshark(t, ["-r", path, ...more, "-T", "fields", ...fields.flatMap((field) => ["-e", field])]);
  return text.split("\n").flatMap((line) => (line === "" ? [] : [line.split("\t")]));
}

/** What it prints. All checksums are looked at, which it does not do by itself. */
async function tshark(t: TestContext, args: readonly string[]): Promise<string> {
  const checks = ["ip", "tcp", "udp"].flatMap((protocol) => ["-o", `${protocol}.check_checksum:TRUE`]);
  const program = start(t, "tshark", [...checks, ...args], { env: { HOME: temporaryFolder(t) } });
  const { code } = await program.finished();
  assert.equal(code, 0, program.err.text);
  return program.out.text;
}

/** Bytes of data there and back of the only conversation in a report, whose bytes are those of whole frames over IPv4. */
function conversationIn(report: string): [there: number, back: number] {
  const lines = report.split("\n").filter((line) => line.includes("<->"));
  assert.equal(lines.length, 1, report);
  const counts = /^\S+ +<-> \S+ +(\d+) (\d+) bytes +(\d+) (\d+) bytes/.exec(lines[0] as string);
  assert.ok(counts, report);
  const [backFrames, back, thereFrames, there] = counts.slice(1).map(Number) as [number, number, number, number];
  return [there - thereFrames * HEADER_BYTES, back - backFrames * HEADER_BYTES];
}

/** What client and server said, by `follow,…,raw`: lines of hexadecimal digits, after a tab what node 1 said. */
function saidIn(followed: string): [there: Buffer, back: Buffer] {
  const lines = followed.split("\n").filter((line) => /^\t?[\da-f]+$/.test(line));
  const said = (isSecond: boolean): Buffer =>
    Buffer.from(
      lines
        .filter((line) => line.startsWith("\t") === isSecond)
        .map((line) => line.trim())
        .join(""),
      "hex",
    );
  return [said(false), said(true)];
}

/** Ethernet, IPv4 and TCP. */
const HEADER_BYTES = 54;
const GOOD = "1";
const UNVERIFIED = "2";
const MAC_A = "02:00:00:00:00:00";
const MAC_B = "02:00:00:00:00:01";
