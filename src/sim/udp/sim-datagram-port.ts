import { familyOf, formatAddress, isIpLiteral, type UdpAddress } from "../../core/address.ts";
import type { DatagramProtocol, DatagramTransport } from "../../core/datagram.ts";
import { Deferred } from "../../core/deferred/deferred.ts";
import { fail, succeed } from "../../core/deferred/succeed.ts";
import { Logger } from "../../core/log/logger.ts";
import { systemError } from "../../core/system-error.ts";
import { PORTABLE_TEXT } from "../../wire/text-portable.ts";
import type { FlyingPacket } from "../network/packet.ts";
import type { SimProcess } from "../sim-process.ts";
import { isWildcard, type UdpStack } from "./udp-stack.ts";

/** An open UDP port of a simulated process. */
export class SimDatagramPort implements DatagramTransport {
  readonly local: UdpAddress;
  peer: UdpAddress | undefined = undefined;
  readonly #stack: UdpStack;
  readonly #process: SimProcess;
  readonly #protocol: DatagramProtocol;
  readonly #isWildcard: boolean;
  readonly #groups: Set<string> = new Set();
  #multicastTtl = 1;
  #hearsItself = true;
  #mayBroadcast = false;
  #isOpen = true;
  #hasStopped = false;
  #waiters: Deferred<void>[] = [];

  constructor(stack: UdpStack, owner: SimProcess, local: UdpAddress, protocol: DatagramProtocol) {
    this.#stack = stack;
    this.#process = owner;
    this.local = local;
    this.#protocol = protocol;
    this.#isWildcard = isWildcard(local.host);
  }

  start(): void {
    this.#process.open.add(this);
    this.#guard("startProtocol", () => this.#protocol.makeConnection(this));
  }

  // From the kernel.

  /** Whether the datagram is for this port; `isShared` if it was for another one as well. */
  take(packet: FlyingPacket, isShared: boolean): boolean {
    const { destinationHost } = packet;
    const isForOne = destinationHost === packet.to?.host;
    if (isForOne && !this.#isWildcard && destinationHost !== this.local.host) return false;
    if (packet.from.family !== this.local.family) return false;
    if (!isForOne && isMulticast(destinationHost) && !this.#groups.has(destinationHost)) return false;
    const { peer } = this;
    if (peer !== undefined && (peer.port !== packet.sourcePort || peer.host !== packet.from.host)) return true;
    this.#process.take(this, packet, isShared);
    return true;
  }

  /** The process reads it. */
  read(packet: FlyingPacket, isShared: boolean): void {
    if (!this.#isOpen) return;
    const { host, family } = packet.from;
    const data = isShared ? packet.data.slice() : packet.data;
    try {
      this.#protocol.datagramReceived(data, { kind: "udp", host, port: packet.sourcePort, family });
    } catch (error) {
      this.#threw("datagramReceived", error);
    }
  }

  /** Nobody listens where something was sent to. */
  refused({ sourcePort, from }: FlyingPacket): void {
    const { peer } = this;
    if (peer === undefined || peer.port !== sourcePort || peer.host !== from.host) return;
    this.#process.soon(() => {
      if (this.#isOpen) this.#guard("connectionRefused", () => this.#protocol.connectionRefused());
    });
  }

  killed(): void {
    this.#isOpen = false;
    this.#stack.close(this);
  }

  hears(group: string): boolean {
    return this.#groups.has(group);
  }

  // From the process.

  write(data: Uint8Array | string, to?: { readonly host: string; readonly port: number }): void {
    if (to !== undefined) this.#check(to);
    const { host, port } = to ?? this.#peerOf();
    if (!this.#isOpen || port === 0 || !this.#process.isAlive) return;
    const copy = typeof data === "string" ? PORTABLE_TEXT.encodeUtf8(data) : new Uint8Array(data);
    if (copy.length > LARGEST_BYTES[this.local.family]) {
      const error = systemError("EMSGSIZE", "send", formatAddress({ kind: "udp", host, port, family: familyOf(host) }));
      log.debug("UDP port {address} lost a datagram: {error}", { address: formatAddress(this.local), error });
      return;
    }
    const stack = this.#stack;
    const { local, remote } = stack.host.routeTo(host);
    const from = this.#isWildcard || local.host === this.local.host ? local : stack.host.routeTo(this.local.host).local;
    if (remote !== undefined) {
      stack.send(from, this.local.port, { host, port, networkInterface: remote }, copy);
      return;
    }
    const isGroup = isMulticast(host);
    // Not allowed, not reached: the system says so, and whoever sends datagrams does not listen.
    if (isBroadcast(host) && !this.#mayBroadcast) return;
    const receivers = isGroup || isBroadcast(host) ? stack.host.receiversOf(host, port) : [undefined];
    for (const [at, networkInterface] of receivers.entries()) {
      const isOwn = networkInterface?.hostId === from.hostId;
      if (isGroup && (isOwn ? !this.#hearsItself : this.#multicastTtl === 0)) continue;
      // Whoever hears it may change the bytes.
      stack.send(from, this.local.port, { host, port, networkInterface }, at === 0 ? copy : copy.slice());
    }
  }

  connect(peer: { readonly host: string; readonly port: number }): Deferred<void> {
    if (!isIpLiteral(peer.host)) return fail(new TypeError(`Cannot connect to "${peer.host}": not an IP literal`));
    this.peer = { kind: "udp", host: peer.host, port: peer.port, family: familyOf(peer.host) };
    return succeed();
  }

  joinGroup(group: string, _interfaceAddress?: string): void {
    if (!isMulticast(group)) throw systemError("EINVAL", "addMembership", group);
    this.#groups.add(group);
  }

  leaveGroup(group: string, _interfaceAddress?: string): void {
    if (!this.#groups.delete(group)) throw systemError("EADDRNOTAVAIL", "dropMembership", group);
  }

  setMulticastTtl(hops: number): void {
    this.#multicastTtl = hops;
  }

  setMulticastLoopback(enabled: boolean): void {
    this.#hearsItself = enabled;
  }

  setMulticastInterface(_interfaceAddress: string): void {}

  setBroadcast(enabled: boolean): void {
    this.#mayBroadcast = enabled;
  }

  stopListening(): Deferred<void> {
    if (this.#hasStopped) return succeed();
    const waiter = new Deferred<void>();
    this.#waiters.push(waiter);
    if (!this.#isOpen) return waiter;
    this.#isOpen = false;
    this.#stack.close(this);
    this.#process.open.delete(this);
    this.#process.soon(() => {
      this.#hasStopped = true;
      this.#guard("stopProtocol", () => this.#protocol.stopProtocol());
      for (const each of this.#waiters.splice(0)) each.callback();
    });
    return waiter;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopListening();
  }

  #peerOf(): UdpAddress {
    const { peer } = this;
    if (peer === undefined) throw new TypeError("Cannot send a datagram without an address: the port is not connected");
    return peer;
  }

  #check(to: { readonly host: string; readonly port: number }): void {
    const { peer } = this;
    if (peer !== undefined && !(peer.host === to.host && peer.port === to.port)) {
      throw new TypeError(`Cannot send to "${to.host}": the port is connected to ${formatAddress(peer)}`);
    }
    if (!isIpLiteral(to.host)) {
      throw new TypeError(`Cannot send to "${to.host}": not an IP literal; look the name up before`);
    }
    if (familyOf(to.host) !== this.local.family) {
      throw new TypeError(`Cannot send to "${to.host}": the port is of family ${this.local.family}`);
    }
    if (!(Number.isInteger(to.port) && to.port >= 0 && to.port <= 65_535)) {
      throw new TypeError(`Cannot send to port ${to.port}: no integer from 0 to 65535`);
    }
  }

  #guard(method: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#threw(method, error);
    }
  }

  #threw(method: string, error: unknown): void {
    const protocol = this.#protocol.constructor.name;
    log.error("{method} of {protocol} threw: the port stays open", { method, protocol, error });
  }
}

export function isMulticast(host: string): boolean {
  return /^(22[4-9]|23\d)\.|^ff/i.test(host);
}

/** The one that every network has; a simulated host has no netmask to tell others by, except a last byte of 255. */
export function isBroadcast(host: string): boolean {
  return host.endsWith(".255");
}

const log: Logger = new Logger("ropewalk.sim");

/** What the 16 bits of a length leave for data: of an IPv4 packet with its header, of an IPv6 packet's payload. */
const LARGEST_BYTES = { 4: 65_507, 6: 65_527 } as const;
