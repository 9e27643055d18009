/** Where a URL leads: whom to connect to, and what to ask there. */
import type { ProxyRoute } from "./proxy.ts";

/** Whom to connect to. Requests with one `key` may share connections. */
export interface Place {
  readonly key: string;
  readonly isSecure: boolean;
  /** A name or an IP literal without brackets; of a UNIX socket, what stands for one in Host. */
  readonly host: string;
  readonly port: number;
  /** The UNIX socket, if it is one. */
  readonly socketPath: string | undefined;
  /** The proxy to go through. */
  readonly via?: ProxyRoute | undefined;
  /** It is a proxy that takes requests for others: the target is a whole URL (RFC 9112 §3.2.2). */
  readonly isForwarder?: boolean | undefined;
}

/** @throws TypeError for a scheme that is none of http, https, http+unix. */
export function placeOf(url: URL, socketPath: string | undefined, via?: ProxyRoute): Place {
  const { protocol, hostname } = url;
  if (protocol === "http+unix:") {
    const path = decodeURIComponent(hostname);
    return { key: `unix:${path}`, isSecure: false, host: "localhost", port: 80, socketPath: path };
  }
  if (protocol !== "http:" && protocol !== "https:") {
    throw new TypeError(
      `Cannot request ${JSON.stringify(plainUrl(url))}: its scheme is none of http, https, http+unix`,
    );
  }
  const isSecure = protocol === "https:";
  const host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  const port = url.port === "" ? (isSecure ? 443 : 80) : Number(url.port);
  const key = `${protocol}//${url.host}`;
  if (socketPath !== undefined) {
    return { key: `unix:${socketPath} ${key}`, isSecure, host, port, socketPath };
  }
  if (via === undefined) return { key, isSecure, host, port, socketPath };
  if (isSecure || via.scheme === "socks5") {
    return { key: `${key} by ${via.key}`, isSecure, host, port, socketPath, via };
  }
  const itself = { host: via.host, port: via.port, isSecure: via.scheme === "https" };
  return { key: `by ${via.key}`, ...itself, socketPath, isForwarder: true };
}

/** What goes into Host. */
export function hostOf(url: URL): string {
  return url.protocol === "http+unix:" ? "localhost" : url.host;
}

/** Path and query, as a request line has them (RFC 9112 §3.2.1). */
export function targetOf(url: URL): string {
  const { pathname, search } = url;
  return pathname === "" ? `/${search}` : pathname + search;
}

/** The URL without its login and fragment: what may be shown, logged and sent on. */
export function plainUrl(url: URL): string {
  if (url.username === "" && url.password === "" && url.hash === "") return url.href;
  const plain = new URL(url);
  plain.username = "";
  plain.password = "";
  plain.hash = "";
  return plain.href;
}
