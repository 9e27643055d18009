import type { X509Certificate } from "node:crypto";
import { isIP, type Socket } from "node:net";
import { checkServerIdentity, connect, type TLSSocket } from "node:tls";
import { Deferred } from "../core/deferred/deferred.ts";
import { CancelledError } from "../core/deferred/errors.ts";
import { maybeDeferred } from "../core/deferred/succeed.ts";
import { TlsError } from "../core/errors.ts";
import type { PeerCertificate, TlsClientOptions, TlsFacts, TlsServerOptions } from "../core/tls.ts";
import type { StartTlsOptions } from "../core/transport.ts";
import type { NodeLoop } from "./node-loop.ts";
import { clientContext, HANDSHAKE_TIMEOUT_MS, ServerContexts } from "./tls-contexts.ts";
import { packSession, unpackSession } from "./tls-resumption.ts";

/** A handshake on a connected plain socket, and what came of it. */
export class TlsSession {
  readonly plain: Socket;
  readonly socket: TLSSocket;
  readonly facts: TlsFacts;
  /** The stream ended without close_notify, so what came may be cut short. Known once `noteEnd` was called. */
  endedEarly = false;
  #mark = 0;
  #justRead = false;

  constructor(plain: Socket, socket: TLSSocket, facts: TlsFacts) {
    this.plain = plain;
    this.socket = socket;
    this.facts = facts;
    socket.on("data", () => this.#progress());
    socket.on("session", () => this.#progress());
    // The listeners above must not start the flow: the transport does, when its protocol is there.
    socket.pause();
    this.#progress();
  }

  /**
   * Called when the end of the stream comes: finds out whether it is the descriptor's without TLS's own close_notify. Node
   * reports both alike, so this is told from the outside: a close_notify is an alert record of its own, so ciphertext of
   * about its size must have come since the last thing that TLS reported, or in the same turn with that.
   */
  noteEnd(): void {
    const unexplained = this.plain.bytesRead - this.#mark;
    this.endedEarly = !this.#justRead && (unexplained < SMALLEST_ALERT_BYTES || unexplained > LARGEST_ALERT_BYTES);
  }

  #progress(): void {
    this.#mark = this.plain.bytesRead;
    if (this.#justRead) return;
    this.#justRead = true;
    setImmediate(() => {
      this.#justRead = false;
    });
  }
}

/** Shakes hands; fires when done and verified. Cancelling stops; the caller closes the socket on any failure. */
export function shakeHands(plain: Socket, options: StartTlsOptions, loop: NodeLoop): Deferred<TlsSession> {
  plain.allowHalfOpen = false;
  const done = maybeDeferred(() =>
    options.side === "server" ? asServer(plain, options.tls) : asClient(plain, options.tls, options.host),
  );
  const timeoutMs = options.tls.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS;
  const timer = loop.callLater(timeoutMs, () => {
    if (!done.called) done.errback(new Error(`Peer did not finish it within ${timeoutMs} ms`));
  });
  return done.addCallbacks(
    (session) => {
      if (timer.active) timer.cancel();
      // Only now may the peer end its side and still be written to: an end in mid-handshake must end it.
      session.socket.allowHalfOpen = true;
      return session;
    },
    (error: Error) => {
      if (timer.active) timer.cancel();
      throw error instanceof CancelledError ? error : asTlsError(error);
    },
  );
}

/** Loads the certificates. @throws Error if they are not usable: better when a port opens than when a client comes. */
export function prepareServer(options: TlsServerOptions): ServerContexts {
  let contexts = serverContexts.get(options);
  if (contexts === undefined) {
    contexts = new ServerContexts(options);
    serverContexts.set(options, contexts);
    contexts.server.on("secureConnection", (socket) => settle(socket, undefined));
    contexts.server.on("tlsClientError", (error, socket) => settle(socket, error));
  }
  return contexts;
}

function asServer(plain: Socket, options: TlsServerOptions): Deferred<TlsSession> {
  const { server } = prepareServer(options);
  const done = new Deferred<TlsSession>();
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
    done.callback(new TlsSession(plain, socket, new SocketFacts(socket, socket.getPeerX509Certificate())));
  } else {
    // Node hangs up on a certificate that it does not accept, and then reports its own hanging up.
    const refused = socket.authorizationError as unknown as string | null | undefined;
    done.errback(refused ? new Error(`Client certificate was not accepted: ${refused}`, { cause: error }) : error);
  }
}

function asClient(plain: Socket, options: TlsClientOptions, host: string | undefined): Deferred<TlsSession> {
  const name = options.servername ?? host ?? plain.remoteAddress ?? "";
  const identity = (host: string, certificate: NodeCertificate): Error | undefined =>
    checkServerIdentity(host, certificate) ?? checkPin(options, certificate);
  const offered = unpackSession(
    options,
    (known) =>
      Date.parse(known.validTo) > Date.now() && identity(name, known.toLegacyObject() as NodeCertificate) === undefined,
  );
  const socket = connect({
    socket: plain,
    host: name,
    servername: isIP(name) === 0 ? name : "",
    secureContext: clientContext(options),
    rejectUnauthorized: options.insecureSkipVerification !== true,
    checkServerIdentity: identity,
    ...(options.alpn && { ALPNProtocols: [...options.alpn] }),
    ...(offered && { session: offered.ticket }),
  });
  const done = new Deferred<TlsSession>();
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
  socket.once("error", failed);
  socket.once("close", () => failed(new Error("Peer closed the connection during the handshake")));
  socket.once("secureConnect", () => {
    if (done.called) return;
    socket.off("error", failed);
    facts = new SocketFacts(socket, socket.getPeerX509Certificate() ?? offered?.certificate);
    if (ticket !== undefined) facts.keepSession(ticket, options);
    else if (facts.resumed && facts.protocol === "TLSv1.2") facts.session = options.session;
    done.callback(new TlsSession(plain, socket, facts));
  });
  return done;
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

/** Spells the certificate out when somebody wants to know: most connections never do. */
class SocketFacts implements TlsFacts {
  readonly protocol: string;
  readonly cipher: string;
  readonly alpnProtocol: string | undefined;
  readonly servername: string | undefined;
  readonly authorized: boolean;
  readonly resumed: boolean;
  session: Uint8Array | undefined = undefined;
  /** Taken at once: a socket that is closed knows it no more. */
  readonly #shown: X509Certificate | undefined;
  #certificate: PeerCertificate | undefined = undefined;

  constructor(socket: TLSSocket, shown: X509Certificate | undefined) {
    this.#shown = shown;
    this.protocol = socket.getProtocol() ?? "";
    this.cipher = socket.getCipher().standardName;
    this.alpnProtocol = socket.alpnProtocol || undefined;
    this.servername = (socket as { servername?: string | false | null }).servername || undefined;
    this.authorized = socket.authorized;
    this.resumed = socket.isSessionReused();
  }

  get peerCertificate(): PeerCertificate | undefined {
    if (this.#certificate !== undefined) return this.#certificate;
    const shown = this.#shown;
    if (shown === undefined) return undefined;
    this.#certificate = {
      subject: shown.subject,
      issuer: shown.issuer,
      subjectAltName: shown.subjectAltName,
      fingerprint256: shown.fingerprint256,
      validFromMs: Date.parse(shown.validFrom),
      validToMs: Date.parse(shown.validTo),
      raw: shown.raw,
    };
    return this.#certificate;
  }

  keepSession(ticket: Uint8Array, options: TlsClientOptions): void {
    if (this.#shown !== undefined) this.session = packSession(ticket, this.#shown, options, this.authorized);
  }
}

type NodeCertificate = Parameters<typeof checkServerIdentity>[1];

type Waiting = Socket & { [waiting]: Deferred<TlsSession> | undefined };

const waiting: unique symbol = Symbol("waiting");

const serverContexts: WeakMap<TlsServerOptions, ServerContexts> = new WeakMap();

/** A record header, an alert of two bytes, and the smallest tag in use: AES-CCM-8, or ChaCha20 in TLS 1.2. */
const SMALLEST_ALERT_BYTES = 23;

/** The same with CBC: header, explicit IV, and alert, SHA-384 and padding in whole blocks. */
const LARGEST_ALERT_BYTES = 85;
