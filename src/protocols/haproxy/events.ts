import type { TcpAddress, UdpAddress, UnixAddress } from "../../core/address.ts";

/** What a header can say of one end of the connection that is proxied. */
export type ProxiedAddress = TcpAddress | UdpAddress | UnixAddress;

/** What a proxy says of the connection that it passes on, or of the datagram. */
export interface ProxyHeader {
  readonly version: 1 | 2;
  /** `"LOCAL"`: the proxy speaks for itself, as in a health check; then there is nothing else (version 2 only). */
  readonly command: "PROXY" | "LOCAL";
  /** The true peer; undefined if the proxy did not say. */
  readonly source: ProxiedAddress | undefined;
  /** What the true peer dialled; undefined if the proxy did not say. */
  readonly destination: ProxiedAddress | undefined;
  /** What is proxied are datagrams: UDP, or UNIX datagrams. */
  readonly datagrams: boolean;
  /** All extensions but padding and checksum, in their order (version 2 only). */
  readonly tlvs: readonly ProxyTlv[];
  /** What the registered extensions say. */
  readonly facts: ProxyFacts;
}

/** One extension of a version 2 header. */
export interface ProxyTlv {
  /** 0 to 255; 0xE0 to 0xEF are for applications. */
  readonly type: number;
  readonly value: Uint8Array;
}

/** What the registered extensions of a header say (specification, section 2.2). */
export interface ProxyFacts {
  /** The protocol that was agreed on, such as `h2`. */
  readonly alpn?: string;
  /** The host name that the client asked for (SNI). */
  readonly authority?: string;
  /** At most 128 bytes that name this connection. */
  readonly uniqueId?: Uint8Array;
  /** The network namespace in which the client's connection was accepted. */
  readonly networkNamespace?: string;
  readonly ssl?: ProxySslFacts;
}

/** How the client speaks TLS with the proxy. */
export interface ProxySslFacts {
  /** The client connected with TLS. */
  readonly secured: boolean;
  /** The client showed a certificate on this connection. */
  readonly certificateOnConnection: boolean;
  /** The client showed a certificate at least once in the TLS session. */
  readonly certificateInSession: boolean;
  /** The client showed a certificate and the proxy verified it. */
  readonly verified: boolean;
  /** Such as `TLSv1.3`. */
  readonly version?: string;
  /** The common name in the client's certificate. */
  readonly commonName?: string;
  readonly cipher?: string;
  /** What signed the certificate of the proxy, such as `SHA256`. */
  readonly signatureAlgorithm?: string;
  /** The key of the certificate of the proxy, such as `RSA2048`. */
  readonly keyAlgorithm?: string;
}
