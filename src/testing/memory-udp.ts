import { familyOf, formatAddress, isIpLiteral, type UdpAddress } from "../core/address.ts";
import type { DatagramProtocol, DatagramTransport } from "../core/datagram.ts";
import { Deferred } from "../core/deferred/deferred.ts";
import { fail, succeed } from "../core/deferred/succeed.ts";
import { ListenError } from "../core/errors.ts";
import { Logger } from "../core/log/logger.ts";
import type { ListenUdpOptions } from "../core/reactor.ts";
import { systemError } from "../core/system-error.ts";
import { plainBytes } from "./bytes.ts";
import type { MemoryLoop } from "./memory-loop.ts";

/** The UDP ports of one MemoryReactor, which reach each other. What goes elsewhere is only recorded. */
export class MemoryDatagrams {
  readonly ports: MemoryDatagramPort[] = [];
  readonly #loop: MemoryLoop;
  readonly #freePort: () => number;

  constructor(loop: MemoryLoop, freePort: () => number) {
    this.#loop = loop;
    this.#freePort = freePort;
  }

  listen(options: ListenUdpOptions, protocol: DatagramProtocol): Deferred<MemoryDatagramPort> {
    const family = options.family ?? familyOf(options.host ?? "");
    const host = options.host ?? (family === 6 ? "::" : "0.0.0.0");
    const local: UdpAddress = { kind: "udp", host, port: options.port === 0 ? this.#freePort() : options.port, family };
    const isTaken = this.ports.some((port) => port.local.port === local.port && overlaps(port.local, local));
    if (isTaken && options.reuseAddress !== true) {
      const cause = systemError("EADDRINUSE", "bind", formatAddress(local));
      return fail(new ListenError(local, "the address is in use (EADDRINUSE)", { code: "EADDRINUSE", cause }));
    }
    const port = new MemoryDatagramPort(this.#loop, local, protocol, this.ports);
    this.ports.push(port);
    port.start();
    return succeed(port);
  }
}

/**
 * One UDP port of a MemoryReactor: it records what is sent, and a test can hand it what comes.
 *
 * @example
 * ```ts
 * import { DatagramProtocol } from "ropewalk";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * class Echo extends DatagramProtocol {
 *   override datagramReceived(data: Uint8Array, from: { host: string; port: number }): void {
 *     this.transport.write(data, from);
 *   }
 * }
 * const port = await new MemoryReactor().listenUdp({ port: 7 }, new Echo());
 * port.receive("hello", { host: "192.0.2.1", port: 5000 });
 * console.log(port.sent[0]?.to.host); // 192.0.2.1
 * ```
 */
export class MemoryDatagramPort implements DatagramTransport {
  readonly local: UdpAddress;
  readonly protocol: DatagramProtocol;
  /** Every datagram that was sent. */
  readonly sent: { readonly data: Uint8Array; readonly to: UdpAddress }[] = [];
  readonly groups: Set<string> = new Set();
  readonly multicast: MulticastOptions = { ttl: 1, loopback: true, interfaceAddress: undefined };
  broadcast = false;
  peer: UdpAddress | undefined = undefined;
  readonly #loop: MemoryLoop;
  readonly #ports: MemoryDatagramPort[];
  #isOpen = true;
  #isStopped = false;
  readonly #waiters: Deferred<void>[] = [];

  constructor(loop: MemoryLoop, local: UdpAddress, protocol: DatagramProtocol, ports: MemoryDatagramPort[]) {
    this.#loop = loop;
    this.local = local;
    this.protocol = protocol;
    this.#ports = ports;
  }

  /** Called once, when the port is open. */
  start(): void {
    this.#guard("startProtocol", () => this.protocol.makeConnection(this));
  }

  /** Hands over a datagram, as if `from` had sent it; a connected port takes its peer's only. */
  receive(data: Uint8Array | string, from: { readonly host: string; readonly port: number }): void {
    const { peer } = this;
    if (!this.#isOpen || (peer !== undefined && !(peer.host === from.host && peer.port === from.port))) return;
    this.#guard("datagramReceived", () => this.protocol.datagramReceived(plainBytes(data), udp(from)));
  }

  /** The peer of a connected port answers that nobody listens there. */
  refuse(): void {
    if (this.#isOpen) this.#guard("connectionRefused", () => this.protocol.connectionRefused());
  }

  write(data: Uint8Array | string, to?: { readonly host: string; readonly port: number }): void {
    const target = this.#target(to);
    if (!this.#isOpen || target.port === 0) return;
    const copy = plainBytes(data);
    this.sent.push({ data: copy, to: target });
    this.#loop.soon(() => this.#deliver(copy, target));
  }

  connect(peer: { readonly host: string; readonly port: number }): Deferred<void> {
    this.peer = udp(peer);
    return succeed();
  }

  joinGroup(group: string): void {
    this.groups.add(group);
  }

  leaveGroup(group: string): void {
    this.groups.delete(group);
  }

  setMulticastTtl(hops: number): void {
    this.multicast.ttl = hops;
  }

  setMulticastLoopback(enabled: boolean): void {
    this.multicast.loopback = enabled;
  }

  setMulticastInterface(interfaceAddress: string): void {
    this.multicast.interfaceAddress = interfaceAddress;
  }

  setBroadcast(enabled: boolean): void {
    this.broadcast = enabled;
  }

  stopListening(): Deferred<void> {
    if (this.#isStopped) return succeed();
    const waiter = new Deferred<void>();
    this.#waiters.push(waiter);
    if (!this.#isOpen) return waiter;
    this.#isOpen = false;
    this.#ports.splice(this.#ports.indexOf(this), 1);
    this.#loop.soon(() => {
      this.#isStopped = true;
      this.#guard("stopProtocol", () => this.protocol.stopProtocol());
      for (const each of this.#waiters) each.callback();
    });
    return waiter;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopListening();
  }

  #target(to: { readonly host: string; readonly port: number } | undefined): UdpAddress {
    const { peer } = this;
    if (to === undefined) {
      if (peer === undefined)
        throw new TypeError("Cannot send a datagram without an address: the port is not connected");
      return peer;
    }
    if (peer !== undefined && !(peer.host === to.host && peer.port === to.port)) {
      throw new TypeError(`Cannot send to "${to.host}": the port is connected to ${formatAddress(peer)}`);
    }
    if (!isIpLiteral(to.host))
      throw new TypeError(`Cannot send to "${to.host}": not an IP literal; look the name up before`);
    if (!(Number.isInteger(to.port) && to.port >= 0 && to.port <= 65_535))
      throw new TypeError(`Cannot send to port ${to.port}: no integer from 0 to 65535`);
    return udp(to);
  }

  #deliver(data: Uint8Array, to: UdpAddress): void {
    const from: UdpAddress = { ...this.local, host: isWildcard(this.local) ? loopbackOf(to.family) : this.local.host };
    const isGroup = isMulticast(to.host);
    const receivers = this.#ports.filter((port) =>
      port.local.port === to.port && isGroup
        ? port.groups.has(to.host) && (port !== this || this.multicast.loopback)
        : port.local.port === to.port && (port.local.host === to.host || isWildcard(port.local)),
    );
    for (const port of receivers) port.receive(data, from);
    if (receivers.length === 0 && this.peer !== undefined && !isGroup) this.refuse();
  }

  #guard(method: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      const protocol = this.protocol.constructor.name;
      log.error("{method} of {protocol} threw: the port stays open", { method, protocol, error });
    }
  }
}

/** What the port was told about multicast. */
export interface MulticastOptions {
  ttl: number;
  loopback: boolean;
  interfaceAddress: string | undefined;
}

function udp({ host, port }: { readonly host: string; readonly port: number }): UdpAddress {
  return { kind: "udp", host, port, family: familyOf(host) };
}

function overlaps(one: UdpAddress, other: UdpAddress): boolean {
  return one.family === other.family && (one.host === other.host || isWildcard(one) || isWildcard(other));
}

function isWildcard({ host }: UdpAddress): boolean {
  return host === "0.0.0.0" || host === "::";
}

function loopbackOf(family: 4 | 6): string {
  return family === 6 ? "::1" : "127.0.0.1";
}

function isMulticast(host: string): boolean {
  return /^(22[4-9]|23\d)\.|^ff/i.test(host);
}

const log: Logger = new Logger("ropewalk.testing");
