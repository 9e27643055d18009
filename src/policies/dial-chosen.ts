/** Dialling for somebody else, who must not reach every address that a name may stand for. */
import type { TcpAddress } from "../core/address.ts";
import type { Deferred } from "../core/deferred/deferred.ts";
import { happyEyeballs } from "../core/happy-eyeballs.ts";
import type { Protocol } from "../core/protocol.ts";
import type { HostAddress, Reactor } from "../core/reactor.ts";

/** Whom to reach. */
export interface DialTarget {
  /** A name or an IP address. */
  readonly host: string;
  readonly port: number;
  /** For the lookup and all attempts together. */
  readonly timeoutMs: number;
}

/**
 * Looks up the host, asks `choose` which of its addresses are meant, and dials those and no others: a name that stands for
 * something else a moment later gains nothing. Fails as `connectTcp` does, and with what `choose` throws.
 */
export function dialChosen<P extends Protocol>(
  reactor: Reactor,
  { host: name, port, timeoutMs }: DialTarget,
  choose: (found: readonly HostAddress[]) => readonly HostAddress[],
  make: () => P,
): Deferred<P> {
  return reactor
    .lookup(name)
    .addCallback((found) => {
      const targets = choose(found).map(({ host, family }): TcpAddress => ({ kind: "tcp", host, port, family }));
      const attempt = ({ host }: TcpAddress) => reactor.connectTcp({ host, port, timeoutMs }, make);
      const discard = (late: P): void => late.transport.abortConnection();
      return happyEyeballs(reactor, targets, attempt, { target: `${name}:${port}`, discard });
    })
    .addTimeout(timeoutMs, reactor);
}
