import { formatAddress, type UdpAddress } from "../../../core/address.ts";
import type { DatagramProtocol, DatagramTransport } from "../../../core/datagram.ts";
import { Logger } from "../../../core/log/logger.ts";
import { type DatagramTarget, DatagramWrapper, DivertedTransport } from "../../../policies/datagram-wrapper.ts";
import { joinBytes } from "../../../wire/join-bytes.ts";
import { TEXT } from "../../../wire/text.ts";
import { type ProxyHeaderSettings, type ReadProxyHeader, readProxyHeader } from "../codec.ts";
import { encodeProxyHeader, type ProxyHeaderOptions } from "../encode.ts";
import { RemoteProxyHeaderError } from "../errors.ts";

/** How `receiveProxyDatagrams` receives. */
export interface ReceiveProxyDatagramsOptions extends ProxyHeaderSettings {
  /** Which peers may say for whom they speak; default all. Datagrams of others are dropped. */
  readonly trusted?: ((peer: UdpAddress) => boolean) | undefined;
  /** True peers whose proxy is remembered, so that they can be answered; default 10 000, the one silent for longest goes. */
  readonly maxPeers?: number | undefined;
}

/**
 * Takes the PROXY header off each datagram: `protocol` gets what follows it, from the true peer. What it writes to a true
 * peer goes to the proxy that this peer last came by, without a header. Datagrams without a header are dropped and logged.
 *
 * @example
 * ```ts
 * import { DatagramProtocol, type UdpAddress } from "ropewalk";
 * import { receiveProxyDatagrams } from "ropewalk/haproxy";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * class Who extends DatagramProtocol {
 *   override datagramReceived(_data: Uint8Array, from: UdpAddress): void {
 *     this.transport.write(from.host, from);
 *   }
 * }
 * const port = await new MemoryReactor().listenUdp({ port: 7 }, receiveProxyDatagrams(new Who()));
 * const proxy = { host: "192.0.2.9", port: 5_000 };
 * port.receive("PROXY UNKNOWN\r\nhello", proxy);
 * console.log(port.sent[0]?.to.port); // 5000
 * ```
 */
export function receiveProxyDatagrams(
  protocol: DatagramProtocol,
  options: ReceiveProxyDatagramsOptions = {},
): DatagramProtocol {
  return new DatagramReceiver(protocol, options);
}

/**
 * Puts a PROXY header before each datagram that `protocol` writes: for the flow that the options tell of, or else for
 * this port and the one that it writes to. Give `version: 2`: version 1 knows no UDP, and says `UNKNOWN`.
 *
 * @example
 * ```ts
 * import { DatagramProtocol } from "ropewalk";
 * import { sendProxyDatagrams } from "ropewalk/haproxy";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const relay = new DatagramProtocol();
 * const port = await new MemoryReactor().listenUdp({ port: 7 }, sendProxyDatagrams(relay, { version: 2 }));
 * relay.transport.write("hello", { host: "192.0.2.1", port: 53 });
 * console.log(port.sent[0]?.data.length); // 33
 * ```
 */
export function sendProxyDatagrams(protocol: DatagramProtocol, options: ProxyHeaderOptions = {}): DatagramProtocol {
  return new DatagramSender(protocol, options);
}

class DatagramReceiver extends DatagramWrapper {
  readonly #options: ReceiveProxyDatagramsOptions;
  /** By the true peer, the one heard last at the end. */
  readonly #proxies = new Map<string, UdpAddress>();

  constructor(inner: DatagramProtocol, options: ReceiveProxyDatagramsOptions) {
    super(inner);
    this.#options = options;
  }

  override makeConnection(transport: DatagramTransport): void {
    this.transport = transport;
    this.inner.makeConnection(
      new DivertedTransport(transport, (data, to) => transport.write(data, to && (this.#proxies.get(keyOf(to)) ?? to))),
    );
  }

  override datagramReceived(data: Uint8Array, from: UdpAddress): void {
    if (this.#options.trusted?.(from) === false) return;
    const read = this.#read(data, from);
    if (read === undefined) return;
    const { source } = read.header;
    if (source?.kind === "udp") this.#remember(source, from);
    this.inner.datagramReceived(data.subarray(read.length), source?.kind === "udp" ? source : from);
  }

  #read(data: Uint8Array, from: UdpAddress): ReadProxyHeader | undefined {
    try {
      const read = readProxyHeader(data, this.#options);
      if (read === undefined) throw new RemoteProxyHeaderError("the datagram ends within it");
      return read;
    } catch (error) {
      if (!(error instanceof RemoteProxyHeaderError)) throw error;
      log.info("Datagram from {peer} dropped: {problem}", { peer: formatAddress(from), problem: error.message });
      return undefined;
    }
  }

  #remember(source: UdpAddress, proxy: UdpAddress): void {
    const key = keyOf(source);
    this.#proxies.delete(key);
    this.#proxies.set(key, proxy);
    const [oldest] = this.#proxies.keys();
    if (this.#proxies.size > (this.#options.maxPeers ?? MAX_PEERS)) this.#proxies.delete(oldest as string);
  }
}

class DatagramSender extends DatagramWrapper {
  readonly #options: ProxyHeaderOptions;

  constructor(inner: DatagramProtocol, options: ProxyHeaderOptions) {
    super(inner);
    this.#options = options;
  }

  override makeConnection(transport: DatagramTransport): void {
    this.transport = transport;
    const { source, destination } = this.#options;
    const own = source === undefined && destination === undefined;
    const send = (data: Uint8Array | string, to: DatagramTarget | undefined): void => {
      const target = to === undefined ? transport.peer : ({ ...transport.local, ...to } as const);
      const ends = own ? { source: transport.local, destination: target } : { source, destination };
      const payload = typeof data === "string" ? TEXT.encodeUtf8(data) : data;
      transport.write(joinBytes([encodeProxyHeader({ ...this.#options, ...ends }), payload]), to);
    };
    this.inner.makeConnection(new DivertedTransport(transport, send));
  }
}

function keyOf({ host, port }: DatagramTarget): string {
  return `${host} ${port}`;
}

const log: Logger = new Logger("ropewalk.haproxy");

/** A megabyte or two at most, and more than one proxy's flows of a minute. */
const MAX_PEERS = 10_000;
