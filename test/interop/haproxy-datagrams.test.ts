/** The PROXY protocol over UDP, with dnsdist in front of ours and behind it: haproxy itself passes on no datagrams. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { DatagramProtocol, DeferredQueue, type UdpAddress } from "ropewalk";
import { proxyHeaderOf, receiveProxyDatagrams, sendProxyDatagrams } from "ropewalk/haproxy";
import { reactor } from "./support/guest.ts";
import { freePort, temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, start } from "./support/program.ts";
import { LIMIT_MS } from "./support/transcript.ts";

/** A query for `a.test A IN`, as RFC 1035 §4 has it. */
const QUERY = Buffer.from("2a2a01000001000000000000016104746573740000010001", "hex");
const NAME = QUERY.subarray(12, 20);
const NO_ERROR = 0;
const REFUSED = 5;

describe("dnsdist", { skip: lacks("dnsdist"), timeout: FILE_LIMIT_MS }, () => {
  test("in front of ours tells who asks, and passes our answers back", async (t) => {
    const heard = new DeferredQueue<UdpAddress>();
    const answering = new Answering(heard);
    const ours = await reactor.listenUdp({ host: "127.0.0.1", port: 0 }, receiveProxyDatagrams(answering));
    t.after(() => ours.stopListening());
    const entry = await dnsdist(t, (port) => [
      `setLocal("127.0.0.1:${port}")`,
      `newServer({address="127.0.0.1:${portOf(ours.local)}", useProxyProtocol=true, healthCheckMode="up"})`,
    ]);
    const client = await asking(t, (asker) => asker);
    const { answer } = await ask(client, entry);
    assert.equal(answer & 15, NO_ERROR);
    const from = await heard.get();
    assert.deepEqual([from.host, from.port], ["127.0.0.1", portOf(client.transport.local)]);
    assert.equal(proxyHeaderOf(from)?.command ?? "PROXY", "PROXY");
  });

  test("behind ours believes who we say asks", async (t) => {
    const entry = await dnsdist(t, (port) => [
      `setLocal("127.0.0.1:${port}")`,
      'setProxyProtocolACL({"127.0.0.1/32"})',
      'setACL({"127.0.0.0/8", "203.0.113.0/24", "198.51.100.0/24"})',
      'addAction("203.0.113.0/24", RCodeAction(DNSRCode.REFUSED))',
      "addAction(AllRule(), RCodeAction(DNSRCode.NOERROR))",
    ]);
    const destination = { kind: "udp", host: "192.0.2.1", port: 53, family: 4 } as const;
    for (const [host, expected] of [
      ["203.0.113.7", REFUSED],
      ["198.51.100.7", NO_ERROR],
    ] as const) {
      const source = { kind: "udp", host, port: 5_000, family: 4 } as const;
      const client = await asking(t, (asker) => sendProxyDatagrams(asker, { version: 2, source, destination }));
      const { answer } = await ask(client, entry);
      assert.equal(answer & 15, expected, host);
    }
  });
});

/** Answers every query with itself, and says who asked. */
class Answering extends DatagramProtocol {
  readonly #heard: DeferredQueue<UdpAddress>;

  constructor(heard: DeferredQueue<UdpAddress>) {
    super();
    this.#heard = heard;
  }

  override datagramReceived(data: Uint8Array, from: UdpAddress): void {
    // The proxy asks for itself as well: whether we live.
    if (Buffer.from(data).includes(NAME)) this.#heard.put(from);
    const answer = Uint8Array.from(data);
    answer[2] = (answer[2] ?? 0) | 0x80;
    this.transport.write(answer, from);
  }
}

class Asking extends DatagramProtocol {
  readonly answers: DeferredQueue<Uint8Array> = new DeferredQueue();

  override datagramReceived(data: Uint8Array): void {
    this.answers.put(data);
  }
}

async function asking(t: TestContext, wrap: (asker: Asking) => DatagramProtocol): Promise<Asking> {
  const asker = new Asking();
  const port = await reactor.listenUdp({ host: "127.0.0.1", port: 0 }, wrap(asker));
  t.after(() => port.stopListening());
  return asker;
}

/** Datagrams get lost, and the server may not listen yet: asked again until there is an answer, whose flags are given. */
async function ask(asker: Asking, port: number): Promise<{ answer: number }> {
  const again = setInterval(() => asker.transport.write(QUERY, { host: "127.0.0.1", port }), 200);
  try {
    const answer = await asker.answers.get().addTimeout(LIMIT_MS, reactor);
    return { answer: answer[3] ?? 0 };
  } finally {
    clearInterval(again);
  }
}

/** Gives its port. */
async function dnsdist(t: TestContext, rules: (port: number) => readonly string[]): Promise<number> {
  const port = await freePort();
  const config = join(temporaryFolder(t), "dnsdist.conf");
  writeFileSync(config, `${['setSecurityPollSuffix("")', ...rules(port)].join("\n")}\n`);
  start(t, "dnsdist", ["--supervised", "--disable-syslog", "-C", config]);
  return port;
}

function portOf(address: { readonly port: number }): number {
  return address.port;
}
