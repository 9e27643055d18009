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
   * network does not take is lost, as datagrams are.
   *
   * @throws TypeError without `to` on an unconnected port, with another `to` on a connected one, or if host is no IP literal.
   */
  write(data: Uint8Array | string, to?: { readonly host: string; readonly port: number }): void;
  /** Fixes the one peer: others' datagrams are dropped by the kernel. */
  connect(peer: { readonly host: string; readonly port: number }): Deferred<void>;
  joinGroup(group: string, interfaceAddress?: string): void;
  leaveGroup(group: string, interfaceAddress?: string): void;
  setMulticastTtl(hops: number): void;
  setMulticastLoopback(enabled: boolean): void;
  setMulticastInterface(interfaceAddress: string): void;
  setBroadcast(enabled: boolean): void;
  /** Closes the port; fires after stopProtocol. */
  stopListening(): Deferred<void>;
}
