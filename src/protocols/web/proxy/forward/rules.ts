/** What a forward proxy does for whom. */
import type { Address } from "../../../../core/address.ts";
import { decodeBasic } from "../../auth/basic.ts";
import { HttpError } from "../../message/http-error.ts";

/** What a client asks of a proxy. */
export interface ProxyRequest {
  /** CONNECT asks for a tunnel; anything else for the request to be sent on. */
  readonly method: string;
  /** As the client said it: a name perhaps, an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly peer: Address | undefined;
  /** Who logged in, where `authenticate` asks for that. */
  readonly username: string | undefined;
}

/** A name and a password (Basic, RFC 7617). */
export interface ProxyLogin {
  readonly username: string;
  readonly password: string;
}

/** @throws HttpError 400 for what names no host and port (RFC 9110 §7.2). */
export function placeIn(authority: string, defaultPort: number | undefined): { host: string; port: number } {
  const [, brackets, name, digits] = AUTHORITY.exec(authority) ?? [];
  const host = brackets ?? name;
  const port = digits === undefined || digits === "" ? defaultPort : Number(digits);
  if (host === undefined || port === undefined || port < 1 || port > 65_535) {
    throw new HttpError(400, `Cannot connect to ${JSON.stringify(authority)}: it is no host and port`);
  }
  return { host, port };
}

/** The login of a Proxy-Authorization field; undefined if it is none of Basic. */
export function readLogin(field: string | null): ProxyLogin | undefined {
  const token = /^basic +(\S+) *$/i.exec(field ?? "")?.[1];
  return token === undefined ? undefined : decodeBasic(token);
}

const AUTHORITY = /^(?:\[([\da-f:.]+)\]|([^:[\]@/?#\s]+))(?::(\d{0,5}))?$/i;
