import type { Address } from "../core/address.ts";
import { TlsError } from "../core/errors.ts";
import type { StreamOptions } from "../core/reactor.ts";
import type { MemoryLoop } from "./memory-loop.ts";
import { Pipe } from "./pipe.ts";
import { PipeTransport } from "./pipe-transport.ts";
import { type Handshake, pretendHandshake } from "./pretend-tls.ts";
import { cutter, type Splits } from "./splits.ts";

export interface JoinOptions {
  readonly splitsFromA: Splits;
  readonly splitsFromB: Splits;
  readonly capacityBytes: number;
  readonly addressA: Address;
  readonly addressB: Address;
  readonly optionsA: StreamOptions;
  readonly optionsB: StreamOptions;
  /** A handshake that was done before either protocol is there. */
  readonly handshake?: Handshake | undefined;
}

/** Two transports, each of which is the other's peer; `a` is the one that dialled. */
export function joinedTransports(loop: MemoryLoop, options: JoinOptions): { a: JoinedTransport; b: JoinedTransport } {
  const { addressA, addressB, handshake } = options;
  const fromA = new Pipe(options.capacityBytes, cutter(options.splitsFromA));
  const fromB = new Pipe(options.capacityBytes, cutter(options.splitsFromB));
  const addressesOfA = { local: addressA, peer: addressB, tls: handshake?.client };
  const addressesOfB = { local: addressB, peer: addressA, tls: handshake?.server };
  const a = new JoinedTransport(loop, fromB, fromA, { ...options.optionsA, ...addressesOfA });
  const b = new JoinedTransport(loop, fromA, fromB, { ...options.optionsB, ...addressesOfB });
  a.other = b;
  b.other = a;
  return { a, b };
}

/** One of two. When both have asked for TLS, a pretended handshake takes place. */
export class JoinedTransport extends PipeTransport {
  other!: JoinedTransport;

  override startTls(...[options]: Parameters<PipeTransport["startTls"]>): ReturnType<PipeTransport["startTls"]> {
    const waiter = super.startTls(options);
    this.loop.soon(() => this.#meet());
    return waiter;
  }

  #meet(): void {
    const { other } = this;
    if (this.tlsRequest === undefined) return;
    if (this.tlsRequest.received?.length) {
      // A pretended handshake has no bytes, so these cannot be part of one.
      this.failTls(new TlsError("TLS handshake failed: what was received before it is no TLS"));
      return;
    }
    if (other.tlsRequest === undefined) return;
    const result = pretendHandshake(this.tlsRequest, other.tlsRequest);
    if (result instanceof Error) {
      this.failTls(result);
      other.failTls(result);
      return;
    }
    const isClient = this.tlsRequest.side === "client";
    this.completeTls(isClient ? result.client : result.server);
    other.completeTls(isClient ? result.server : result.client);
  }
}
