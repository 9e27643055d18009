import type { UdpAddress } from "./address.ts";
import type { Deferred } from "./deferred/deferred.ts";

/**
 * Sends and receives datagrams on one UDP port. An exception in a method is logged; the port stays open.
 *
 * @example
 * ```ts
 * import { DatagramProtocol } from "ropewalk";
 *
 * class Echo extends DatagramProtocol {
 *   override datagramReceived(data: Uint8Array, from: { host: string; port: number }): void {
 *     this.transport.write(data, from);
 *   }
 * }
 * console.log(new Echo() instanceof DatagramProtocol); // true
 * ```
 */
export class DatagramProtocol {
  /** Set before startProtocol. */
  transport!: DatagramTransport;

  /** Called by the transport; override startProtocol instead. */
  makeConnection(transport: DatagramTransport): void {
    this.transport = transport;
    this.startProtocol();
  }

  /** The port is open. */
  startProtocol(): void {}
  /** The port is closed. Called exactly once, and last. */
  stopProtocol(): void {}
  /** One datagram, whole. The bytes belong to the protocol. */
  datagramReceived(_data: Uint8Array, _from: UdpAddress): void {}
  /** A connected port's peer answered that nobody listens there (ICMP port unreachable). */
  connectionRefused(): void {}
}

/** An open UDP port. Disposing it closes it. */
export interface DatagramTransport extends AsyncDisposable {
  readonly local: UdpAddress;
  /** The only peer, on a connected port. */
  readonly peer: UdpAddress | undefined;
  /**
   * Sends one datagram. `to` is needed unless the port is connected; its host is an IP literal. Never blocks; what the
   * network does not take is lost, as datagrams are, and so is what goes to port 0.
   *
   * @throws TypeError without `to` on an unconnected port, with another `to` on a connected one, if host is no IP literal of
   * this port's family, or if port is no port number.
   */
  write(data: Uint8Array | string, to?: { readonly host: string; readonly port: number }): void;
  /** Fixes the one peer: others' datagrams are dropped by the kernel. Fails with a TypeError for a host that is no IP literal. */
  connect(peer: { readonly host: string; readonly port: number }): Deferred<void>;
  /**
   * Hears what is sent to a multicast group (`"239.1.2.3"`) and this port's number. The interface is named by its address
   * (IPv6: `"::%eth0"`); default: the system's choice. Several ports of one machine need `reuseAddress` to share a number.
   *
   * @throws the system's error: EINVAL for what is no group, ENODEV for an interface that is not there.
   */
  joinGroup(group: string, interfaceAddress?: string): void;
  /** @throws the system's error: EADDRNOTAVAIL if it is not in the group. */
  leaveGroup(group: string, interfaceAddress?: string): void;
  /** How many routers what is sent to groups may cross; 1 unless set: it stays in this network. */
  setMulticastTtl(hops: number): void;
  /** Whether this machine hears what it sends to groups; it does unless told otherwise. */
  setMulticastLoopback(enabled: boolean): void;
  /** The interface by which datagrams to groups leave. */
  setMulticastInterface(interfaceAddress: string): void;
  /** Allows sending to broadcast addresses (`"192.0.2.255"`); without it the system refuses. */
  setBroadcast(enabled: boolean): void;
  /** Closes the port, after what this turn wrote; fires after stopProtocol. Calling it again is no error. */
  stopListening(): Deferred<void>;
}
