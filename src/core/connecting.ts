/** From a connection that was dialled to a protocol that is usable, or to nothing left behind: the same for every reactor. */
import { type Address, formatAddress } from "./address.ts";
import type { Deferred } from "./deferred/deferred.ts";
import { TimeoutError } from "./deferred/errors.ts";
import { ConnectError } from "./errors.ts";
import { buildProtocol, type Protocol, type ProtocolFactory } from "./protocol.ts";
import type { Clock } from "./time/clock.ts";

/** A connection that has no protocol yet. */
export interface Dialled {
  readonly peer: Address;
  abortConnection(): void;
  /** Makes it usable. Returns what the protocol threw, if it did; it is closed then. */
  open(protocol: Protocol): Error | undefined;
  /** Closes what no protocol wants. */
  refuse(): void;
}

/** Gives a connection its protocol. @throws what the factory or connectionMade threw; the connection is closed then. */
export function begin<P extends Protocol>(dialled: Dialled, factory: ProtocolFactory<P>): P {
  let protocol: P | undefined;
  try {
    protocol = buildProtocol(factory, dialled.peer);
  } catch (error) {
    dialled.abortConnection();
    throw error;
  }
  if (protocol === undefined) {
    dialled.refuse();
    throw new ConnectError(`Cannot use the connection with ${formatAddress(dialled.peer)}: the factory refused it`);
  }
  const thrown = dialled.open(protocol);
  if (thrown !== undefined) throw thrown;
  return protocol;
}

/** Gives a connect its time limit, and the TimeoutError the name of what was not reached. */
export function connectWithin<T>(
  connecting: Deferred<T>,
  name: string,
  timeoutMs: number = CONNECT_TIMEOUT_MS,
  clock: Pick<Clock, "callLater">,
): Deferred<T> {
  return connecting.addTimeout(timeoutMs, clock).addErrback((error: Error) => {
    if (!(error instanceof TimeoutError)) throw error;
    const message = `Cannot connect to ${name}: not done within ${timeoutMs} ms`;
    throw new TimeoutError(timeoutMs, { message, cause: error.cause });
  });
}

/** Three SYN retransmissions of Linux (1 s, 3 s, 7 s, 15 s) and time for TLS. */
export const CONNECT_TIMEOUT_MS = 30_000;
