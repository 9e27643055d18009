import assert from "node:assert/strict";
import { formatAddress, type UdpAddress } from "../../../core/address.ts";
import { DatagramProtocol } from "../../../core/datagram.ts";
import { type MemoryDatagramPort, MemoryReactor } from "../../../testing/index.ts";
import { describe, test } from "../../../trial/test.ts";
import { encodeProxyHeader } from "../encode.ts";
import { type ReceiveProxyDatagramsOptions, receiveProxyDatagrams, sendProxyDatagrams } from "./protocol.ts";

const PROXY = udp("192.0.2.9", 9_000);

describe("receiveProxyDatagrams", () => {
  test("the protocol gets what follows the header, from the true peer, and its answer goes by the proxy", async () => {
    const { port, echo } = await opened();
    port.receive(proxied(udp("203.0.113.7", 5_000), "hello"), PROXY);
    assert.deepEqual(echo.heard, ["203.0.113.7:5000 hello"]);
    assert.deepEqual(port.sent.map(show), ["192.0.2.9:9000 hello"]);
  });

  test("an answer goes by the proxy that the peer came by last", async () => {
    const { port } = await opened();
    port.receive(proxied(udp("203.0.113.7", 5_000), "a"), PROXY);
    port.receive(proxied(udp("203.0.113.7", 5_000), "b"), udp("192.0.2.8", 8_000));
    assert.deepEqual(port.sent.map(show), ["192.0.2.9:9000 a", "192.0.2.8:8000 b"]);
  });

  test("a header without addresses leaves the proxy as the peer", async () => {
    const { port, echo } = await opened();
    port.receive("PROXY UNKNOWN\r\nhello", PROXY);
    assert.deepEqual(echo.heard, ["192.0.2.9:9000 hello"]);
  });

  test("datagrams without a whole header are dropped, and those of peers that are not trusted", async () => {
    const { port, echo } = await opened({ trusted: ({ host }) => host === PROXY.host });
    port.receive("hello", PROXY);
    port.receive("PROXY UNKNOWN", PROXY);
    port.receive("", PROXY);
    port.receive("PROXY UNKNOWN\r\nhello", udp("192.0.2.1", 1));
    assert.deepEqual(echo.heard, []);
  });

  test("of more than maxPeers, the one silent for longest is forgotten", async () => {
    const { port, echo } = await opened({ maxPeers: 2 });
    for (const host of ["203.0.113.1", "203.0.113.2", "203.0.113.1", "203.0.113.3"]) {
      port.receive(proxied(udp(host, 5), "x"), PROXY);
    }
    const before = port.sent.length;
    for (const host of ["203.0.113.1", "203.0.113.2", "203.0.113.3"]) echo.transport.write("late", udp(host, 5));
    assert.deepEqual(port.sent.slice(before).map(show), [
      "192.0.2.9:9000 late",
      "203.0.113.2:5 late",
      "192.0.2.9:9000 late",
    ]);
  });
});

describe("sendProxyDatagrams", () => {
  test("what it sends is read by the other side, whether text or bytes", async (t) => {
    const { reactor } = t;
    const echo = new Echo();
    const server = await reactor.listenUdp({ port: 7, host: "192.0.2.2" }, receiveProxyDatagrams(echo));
    t.addCleanup(() => server.stopListening());
    const relay = new DatagramProtocol();
    const source = udp("203.0.113.7", 5_000);
    const destination = udp("198.51.100.1", 53);
    const port = await reactor.listenUdp(
      { port: 8, host: "192.0.2.9" },
      sendProxyDatagrams(relay, { version: 2, source, destination }),
    );
    t.addCleanup(() => port.stopListening());
    relay.transport.write("text", udp("192.0.2.2", 7));
    relay.transport.write(Uint8Array.of(0x62), udp("192.0.2.2", 7));
    reactor.settle();
    assert.deepEqual(echo.heard, ["203.0.113.7:5000 text", "203.0.113.7:5000 b"]);
  });

  test("without addresses, it tells of the datagram itself", async () => {
    const relay = new DatagramProtocol();
    const port = await new MemoryReactor().listenUdp(
      { port: 8, host: "192.0.2.9" },
      sendProxyDatagrams(relay, { version: 2 }),
    );
    await relay.transport.connect({ host: "192.0.2.2", port: 7 });
    relay.transport.write("x");
    const header = encodeProxyHeader({ version: 2, source: udp("192.0.2.9", 8), destination: udp("192.0.2.2", 7) });
    assert.deepEqual(port.sent[0]?.data.subarray(0, -1), header);
  });

  test("the end of the port, and a refusal, reach the protocol", async (t) => {
    const ends: string[] = [];
    class Ending extends DatagramProtocol {
      override connectionRefused(): void {
        ends.push("refused");
      }
      override stopProtocol(): void {
        ends.push("stopped");
      }
    }
    const { reactor } = t;
    const port = await reactor.listenUdp({ port: 8 }, sendProxyDatagrams(new Ending()));
    port.refuse();
    port.stopListening();
    reactor.settle();
    assert.deepEqual(ends, ["refused", "stopped"]);
  });
});

class Echo extends DatagramProtocol {
  readonly heard: string[] = [];

  override datagramReceived(data: Uint8Array, from: UdpAddress): void {
    this.heard.push(`${formatAddress(from)} ${new TextDecoder().decode(data)}`);
    this.transport.write(data, from);
  }
}

async function opened(options?: ReceiveProxyDatagramsOptions): Promise<{ port: MemoryDatagramPort; echo: Echo }> {
  const echo = new Echo();
  return { echo, port: await new MemoryReactor().listenUdp({ port: 7 }, receiveProxyDatagrams(echo, options)) };
}

function proxied(source: UdpAddress, payload: string): Uint8Array {
  const header = encodeProxyHeader({ version: 2, source, destination: udp("198.51.100.1", 53) });
  return Uint8Array.from([...header, ...new TextEncoder().encode(payload)]);
}

function udp(host: string, port: number): UdpAddress {
  return { kind: "udp", host, port, family: 4 };
}

function show({ data, to }: MemoryDatagramPort["sent"][number]): string {
  return `${formatAddress(to)} ${new TextDecoder().decode(data)}`;
}
