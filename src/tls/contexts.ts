import type { createServer, SecureContext, SecureContextOptions, Server } from "node:tls";
import { maybeDeferred } from "../core/deferred/succeed.ts";
import { toError } from "../core/errors.ts";
import type { TlsClientOptions, TlsIdentity, TlsServerOptions } from "../core/tls.ts";
import { nodeTls } from "./node-tls.ts";

/**
 * What one TLS port needs for its handshakes: a `tls.Server` that never listens, because it already does SNI, ALPN, tickets
 * and verification, and sockets can be handed to it (the documented use of its "connection" event).
 */
export class ServerContexts {
  readonly server: Server;
  readonly #options: TlsServerOptions;
  readonly #contexts: WeakMap<TlsIdentity, SecureContext> = new WeakMap();

  constructor(options: TlsServerOptions) {
    this.#options = options;
    const clients = options.clientCertificates ?? "none";
    this.server = nodeTls().createServer({
      ...commonOptions(options, options.identity),
      ...(options.alpn && { ALPNProtocols: [...options.alpn] }),
      ...(options.sni && { SNICallback: (name, done) => this.#choose(name, done) }),
      requestCert: clients !== "none",
      rejectUnauthorized: clients === "require",
      handshakeTimeout: options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS,
    } as Parameters<typeof createServer>[0]);
  }

  #choose(name: string, done: (error: Error | null, context?: SecureContext) => void): void {
    const { sni, identity } = this.#options;
    const answer = (found: TlsIdentity | undefined): void => {
      if (found !== undefined) done(null, this.#contextFor(found));
      else if (identity !== undefined) done(null);
      else done(new Error(`No certificate for server name "${name}"`));
    };
    // OpenSSL waits for an answer, and nothing would catch an exception in its callback.
    maybeDeferred(() => (typeof sni === "function" ? sni(name) : identityFor(sni ?? {}, name)))
      .addCallback(answer)
      .addErrback((error) => done(toError(error)));
  }

  #contextFor(identity: TlsIdentity): SecureContext {
    let context = this.#contexts.get(identity);
    if (context === undefined) {
      context = nodeTls().createSecureContext(commonOptions(this.#options, identity));
      this.#contexts.set(identity, context);
    }
    return context;
  }
}

/** The context of a client; one for each options object, because loading certificates costs milliseconds. */
export function clientContext(options: TlsClientOptions): SecureContext {
  let context = clientContexts.get(options);
  if (context === undefined) {
    context = nodeTls().createSecureContext(commonOptions(options, options.identity));
    clientContexts.set(options, context);
  }
  return context;
}

const clientContexts: WeakMap<TlsClientOptions, SecureContext> = new WeakMap();

function commonOptions(
  options: TlsServerOptions | TlsClientOptions,
  identity: TlsIdentity | undefined,
): SecureContextOptions {
  const { trustRoots } = options;
  return {
    minVersion: options.minVersion ?? "TLSv1.2",
    ...(identity && { cert: pem(identity.cert), key: pem(identity.key) }),
    ...(trustRoots && { ca: isList(trustRoots) ? trustRoots.map(pem) : pem(trustRoots) }),
  };
}

/** Exact names first, then `*.` for one label, without regard to case. */
function identityFor(table: Readonly<Record<string, TlsIdentity>>, name: string): TlsIdentity | undefined {
  const lower = name.toLowerCase();
  const wildcard = lower.replace(/^[^.]+/, "*");
  let found: TlsIdentity | undefined;
  for (const [pattern, identity] of Object.entries(table)) {
    if (pattern.toLowerCase() === lower) return identity;
    if (pattern.toLowerCase() === wildcard) found = identity;
  }
  return found;
}

function pem(data: string | Uint8Array): string | Buffer {
  return typeof data === "string" ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

/** Two round trips and a signature take far less; a peer that needs longer holds a descriptor for nothing. */
export const HANDSHAKE_TIMEOUT_MS = 15_000;
