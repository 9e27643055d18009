import type { UdpAddress } from "../core/address.ts";
import { DatagramProtocol, type DatagramTransport } from "../core/datagram.ts";
import type { Deferred } from "../core/deferred/deferred.ts";

/** Where a datagram is to go. */
export interface DatagramTarget {
  readonly host: string;
  readonly port: number;
}

/** Passes every event on. */
export class DatagramWrapper extends DatagramProtocol {
  protected readonly inner: DatagramProtocol;

  constructor(inner: DatagramProtocol) {
    super();
    this.inner = inner;
  }

  override datagramReceived(data: Uint8Array, from: UdpAddress): void {
    this.inner.datagramReceived(data, from);
  }

  override stopProtocol(): void {
    this.inner.stopProtocol();
  }

  override connectionRefused(): void {
    this.inner.connectionRefused();
  }
}

/** A transport whose datagrams go another way. */
export class DivertedTransport implements DatagramTransport {
  readonly #outer: DatagramTransport;
  readonly write: DatagramTransport["write"];

  constructor(outer: DatagramTransport, write: (data: Uint8Array | string, to: DatagramTarget | undefined) => void) {
    this.#outer = outer;
    this.write = write;
  }

  get local(): UdpAddress {
    return this.#outer.local;
  }

  get peer(): UdpAddress | undefined {
    return this.#outer.peer;
  }

  connect(peer: DatagramTarget): Deferred<void> {
    return this.#outer.connect(peer);
  }

  joinGroup(group: string, interfaceAddress?: string): void {
    this.#outer.joinGroup(group, interfaceAddress);
  }

  leaveGroup(group: string, interfaceAddress?: string): void {
    this.#outer.leaveGroup(group, interfaceAddress);
  }

  setMulticastTtl(hops: number): void {
    this.#outer.setMulticastTtl(hops);
  }

  setMulticastLoopback(enabled: boolean): void {
    this.#outer.setMulticastLoopback(enabled);
  }

  setMulticastInterface(interfaceAddress: string): void {
    this.#outer.setMulticastInterface(interfaceAddress);
  }

  setBroadcast(enabled: boolean): void {
    this.#outer.setBroadcast(enabled);
  }

  stopListening(): Deferred<void> {
    return this.#outer.stopListening();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopListening();
  }
}
