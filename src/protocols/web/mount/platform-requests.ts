import type { Responder } from "../server/site.ts";

/** An application that wants the platform's own requests. */
export type PlatformApplication =
  | PlatformResponder
  | { fetch(request: globalThis.Request): ReturnType<PlatformResponder> };

/** What answers the platform's own requests, as all frameworks for the Fetch standard do. */
export type PlatformResponder = (request: globalThis.Request) => globalThis.Response | PromiseLike<globalThis.Response>;

/**
 * Gives an application the platform's own Requests, for one that asks `instanceof Request` or makes new ones of what it gets.
 * It costs some microseconds each; applications that only read them, as Hono and h3 do, need it not.
 *
 * @example
 * ```ts
 * import { platformRequests, Request } from "ropewalk/web";
 *
 * const responder = platformRequests((request) => new Response(String(request instanceof globalThis.Request)));
 * console.log(await (await responder(new Request("http://example.org/"))).text()); // true
 * ```
 */
export function platformRequests(application: PlatformApplication): Responder {
  const respond = typeof application === "function" ? application : application.fetch.bind(application);
  return (request) => respond(request.toPlatform());
}
