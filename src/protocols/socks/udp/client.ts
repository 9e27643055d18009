import { familyOf, type UdpAddress } from "../../../core/address.ts";
import type { DatagramProtocol, DatagramTransport } from "../../../core/datagram.ts";
import { coroutine } from "../../../core/deferred/coroutine.ts";
import type { Deferred } from "../../../core/deferred/deferred.ts";
import { Logger } from "../../../core/log/logger.ts";
import { Protocol } from "../../../core/protocol.ts";
import type { Reactor } from "../../../core/reactor.ts";
import { type DatagramTarget, DatagramWrapper, DivertedTransport } from "../../../policies/datagram-wrapper.ts";
import { TEXT } from "../../../wire/text.ts";
import { ask, type SocksProxyOptions } from "../client.ts";
import { encodeDatagram, NOWHERE, readDatagram } from "../codec.ts";
import { LocalSocksError, RemoteSocksError } from "../errors.ts";
import type { SocksAddress } from "../events.ts";

/**
 * Sends and receives datagrams through a proxy (UDP ASSOCIATE). Fires when `protocol` has its transport: what it writes
 * goes to the target by the proxy, which looks names up, so that `to.host` may be one here. The association ends, and
 * `stopProtocol` is called, when the port is closed or the proxy goes. Fails as `connectThroughSocks` does.
 *
 * @example
 * ```ts
 * import { DatagramProtocol, listen, NodeReactor } from "ropewalk";
 * import { socksAssociate, socksServer } from "ropewalk/socks";
 *
 * const reactor = new NodeReactor();
 * const port = await listen(reactor, "tcp:0:interface=127.0.0.1", socksServer(reactor));
 * if (port.address.kind !== "tcp") throw new Error("no TCP port");
 * const asker = new DatagramProtocol();
 * const options = { proxy: `tcp:127.0.0.1:${port.address.port}` };
 * const transport = await socksAssociate(reactor, options, asker);
 * asker.transport.write("what time is it?", { host: "localhost", port: 13 });
 * await transport.stopListening();
 * await port.stopListening();
 * ```
 */
export function socksAssociate(
  reactor: Reactor,
  options: SocksProxyOptions,
  protocol: DatagramProtocol,
): Deferred<DatagramTransport> {
  const { timeoutMs = TIMEOUT_MS } = options;
  const keeper = new AssociationKeeper();
  const associating = coroutine(function* () {
    const asked = yield* ask(reactor, "associate", { ...options, ...NOWHERE }, () => keeper);
    yield* asked.established;
    const relay = reachable(asked.address, keeper);
    const port = new ProxiedPort(protocol, relay, keeper);
    try {
      yield* reactor.listenUdp({ port: 0, family: familyOf(relay.host) }, port);
    } catch (error) {
      keeper.transport.abortConnection();
      throw error;
    }
    keeper.keep(port);
    return protocol.transport;
  });
  return associating.addTimeout(timeoutMs, reactor);
}

/** The connection whose life is that of the association. */
class AssociationKeeper extends Protocol {
  #port: ProxiedPort | undefined = undefined;
  #isLost = false;

  keep(port: ProxiedPort): void {
    this.#port = port;
    if (this.#isLost) port.transport.stopListening();
  }

  override connectionLost(): void {
    this.#isLost = true;
    this.#port?.transport.stopListening();
  }
}

class ProxiedPort extends DatagramWrapper {
  readonly #relay: SocksAddress;
  readonly #keeper: AssociationKeeper;

  constructor(inner: DatagramProtocol, relay: SocksAddress, keeper: AssociationKeeper) {
    super(inner);
    this.#relay = relay;
    this.#keeper = keeper;
  }

  override makeConnection(transport: DatagramTransport): void {
    this.transport = transport;
    const send = (data: Uint8Array | string, to: DatagramTarget | undefined): void => {
      if (to === undefined) throw new LocalSocksError("a datagram through a proxy needs an address");
      const payload = typeof data === "string" ? TEXT.encodeUtf8(data) : data;
      transport.write(encodeDatagram({ host: to.host, port: to.port, data: payload }), this.#relay);
    };
    this.inner.makeConnection(new DivertedTransport(transport, send));
  }

  override datagramReceived(data: Uint8Array, from: UdpAddress): void {
    if (from.host !== this.#relay.host || from.port !== this.#relay.port) return;
    try {
      const { host, port, data: payload } = readDatagram(data);
      this.inner.datagramReceived(payload, { kind: "udp", host, port, family: familyOf(host) });
    } catch (error) {
      if (!(error instanceof RemoteSocksError)) throw error;
      log.info("Datagram of the proxy dropped: {problem}", { problem: error.message });
    }
  }

  override stopProtocol(): void {
    this.#keeper.transport.loseConnection();
    super.stopProtocol();
  }
}

/** Many proxies answer with 0.0.0.0 where they mean themselves. */
function reachable(address: SocksAddress, { transport: { peer } }: AssociationKeeper): SocksAddress {
  if (!UNSPECIFIED.has(address.host)) return address;
  if (peer.kind === "tcp") return { host: peer.host, port: address.port };
  throw new RemoteSocksError(`it said ${address.host} for the address of its UDP port`);
}

const log: Logger = new Logger("ropewalk.socks");

const UNSPECIFIED = new Set(["0.0.0.0", "::"]);
const TIMEOUT_MS = 30_000;
