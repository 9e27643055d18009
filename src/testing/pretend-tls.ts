import { TlsError } from "../core/errors.ts";
import type { TlsClientOptions, TlsFacts, TlsServerOptions } from "../core/tls.ts";
import type { StartTlsOptions } from "../core/transport.ts";

/** What a handshake gave each side. */
export interface Handshake {
  readonly client: TlsFacts;
  readonly server: TlsFacts;
}

/** A handshake without cryptography: the names are agreed on, nothing is encrypted and no certificate is looked at. */
export function pretendHandshake(one: StartTlsOptions, other: StartTlsOptions): Handshake | TlsError {
  if (one.side === "client" && other.side === "server") return agree(one.tls, other.tls, undefined);
  if (one.side === "server" && other.side === "client") return agree(other.tls, one.tls, undefined);
  return new TlsError(`TLS handshake failed: both ends take the ${one.side}'s side`);
}

/** @param dialled The host name that the client dialled, which it asks for by default. */
export function agree(
  client: TlsClientOptions,
  server: TlsServerOptions,
  dialled: string | undefined,
): Handshake | TlsError {
  const offered = client.alpn ?? [];
  const accepted = server.alpn ?? [];
  const alpnProtocol = accepted.find((name) => offered.includes(name));
  if (offered.length > 0 && accepted.length > 0 && alpnProtocol === undefined) {
    return new TlsError(`TLS handshake failed: no common protocol among "${offered}" and "${accepted}"`);
  }
  const asksClient = server.clientCertificates ?? "none";
  if (asksClient === "require" && client.identity === undefined) {
    return new TlsError("TLS handshake failed: the client showed no certificate, and the server requires one");
  }
  const common = {
    protocol: "TLSv1.3",
    cipher: "TLS_PRETENDED",
    alpnProtocol,
    servername: client.servername ?? dialled,
    resumed: false,
    peerCertificate: undefined,
    session: undefined,
  };
  return {
    client: { ...common, authorized: client.insecureSkipVerification !== true },
    server: { ...common, authorized: client.identity !== undefined && asksClient !== "none" },
  };
}
