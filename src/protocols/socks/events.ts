import type { Address } from "../../core/address.ts";

/** What a client can ask for. Version 4 has no `"associate"`. */
export type SocksCommand = "connect" | "bind" | "associate";

/** A place as SOCKS says it: `host` is an IP literal or a name. */
export interface SocksAddress {
  readonly host: string;
  readonly port: number;
}

/** What a client asks the proxy to do. */
export interface SocksMessage extends SocksAddress {
  readonly version: 4 | 5;
  readonly command: SocksCommand;
  /** What version 4 has instead of a login: nobody vouches for it. Empty in version 5. */
  readonly userId: string;
}

/** What the rules of a server are asked about. */
export interface SocksRequest extends SocksMessage {
  /** Who logged in; undefined where nobody has to. */
  readonly username: string | undefined;
  /** The client. */
  readonly peer: Address;
}

/** A name and a password, RFC 1929. */
export interface SocksLogin {
  readonly username: string;
  readonly password: string;
}

/** What a server's negotiation hears, in this order; version 4 has the request only. */
export type SocksServerEvent =
  | { readonly type: "greeting"; readonly methods: readonly number[] }
  | ({ readonly type: "login" } & SocksLogin)
  | ({ readonly type: "request" } & SocksMessage);

/** What a proxy answered to a request; `address` is where it dials from, listens, or was called from. */
export interface SocksReply {
  /** 0 is success, in version 4 too. */
  readonly code: number;
  readonly address: SocksAddress;
}

/** A datagram on its way between a client and its proxy. */
export interface SocksDatagram extends SocksAddress {
  readonly data: Uint8Array;
}
