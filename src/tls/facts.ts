import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { PeerCertificate, TlsClientOptions, TlsFacts } from "../core/tls.ts";
import { packSession } from "./resumption.ts";

/** Spells the certificate out when somebody wants to know: most connections never do. */
export class SocketFacts implements TlsFacts {
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
