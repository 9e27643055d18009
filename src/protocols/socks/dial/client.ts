/** What a proxy does to reach a target: look it up, ask the rules about each address, dial, and say why it failed. */
import type { Deferred } from "../../../core/deferred/deferred.ts";
import { TimeoutError } from "../../../core/deferred/errors.ts";
import { ConnectError, LookupError } from "../../../core/errors.ts";
import type { HostAddress, Reactor } from "../../../core/reactor.ts";
import { dialChosen } from "../../../policies/dial-chosen.ts";
import { FarEnd } from "../../../policies/relay.ts";
import { REPLY } from "../codec.ts";
import { SocksRefusedError } from "../errors.ts";
import type { SocksAddress, SocksRequest } from "../events.ts";

/** The part of a server's options that this needs. */
export interface DialSettings {
  readonly allowAddress?: ((address: SocksAddress, request: SocksRequest) => boolean) | undefined;
  readonly connectTimeoutMs?: number | undefined;
}

/** Fires with the connection. Fails with SocksRefusedError if no address is allowed, else as `reactor.connectTcp` does. */
export function dial(reactor: Reactor, request: SocksRequest, settings: DialSettings): Deferred<FarEnd> {
  const { connectTimeoutMs: timeoutMs = CONNECT_TIMEOUT_MS } = settings;
  const { host, port } = request;
  const choose = (found: readonly HostAddress[]): readonly HostAddress[] => allowedOf(found, request, settings);
  return dialChosen(reactor, { host, port, timeoutMs }, choose, () => new FarEnd());
}

/** The addresses of a host that the rules allow. Fails with SocksRefusedError if there is none, and with LookupError. */
export function allowedAddresses(
  reactor: Reactor,
  request: SocksRequest,
  settings: DialSettings,
): Deferred<readonly HostAddress[]> {
  return reactor.lookup(request.host).addCallback((found) => allowedOf(found, request, settings));
}

function allowedOf(
  found: readonly HostAddress[],
  request: SocksRequest,
  { allowAddress }: DialSettings,
): readonly HostAddress[] {
  if (allowAddress === undefined) return found;
  const { host: name, port } = request;
  const allowed = found.filter(({ host }) => allowAddress({ host, port }, request));
  if (allowed.length > 0) return allowed;
  const hosts = found.map(({ host }) => host).join(", ");
  throw new SocksRefusedError(`no address of ${JSON.stringify(name)} is allowed: ${hosts}`, REPLY.notAllowed);
}

/** The number of RFC 1928 §6 that says best why it failed. */
export function replyTo(error: Error): number {
  if (error instanceof SocksRefusedError) return error.reply ?? REPLY.failure;
  if (error instanceof TimeoutError || error instanceof LookupError) return REPLY.hostUnreachable;
  if (!(error instanceof ConnectError)) return REPLY.failure;
  if (error.cause instanceof TimeoutError) return REPLY.hostUnreachable;
  return CODES[error.code ?? ""] ?? REPLY.failure;
}

const CODES: Readonly<Record<string, number>> = {
  ECONNREFUSED: REPLY.refused,
  EHOSTUNREACH: REPLY.hostUnreachable,
  ETIMEDOUT: REPLY.hostUnreachable,
  ENETUNREACH: REPLY.networkUnreachable,
};

/** The reactor's own, and what a patient person waits. */
const CONNECT_TIMEOUT_MS = 30_000;
