/** Which way a request goes: straight, or by a proxy. */
import type { Login } from "./options.ts";

/** A proxy: where it is, and how to speak with it. */
export interface ProxyRoute {
  /** Without its password. */
  readonly key: string;
  readonly scheme: "http" | "https" | "socks5";
  readonly host: string;
  readonly port: number;
  readonly login: Login | undefined;
}

/** What a proxy is chosen by: its URL for all requests, or for each; undefined is the straight way. */
export type ProxyInit = string | ((url: URL) => string | undefined);

/** @throws TypeError for what is no URL of a proxy. */
export function routeOf(proxy: string): ProxyRoute {
  const url = new URL(proxy);
  const scheme = SCHEMES.get(url.protocol);
  if (scheme === undefined || url.hostname === "") {
    throw new TypeError(
      `Cannot use the proxy ${JSON.stringify(`${url.protocol}//${url.host}`)}: it is none of http://, https:// and socks5://`,
    );
  }
  const { hostname, port, username, password } = url;
  const host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  const isAnonymous = username === "" && password === "";
  return {
    key: `${scheme}://${username}@${url.host}`,
    scheme,
    host,
    port: port === "" ? DEFAULT_PORTS[scheme] : Number(port),
    login: isAnonymous ? undefined : [decodeURIComponent(username), decodeURIComponent(password)],
  };
}

/**
 * The proxies that a process is told of in `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, in lower or upper case
 * (`HTTP_PROXY` in upper case does not count: a CGI script's client could set it).
 *
 * @example
 * ```ts
 * import { proxyFromEnvironment } from "ropewalk/web";
 *
 * const proxy = proxyFromEnvironment({ http_proxy: "http://192.0.2.1:3128", no_proxy: "localhost,.rope.example" });
 * console.log(proxy(new URL("http://example.org/")), proxy(new URL("http://www.rope.example/")));
 * // http://192.0.2.1:3128 undefined
 * ```
 */
export function proxyFromEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): (url: URL) => string | undefined {
  const get = (name: string): string | undefined => variables[name] ?? variables[name.toUpperCase()];
  const all = get("all_proxy");
  const proxies = new Map([
    ["http:", variables["http_proxy"] ?? all],
    ["https:", get("https_proxy") ?? all],
  ]);
  const exempt = (get("no_proxy") ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
  return (url) => (exempt.some((name) => isExempt(url, name)) ? undefined : proxies.get(url.protocol) || undefined);
}

/** A name stands for itself and what is below it; with a port, for that port; "*" for all. */
function isExempt({ hostname, port, protocol }: URL, name: string): boolean {
  if (name === "*") return true;
  const [, host = name, itsPort] = /^(.*?):(\d+)$/.exec(name) ?? [];
  const effective = port === "" ? (protocol === "https:" ? "443" : "80") : port;
  if (itsPort !== undefined && itsPort !== effective) return false;
  const plain = host.replace(/^\*?\./, "");
  return hostname === plain || hostname.endsWith(`.${plain}`);
}

const SCHEMES: ReadonlyMap<string, ProxyRoute["scheme"]> = new Map([
  ["http:", "http"],
  ["https:", "https"],
  ["socks5:", "socks5"],
  ["socks5h:", "socks5"],
]);
const DEFAULT_PORTS = { http: 80, https: 443, socks5: 1080 } as const;
