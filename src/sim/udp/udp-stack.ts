import { formatAddress, type UdpAddress } from "../../core/address.ts";
import { ListenError } from "../../core/errors.ts";
import { systemError } from "../../core/system-error.ts";
import type { NetworkInterface } from "../network/interface.ts";
import type { Network } from "../network/network.ts";
import { FlyingPacket } from "../network/packet.ts";
import type { SimDatagramPort } from "./sim-datagram-port.ts";

/** What the stack needs of its host. */
export interface UdpHost {
  /** The host's own interface for what is sent to that address: its loopback for itself. */
  routeTo(host: string): { readonly local: NetworkInterface; readonly remote: NetworkInterface | undefined };
  /** Whoever has this address, or hears this group or broadcast. */
  receiversOf(host: string, port: number): readonly NetworkInterface[];
}

/** UDP on one host: its ports. */
export class UdpStack {
  readonly network: Network;
  readonly host: UdpHost;
  /** By number. */
  readonly ports: Map<number, SimDatagramPort[]> = new Map();
  readonly taken: Set<number> = new Set();
  #nextPort = FIRST_FREE_PORT;

  constructor(network: Network, host: UdpHost) {
    this.network = network;
    this.host = host;
  }

  freePort(): number {
    do {
      this.#nextPort = this.#nextPort === LAST_PORT ? FIRST_FREE_PORT : this.#nextPort + 1;
    } while (this.ports.has(this.#nextPort) || this.taken.has(this.#nextPort));
    return this.#nextPort;
  }

  /** @throws ListenError */
  open(port: SimDatagramPort, reuseAddress: boolean): void {
    const { local } = port;
    const others = this.ports.get(local.port) ?? [];
    const isTaken = others.some((other) => overlaps(other.local, local)) && !reuseAddress;
    if (isTaken || this.taken.has(local.port)) {
      const cause = systemError("EADDRINUSE", "bind", formatAddress(local));
      throw new ListenError(local, "the address is in use (EADDRINUSE)", { code: "EADDRINUSE", cause });
    }
    this.ports.set(local.port, [...others, port]);
  }

  close(port: SimDatagramPort): void {
    const left = (this.ports.get(port.local.port) ?? []).filter((other) => other !== port);
    if (left.length === 0) this.ports.delete(port.local.port);
    else this.ports.set(port.local.port, left);
  }

  send(local: NetworkInterface, port: number, to: Destination, data: Uint8Array): void {
    this.network.send(
      new FlyingPacket("udp", local, to.networkInterface, port, to.host, to.port, data, HEADER_BYTES + data.length),
    );
  }

  arrive(packet: FlyingPacket): void {
    if (packet.protocol === "icmp") {
      for (const port of this.ports.get(packet.destinationPort) ?? []) port.refused(packet);
      return;
    }
    const ports = this.ports.get(packet.destinationPort);
    let taken = false;
    if (ports !== undefined) for (const port of ports) if (port.take(packet, taken)) taken = true;
    if (!taken && packet.destinationHost === packet.to?.host) this.#refuse(packet);
  }

  crash(): void {
    this.ports.clear();
  }

  /** ICMP "port unreachable" (RFC 1122 §4.1.3.1). It carries the ports of the datagram, as the quoted header does. */
  #refuse({ from, to, sourcePort, destinationPort, data }: FlyingPacket): void {
    if (to === undefined) return;
    this.network.send(new FlyingPacket("icmp", to, from, destinationPort, from.host, sourcePort, data, ICMP_BYTES));
  }
}

/** Where a datagram goes. */
export interface Destination {
  readonly host: string;
  readonly port: number;
  /** One of those who have the address, or hear the group. */
  readonly networkInterface: NetworkInterface | undefined;
}

function overlaps(one: UdpAddress, other: UdpAddress): boolean {
  return one.family === other.family && (one.host === other.host || isWildcard(one.host) || isWildcard(other.host));
}

export function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/** IPv4 and UDP. */
const HEADER_BYTES = 28;
/** IP and ICMP headers, and what they quote: an IP header and 8 bytes (RFC 792). */
const ICMP_BYTES = 56;
/** RFC 6335 §6. */
const FIRST_FREE_PORT = 49_152;
const LAST_PORT = 65_535;
