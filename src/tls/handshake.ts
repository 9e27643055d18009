import { isIP, type Socket } from "node:net";
import type { checkServerIdentity, Server, TLSSocket } from "node:tls";
import { Deferred } from "../core/deferred/deferred.ts";
import { CancelledError } from "../core/deferred/errors.ts";
import { maybeDeferred } from "../core/deferred/succeed.ts";
import { TlsError } from "../core/errors.ts";
import type { Clock } from "../core/time/clock.ts";
import type { TlsClientOptions, TlsServerOptions } from "../core/tls.ts";
import type { StartTlsOptions } from "../core/transport.ts";
import { clientContext, HANDSHAKE_TIMEOUT_MS, ServerContexts } from "./contexts.ts";
import { SocketFacts } from "./facts.ts";
import { nodeTls } from "./node-tls.ts";
import { unpackSession } from "./resumption.ts";

/** Where handshakes are made: what they share, and what differs from one door to another. */
export interface TlsHome {
  /** By the options that they were made from, because loading certificates costs milliseconds. */
  readonly servers: WeakMap<TlsServerOptions, ServerContexts>;
  /** What a server is made from, instead of its options. */
  adapt?(options: TlsServerOptions): TlsServerOptions;
  /** One of both ends has secrets: one line of the NSS key log format, before anything leaves that they encrypt. */
  keysLogged?(line: string): void;
}

/** A handshake that was done, and what came of it. */
export interface Shaken {
  readonly socket: TLSSocket;
  readonly facts: SocketFacts;
}

/**
 * Shakes hands on a connected plain socket; fires when done and verified, or with a TlsError. Whether a certificate is
 * valid by now, OpenSSL asks the real clock. Cancelling stops; the caller closes the socket on any failure.
 */
export function shakeHands(
  plain: Socket,
  options: StartTlsOptions,
  clock: Clock,
  home: TlsHome = SHARED,
): Deferred<Shaken> {
  plain.allowHalfOpen = false;
  const done = maybeDeferred(() =>
    options.side === "server" ? asServer(plain, options.tls, home) : asClient(plain, options, home),
  );
  const timeoutMs = options.tls.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS;
  const timer = clock.callLater(timeoutMs, () => {
    if (!done.called) done.errback(new Error(`Peer did not finish it within ${timeoutMs} ms`));
  });
  return done.addCallbacks(
    (shaken) => {
      if (timer.active) timer.cancel();
      // Only now may the peer end its side and still be written to: an end in mid-handshake must end it.
      shaken.socket.allowHalfOpen = true;
      return shaken;
    },
    (error: Error) => {
      if (timer.active) timer.cancel();
      throw error instanceof CancelledError ? error : asTlsError(error);
    },
  );
}

/** Loads the certificates. @throws Error if they are not usable: better when a port opens than when a client comes. */
export function prepareServer(options: TlsServerOptions, home: TlsHome = SHARED): ServerContexts {
  const { servers, adapt } = home;
  let contexts = servers.get(options);
  if (contexts === undefined) {
    contexts = new ServerContexts(adapt?.(options) ?? options);
    servers.set(options, contexts);
    contexts.server.on("secureConnection", (socket) => settle(socket, undefined));
    contexts.server.on("tlsClientError", (error, socket) => settle(socket, error));
    logKeys(contexts.server, home);
  }
  return contexts;
}

function asServer(plain: Socket, options: TlsServerOptions, home: TlsHome): Deferred<Shaken> {
  const { server } = prepareServer(options, home);
  const done = new Deferred<Shaken>();
  (plain as Waiting)[waiting] = done;
  server.emit("connection", plain);
  return done;
}

function settle(socket: TLSSocket, error: Error | undefined): void {
  // The plain socket under a TLS socket has no public name; without it the handshake would time out, never pass unseen.
  const plain = (socket as unknown as { _parent: Waiting })._parent;
  const done = plain[waiting];
  plain[waiting] = undefined;
  if (done === undefined || done.called) return;
  if (error === undefined) {
    done.callback({ socket, facts: new SocketFacts(socket, socket.getPeerX509Certificate()) });
  } else {
    // Node hangs up on a certificate that it does not accept, and then reports its own hanging up.
    const refused = socket.authorizationError as unknown as string | null | undefined;
    done.errback(refused ? new Error(`Client certificate was not accepted: ${refused}`, { cause: error }) : error);
  }
}

function asClient(plain: Socket, { tls: options, host }: AsClient, home: TlsHome): Deferred<Shaken> {
  const name = options.servername ?? host ?? plain.remoteAddress ?? "";
  const identity = (host: string, certificate: NodeCertificate): Error | undefined =>
    nodeTls().checkServerIdentity(host, certificate) ?? checkPin(options, certificate);
  const offered = unpackSession(
    options,
    (known) =>
      Date.parse(known.validTo) > Date.now() && identity(name, known.toLegacyObject() as NodeCertificate) === undefined,
  );
  const socket = nodeTls().connect({
    socket: plain,
    host: name,
    servername: isIP(name) === 0 ? name : "",
    secureContext: clientContext(options),
    rejectUnauthorized: options.insecureSkipVerification !== true,
    checkServerIdentity: identity,
    ...(options.alpn && { ALPNProtocols: [...options.alpn] }),
    ...(offered && { session: offered.ticket }),
  });
  const done = new Deferred<Shaken>();
  const failed = (error: Error): void => {
    if (!done.called) done.errback(error);
  };
  // TLS 1.2 has its session before the handshake is over, TLS 1.3 gets one or more afterwards.
  let ticket: Buffer | undefined;
  let facts: SocketFacts | undefined;
  socket.on("session", (session) => {
    ticket = session;
    facts?.keepSession(session, options);
  });
  logKeys(socket, home);
  socket.once("error", failed);
  socket.once("close", () => failed(new Error("Peer closed the connection during the handshake")));
  socket.once("secureConnect", () => {
    if (done.called) return;
    socket.off("error", failed);
    facts = new SocketFacts(socket, socket.getPeerX509Certificate() ?? offered?.certificate);
    if (ticket !== undefined) facts.keepSession(ticket, options);
    else if (facts.resumed && facts.protocol === "TLSv1.2") facts.session = options.session;
    done.callback({ socket, facts });
  });
  return done;
}

/** Node makes no lines as long as nobody listens. */
function logKeys(end: Server | TLSSocket, { keysLogged }: TlsHome): void {
  if (keysLogged === undefined) return;
  end.on("keylog", (line: Buffer) => keysLogged(line.toString("latin1").trimEnd()));
}

function checkPin(options: TlsClientOptions, certificate: { fingerprint256: string }): Error | undefined {
  if (options.pinnedSha256 === undefined) return undefined;
  const shown = hexOnly(certificate.fingerprint256);
  if (options.pinnedSha256.some((pin) => hexOnly(pin) === shown)) return undefined;
  return new Error(`Certificate ${certificate.fingerprint256} is not one of the pinned ones`);
}

function hexOnly(fingerprint: string): string {
  return fingerprint.replaceAll(":", "").toLowerCase();
}

function asTlsError(error: Error): TlsError {
  const { code } = error as { code?: string };
  return new TlsError(`TLS handshake failed: ${error.message}`, { cause: error, ...(code !== undefined && { code }) });
}

type NodeCertificate = Parameters<typeof checkServerIdentity>[1];

type AsClient = Extract<StartTlsOptions, { side: "client" }>;

type Waiting = Socket & { [waiting]: Deferred<Shaken> | undefined };

const waiting: unique symbol = Symbol("waiting");

const SHARED: TlsHome = { servers: new WeakMap() };
