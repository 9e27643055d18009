import { HttpError } from "../message/http-error.ts";
import type { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import type { Application, Responder } from "../server/site.ts";

/**
 * Several sites on one port, by the name that the client asked for: `"a.example"` is that name, `"*.a.example"` any name below
 * it, of several the longest, and `default` all others. Ports and cases do not count.
 *
 * Without a default, a name that is not there is an HttpError 421.
 *
 * @throws RangeError for a key that is no name.
 *
 * @example
 * ```ts
 * import { Request, Response, virtualHosts } from "ropewalk/web";
 *
 * const sites = virtualHosts({
 *   "ropes.example": () => new Response("ropes"),
 *   "*.ropes.example": (request) => new Response(new URL(request.url).hostname),
 * });
 * console.log(await (await sites(new Request("http://hemp.ropes.example:8080/"))).text()); // hemp.ropes.example
 * ```
 */
export function virtualHosts(sites: { readonly [name: string]: Application }): Responder {
  const names = new Map<string, Responder>();
  const below = new Map<string, Responder>();
  let others: Responder = (request) => {
    throw new HttpError(421, `Cannot answer for ${JSON.stringify(hostOf(request))}: it is not served here`);
  };
  for (const [key, application] of Object.entries(sites)) {
    const responder: Responder =
      typeof application === "function" ? application : (request) => application.fetch(request);
    if (key === "default") others = responder;
    else if (!NAME.test(key))
      throw new RangeError(`Cannot serve ${JSON.stringify(key)}: it is no name of a host, without a port`);
    else if (key.startsWith("*.")) below.set(key.slice(2).toLowerCase(), responder);
    else names.set(key.toLowerCase(), responder);
  }
  return (request) => {
    const host = hostOf(request);
    const responder = names.get(host) ?? siteAbove(below, host) ?? others;
    return responder(request);
  };
}

/**
 * Answers everything with the same place by https: what a server on port 80 does. Methods are kept. The client's own `Host` is
 * where it is sent; `host` says another.
 *
 * @throws RangeError for a port that is none.
 *
 * @example
 * ```ts
 * import { redirectToHttps, Request } from "ropewalk/web";
 *
 * const response = await redirectToHttps()(new Request("http://ropes.example/hemp?length=7"));
 * console.log(response.status, response.headers.get("location")); // 308 https://ropes.example/hemp?length=7
 * ```
 */
export function redirectToHttps(
  options: {
    readonly port?: number | undefined;
    readonly host?: string | undefined;
    readonly status?: 301 | 302 | 307 | 308 | undefined;
  } = {},
): Responder {
  const { port = 443, host, status = 308 } = options;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`Cannot redirect to port ${port}`);
  return (request) => {
    const url = new URL(request.url);
    url.protocol = "https:";
    if (host !== undefined) url.hostname = host;
    url.port = String(port);
    return Response.redirect(url, status);
  };
}

function siteAbove(below: ReadonlyMap<string, Responder>, host: string): Responder | undefined {
  if (below.size === 0) return undefined;
  for (let dot = host.indexOf("."); dot !== -1; dot = host.indexOf(".", dot + 1)) {
    const site = below.get(host.slice(dot + 1));
    if (site !== undefined) return site;
  }
  return undefined;
}

/** In lower case, without a port and the dot that ends a name that is whole. */
function hostOf(request: Request): string {
  const authority = request.head?.authority || new URL(request.url).host;
  return authority.replace(/:\d*$/, "").replace(/\.$/, "").toLowerCase();
}

const NAME = /^(?:\*\.)?(?:[\w-]+(?:\.[\w-]+)*|\[[\da-f:.]+\])$/i;
