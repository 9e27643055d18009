import type { Deferred } from "../../../core/deferred/deferred.ts";
import type { Factory } from "../../../core/protocol.ts";
import type { Port, Reactor } from "../../../core/reactor.ts";
import { listen } from "../../../endpoints/connect.ts";
import type { ServerEndpoint } from "../../../endpoints/types.ts";
import { WebServerProtocol } from "./protocol.ts";
import { tallyOf } from "./request-tally.ts";
import { type Application, type ServeOptions, Site } from "./site.ts";

/**
 * Serves HTTP where `endpoint` says. Fires with the port when it is open; fails as `listen` does.
 *
 * @example
 * ```ts
 * import { NodeReactor } from "ropewalk";
 * import { get, Response, serve } from "ropewalk/web";
 *
 * const reactor = new NodeReactor();
 * const port = await serve(reactor, "unix:web.sock", (request) => new Response(`hello ${request.path}`));
 * console.log(await (await get(reactor, "http+unix://web.sock/ropes")).text()); // hello /ropes
 * await port.stopListening();
 * ```
 */
export function serve(
  reactor: Reactor,
  endpoint: string | ServerEndpoint,
  application: Application,
  options: ServeOptions = {},
): Deferred<Port> {
  return listen(reactor, endpoint, webServer(reactor, application, options));
}

/**
 * What `serve` gives to `listen`: for connections that come some other way, and for tests without a port.
 *
 * @example
 * ```ts
 * import { MemoryReactor } from "ropewalk/testing";
 * import { Response, webServer } from "ropewalk/web";
 *
 * const reactor = new MemoryReactor();
 * await reactor.listenTcp({ port: 80 }, webServer(reactor, (request) => new Response(`hello ${request.path}`)));
 * const client = reactor.dial(80);
 * client.remote.write("GET /rope HTTP/1.1\r\nHost: example.org\r\n\r\n");
 * console.log(client.text().split("\r\n").at(-1)); // hello /rope
 * ```
 */
export function webServer(reactor: Reactor, application: Application, options: ServeOptions = {}): Factory {
  return siteFactory(reactor, new Site(reactor, application, options, tallyOf(reactor)));
}

/** The connections of a site. */
export function siteFactory(reactor: Reactor, site: Site): Factory {
  return {
    buildProtocol: () => new WebServerProtocol(site, reactor),
    drain: (quietMs) => site.draining.drain(quietMs),
  };
}
