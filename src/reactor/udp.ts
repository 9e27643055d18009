import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { isIP } from "node:net";
import { familyOf, formatAddress, type UdpAddress } from "../core/address.ts";
import type { DatagramProtocol, DatagramTransport } from "../core/datagram.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { fail } from "../core/deferred/succeed.ts";
import { ListenError } from "../core/errors.ts";
import { Logger } from "../core/log/logger.ts";
import type { ListenUdpOptions } from "../core/reactor.ts";
import { asListenError } from "./listen-error.ts";

/** Opens a UDP port; it is in `open` until it is closed. Fails with ListenError. Cancelling closes it. */
export function openUdp(
  options: ListenUdpOptions,
  protocol: DatagramProtocol,
  open: Set<NodeDatagramTransport>,
): Deferred<DatagramTransport> {
  const family = options.family ?? familyOf(options.host ?? "");
  const host = options.host ?? (family === 6 ? "::" : "0.0.0.0");
  const asked: UdpAddress = { kind: "udp", host, port: options.port, family };
  if (isIP(host) !== family) return fail(new ListenError(asked, `its host is no IPv${family} address`));
  if (!isPort(options.port)) return fail(new ListenError(asked, "its port is no integer from 0 to 65535"));
  const socket = createSocket({
    type: family === 6 ? "udp6" : "udp4",
    ipv6Only: family === 6,
    reuseAddr: options.reuseAddress ?? false,
    lookup: noLookup,
  });
  const opened = new Deferred<DatagramTransport>(() => socket.close());
  const refuse = (error: Error) => {
    socket.close();
    opened.errback(asListenError(asked, error));
  };
  socket.once("error", refuse);
  // A port that others know is shared by the workers of a cluster. Answers to what one sent belong to that one.
  socket.bind({ port: options.port, address: host, exclusive: options.port === 0 }, () => {
    socket.off("error", refuse);
    const transport = new NodeDatagramTransport(socket, family, protocol, open);
    transport.start();
    opened.callback(transport);
  });
  return opened;
}

/** A UDP port over node:dgram. */
export class NodeDatagramTransport implements DatagramTransport {
  readonly #socket: Socket;
  readonly #family: 4 | 6;
  readonly #protocol: DatagramProtocol;
  readonly #open: Set<NodeDatagramTransport>;
  #local: UdpAddress;
  #peer: UdpAddress | undefined = undefined;
  #closing = false;
  #closed = false;
  readonly #waiting: Deferred<void>[] = [];
  /** The last host that was found to be an address: replies mostly go to one after the other's sender. */
  #checkedHost = "";
  readonly #onSent: (error: Error | null) => void = (error) => {
    if (error !== null) this.#onError(error);
  };

  constructor(socket: Socket, family: 4 | 6, protocol: DatagramProtocol, open: Set<NodeDatagramTransport>) {
    this.#socket = socket;
    this.#family = family;
    this.#protocol = protocol;
    this.#open = open;
    this.#local = this.#localAddress();
    open.add(this);
  }

  /** Begins to deliver. */
  start(): void {
    this.#socket.on("message", (data, from) => this.#received(data, from));
    this.#socket.on("error", (error) => this.#onError(error));
    this.#socket.on("close", () => this.#onClose());
    this.#guard("startProtocol", () => this.#protocol.makeConnection(this));
  }

  get local(): UdpAddress {
    return this.#local;
  }

  get peer(): UdpAddress | undefined {
    return this.#peer;
  }

  write(data: Uint8Array | string, to?: { readonly host: string; readonly port: number }): void {
    const peer = this.#peer;
    if (peer !== undefined) {
      if (to !== undefined && (to.port !== peer.port || to.host !== peer.host)) {
        throw new TypeError(
          `Cannot send to "${to.host}" port ${to.port}: this port is connected to ${formatAddress(peer)}`,
        );
      }
      if (!this.#closing) this.#socket.send(data, this.#onSent);
      return;
    }
    if (to === undefined) throw new TypeError("Cannot send a datagram without an address: this port is not connected");
    if (to.host !== this.#checkedHost) this.#checkHost(to.host);
    if (!isPort(to.port)) throw new TypeError(`Cannot send to port ${to.port}: ports are integers from 0 to 65535`);
    // Whoever sends from port 0 wants no answer (RFC 768), and a peer must not be able to make an answer throw.
    if (!this.#closing && to.port !== 0) this.#socket.send(data, to.port, to.host);
  }

  connect(peer: { readonly host: string; readonly port: number }): Deferred<void> {
    const connected = new Deferred<void>();
    try {
      this.#checkHost(peer.host);
      this.#socket.connect(peer.port, peer.host, (error?: Error | null) => {
        if (error) {
          connected.errback(error);
          return;
        }
        this.#peer = { kind: "udp", host: peer.host, port: peer.port, family: this.#family };
        this.#local = this.#localAddress();
        connected.callback();
      });
    } catch (error) {
      connected.errback(error);
    }
    return connected;
  }

  joinGroup(group: string, interfaceAddress?: string): void {
    this.#socket.addMembership(group, interfaceAddress);
  }

  leaveGroup(group: string, interfaceAddress?: string): void {
    this.#socket.dropMembership(group, interfaceAddress);
  }

  setMulticastTtl(hops: number): void {
    this.#socket.setMulticastTTL(hops);
  }

  setMulticastLoopback(enabled: boolean): void {
    this.#socket.setMulticastLoopback(enabled);
  }

  setMulticastInterface(interfaceAddress: string): void {
    this.#socket.setMulticastInterface(interfaceAddress);
  }

  setBroadcast(enabled: boolean): void {
    this.#socket.setBroadcast(enabled);
  }

  stopListening(): Deferred<void> {
    const stopped = new Deferred<void>();
    if (this.#closed) stopped.callback();
    else this.#waiting.push(stopped);
    if (!this.#closing) {
      this.#closing = true;
      // node:dgram sends at the end of this turn, and would drop what was written just before.
      process.nextTick(closeSocket, this.#socket);
    }
    return stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopListening();
  }

  #received(data: Uint8Array, from: RemoteInfo): void {
    if (this.#closing) return;
    try {
      this.#protocol.datagramReceived(data, { kind: "udp", host: from.address, port: from.port, family: this.#family });
    } catch (error) {
      this.#threw("datagramReceived", error);
    }
  }

  #onError(error: NodeJS.ErrnoException): void {
    if (this.#closing) return;
    if (error.code === "ECONNREFUSED") this.#guard("connectionRefused", () => this.#protocol.connectionRefused());
    else log.debug("UDP port {address} lost a datagram: {error}", { address: formatAddress(this.#local), error });
  }

  #onClose(): void {
    this.#closed = true;
    this.#open.delete(this);
    this.#guard("stopProtocol", () => this.#protocol.stopProtocol());
    for (const stopped of this.#waiting.splice(0)) stopped.callback();
  }

  #guard(method: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#threw(method, error);
    }
  }

  #threw(method: string, error: unknown): void {
    log.failure("{method} of {protocol} threw; its port stays open", error, {
      method,
      protocol: this.#protocol.constructor.name,
    });
  }

  #checkHost(host: string): void {
    if (isIP(host) !== this.#family) {
      throw new TypeError(`Cannot send to host "${host}": this port needs an IPv${this.#family} address`);
    }
    this.#checkedHost = host;
  }

  #localAddress(): UdpAddress {
    const { address, port } = this.#socket.address();
    return { kind: "udp", host: address, port, family: this.#family };
  }
}

// All hosts are addresses by the time they come here; node:dgram would still take each on a round through node:dns.
function noLookup(host: string, _family: unknown, callback: (error: null, host: string, family: number) => void): void {
  callback(null, host, isIP(host));
}

// node:dgram would take 70 000 for 4 464.
function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535;
}

function closeSocket(socket: Socket): void {
  socket.close();
}

const log: Logger = new Logger("ropewalk.reactor");
