/** A certificate with its chain, and the private key to it; PEM. */
export interface TlsIdentity {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
}

/** What both sides of a handshake can ask for. */
export interface TlsCommonOptions {
  /** Protocol names offered (client) or accepted (server), best first. */
  readonly alpn?: readonly string[] | undefined;
  /** Default TLSv1.2; nothing older can be asked for. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3" | undefined;
  /** PEM certificates to trust **instead of** the platform's roots. */
  readonly trustRoots?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined;
  /** Time for the whole handshake; default 15 000 ms, after which the connection is aborted. */
  readonly handshakeTimeoutMs?: number | undefined;
}

/** TLS as the side that is dialled. */
export interface TlsServerOptions extends TlsCommonOptions {
  /** Shown when no name matches. Without it, clients that name no known server are refused. */
  readonly identity?: TlsIdentity | undefined;
  /** The identity for a server name (SNI): a table (`*.example.org` matches one label), or a function that may take time. */
  readonly sni?:
    | Readonly<Record<string, TlsIdentity>>
    | ((servername: string) => TlsIdentity | undefined | PromiseLike<TlsIdentity | undefined>)
    | undefined;
  /** Default "none". "require" refuses a client without a certificate that `trustRoots` vouches for. */
  readonly clientCertificates?: "none" | "request" | "require" | undefined;
}

/** TLS as the side that dials. The peer is always verified unless `insecureSkipVerification` says otherwise. */
export interface TlsClientOptions extends TlsCommonOptions {
  /** The name to ask for and to verify; default: the host name dialled. An IP literal is verified but not sent. */
  readonly servername?: string | undefined;
  /** This client's own certificate. */
  readonly identity?: TlsIdentity | undefined;
  /** `transport.tls.session` of an earlier connection, to resume it. */
  readonly session?: Uint8Array | undefined;
  /** SHA-256 fingerprints (hex, colons optional) of the only leaf certificates to accept; the chain is verified as well. */
  readonly pinnedSha256?: readonly string[] | undefined;
  /** Accepts any certificate. For experiments on a machine of your own only. */
  readonly insecureSkipVerification?: boolean | undefined;
}

/** What a handshake agreed on. */
export interface TlsFacts {
  /** `"TLSv1.2"` or `"TLSv1.3"`. */
  readonly protocol: string;
  /** The IANA name of the cipher suite. */
  readonly cipher: string;
  readonly alpnProtocol: string | undefined;
  /** The name that the client asked for (SNI). */
  readonly servername: string | undefined;
  /** The peer showed a certificate that was verified. */
  readonly authorized: boolean;
  readonly resumed: boolean;
  readonly peerCertificate: PeerCertificate | undefined;
  /** The newest session ticket (client side): pass it as `session` to resume. Undefined until the server sent one. */
  readonly session: Uint8Array | undefined;
}

/** The leaf certificate that the peer showed. */
export interface PeerCertificate {
  readonly subject: string;
  readonly issuer: string;
  /** The subjectAltName extension as text, e.g. `DNS:example.org, IP Address:127.0.0.1`. */
  readonly subjectAltName: string | undefined;
  /** SHA-256 of the DER form, upper-case hex with colons. */
  readonly fingerprint256: string;
  /** Milliseconds since 1970. */
  readonly validFromMs: number;
  readonly validToMs: number;
  /** DER. */
  readonly raw: Uint8Array;
}
