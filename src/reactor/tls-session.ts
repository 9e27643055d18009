import { isIP, type Socket } from "node:net";
import { checkServerIdentity, connect, type TLSSocket } from "node:tls";
import { Deferred } from "../core/deferred.ts";
import { CancelledError } from "../core/deferred-errors.ts";
import { TlsError } from "../core/errors.ts";
import type { PeerCertificate, TlsClientOptions, TlsFacts, TlsServerOptions } from "../core/tls.ts";
import type { StartTlsOptions } from "../core/transport.ts";
import type { NodeLoop } from "./node-loop.ts";
import { clientContext, HANDSHAKE_TIMEOUT_MS, ServerContexts } from "./tls-contexts.ts";

/** A handshake on a connected plain socket, and what came of it. */
export class TlsSession {
  readonly plain: Socket;
  readonly socket: TLSSocket;
  readonly facts: TlsFacts;
  #mark = 0;
  #justRead = false;

  constructor(plain: Socket, socket: TLSSocket) {
    this.plain = plain;
    this.socket = socket;
    this.facts = new SocketFacts(socket);
    socket.on("data", () => this.#progress());
    socket.on("session", () => this.#progress());
    // The listeners above must not start the flow: the transport does, when its protocol is there.
    socket.pause();
    this.#progress();
  }

  /**
   * Whether the end that came just now is the descriptor's without TLS's own close_notify. Node reports both alike, so this
   * is told from the outside: a close_notify is an alert record of its own, so ciphertext of about its size must have come
   * since the last thing that TLS reported, or in the same turn with that.
   */
  truncated(): boolean {
    const unexplained = this.plain.bytesRead - this.#mark;
    return !this.#justRead && (unexplained < SMALLEST_ALERT_BYTES || unexplained > LARGEST_ALERT_BYTES);
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
  const done = options.side === "server" ? asServer(plain, options.tls) : asClient(plain, options.tls);
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

function asServer(plain: Socket, options: TlsServerOptions): Deferred<TlsSession> {
  let contexts = serverContexts.get(options);
  if (contexts === undefined) {
    contexts = new ServerContexts(options);
    serverContexts.set(options, contexts);
    contexts.server.on("secureConnection", (socket) => settle(socket, undefined));
    contexts.server.on("tlsClientError", (error, socket) => settle(socket, error));
  }
  const done = new Deferred<TlsSession>();
  (plain as Waiting)[waiting] = done;
  contexts.server.emit("connection", plain);
  return done;
}

function settle(socket: TLSSocket, error: Error | undefined): void {
  // The plain socket under a TLS socket has no public name; without it the handshake would time out, never pass unseen.
  const plain = (socket as unknown as { _parent: Waiting })._parent;
  const done = plain[waiting];
  plain[waiting] = undefined;
  if (done === undefined || done.called) return;
  if (error === undefined) done.callback(new TlsSession(plain, socket));
  else done.errback(error);
}

function asClient(plain: Socket, options: TlsClientOptions): Deferred<TlsSession> {
  const name = options.servername ?? plain.remoteAddress ?? "";
  const identity = (host: string, certificate: { fingerprint256: string }): Error | undefined =>
    checkServerIdentity(host, certificate as Parameters<typeof checkServerIdentity>[1]) ??
    checkPin(options, certificate);
  const socket = connect({
    socket: plain,
    host: name,
    servername: isIP(name) === 0 ? name : "",
    secureContext: clientContext(options),
    rejectUnauthorized: options.insecureSkipVerification !== true,
    checkServerIdentity: identity,
    ...(options.alpn && { ALPNProtocols: [...options.alpn] }),
    ...(options.session && { session: Buffer.from(options.session) }),
  });
  const done = new Deferred<TlsSession>();
  const failed = (error: Error): void => {
    if (!done.called) done.errback(error);
  };
  socket.once("error", failed);
  socket.once("close", () => failed(new Error("Peer closed the connection during the handshake")));
  socket.once("secureConnect", () => {
    socket.off("error", failed);
    if (done.called) return;
    // Node checks no name on a resumed session: the ticket may be from another time, or for another name.
    const mismatch =
      socket.isSessionReused() && options.insecureSkipVerification !== true
        ? identity(name, socket.getPeerCertificate())
        : undefined;
    if (mismatch === undefined) done.callback(new TlsSession(plain, socket));
    else done.errback(mismatch);
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

/** Asks the socket when somebody wants to know: most connections never do. */
class SocketFacts implements TlsFacts {
  readonly protocol: string;
  readonly cipher: string;
  readonly alpnProtocol: string | undefined;
  readonly servername: string | undefined;
  readonly authorized: boolean;
  readonly resumed: boolean;
  session: Uint8Array | undefined = undefined;
  readonly #socket: TLSSocket;
  #certificate: PeerCertificate | undefined = undefined;

  constructor(socket: TLSSocket) {
    this.#socket = socket;
    this.protocol = socket.getProtocol() ?? "";
    this.cipher = socket.getCipher().standardName;
    this.alpnProtocol = socket.alpnProtocol || undefined;
    this.servername = (socket as { servername?: string | false | null }).servername || undefined;
    this.authorized = socket.authorized;
    this.resumed = socket.isSessionReused();
    socket.on("session", (session) => {
      this.session = session;
    });
  }

  get peerCertificate(): PeerCertificate | undefined {
    if (this.#certificate !== undefined) return this.#certificate;
    const shown = this.#socket.getPeerX509Certificate();
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
}

type Waiting = Socket & { [waiting]: Deferred<TlsSession> | undefined };

const waiting: unique symbol = Symbol("waiting");

const serverContexts: WeakMap<TlsServerOptions, ServerContexts> = new WeakMap();

/** A record header, an alert of two bytes, and the smallest tag in use: AES-CCM-8, or ChaCha20 in TLS 1.2. */
const SMALLEST_ALERT_BYTES = 23;

/** The same with CBC: header, explicit IV, and alert, SHA-384 and padding in whole blocks. */
const LARGEST_ALERT_BYTES = 85;
