import type { Deferred } from "../../../core/deferred/deferred.ts";
import type { Reactor } from "../../../core/reactor.ts";
import type { Request } from "../message/request.ts";
import type { Response } from "../message/response.ts";
import { Agent, type AgentOptions } from "./agent/client.ts";
import type { RequestOptions } from "./options.ts";

/**
 * Asks for what is at a URL. Fires with the answer when its head is there, whatever its status; its body comes as it is read.
 * Fails with RequestError, whose message names the method, the URL and how far it came; with CancelledError if it is cancelled
 * or `signal` aborts; with HttpError if `check` asks for that; with TypeError if the URL is none.
 *
 * Read the body (`text`, `json`, a loop over `body`), or say that nobody will (`response.body?.cancel()`): until then it holds
 * a connection. Calls of one reactor share an agent, which closes connections that are not used for half a second.
 *
 * @example
 * ```ts
 * import { NodeReactor } from "ropewalk";
 * import { get, Response, serve } from "ropewalk/web";
 *
 * const reactor = new NodeReactor();
 * const port = await serve(reactor, "tcp:0:interface=127.0.0.1", (request) => new Response(`hello ${request.path}`));
 * if (port.address.kind !== "tcp") throw new Error("no TCP port");
 * const page = await (await get(reactor, `http://127.0.0.1:${port.address.port}/ropes`)).text();
 * console.log(page); // hello /ropes
 * await port.stopListening();
 * ```
 */
export function get(reactor: Reactor, url: string | URL, options?: LoneRequestOptions): Deferred<Response> {
  return agentFor(reactor, options).request("GET", url, options);
}

/**
 * Sends something to a URL: `body`, `json` or `form`. Fires and fails as `get` does.
 *
 * @example
 * ```ts
 * import { NodeReactor } from "ropewalk";
 * import { post, Response, serve } from "ropewalk/web";
 *
 * const reactor = new NodeReactor();
 * const port = await serve(reactor, "unix:post.sock", async (request) => Response.json({ got: await request.json() }));
 * const response = await post(reactor, "http+unix://post.sock/knots", { json: { name: "bowline" } });
 * console.log(await response.json()); // { got: { name: 'bowline' } }
 * await port.stopListening();
 * ```
 */
export function post(reactor: Reactor, url: string | URL, options?: LoneRequestOptions): Deferred<Response> {
  return agentFor(reactor, options).request("POST", url, options);
}

/**
 * A request of any method, or a Request that is made already. Fires and fails as `get` does.
 *
 * @example
 * ```ts
 * import { NodeReactor } from "ropewalk";
 * import { request, Response, serve } from "ropewalk/web";
 *
 * const reactor = new NodeReactor();
 * const port = await serve(reactor, "unix:request.sock", ({ method }) => new Response(null, { headers: { "X-Method": method } }));
 * const response = await request(reactor, "DELETE", "http+unix://request.sock/knots/7");
 * console.log(response.headers.get("x-method")); // DELETE
 * await port.stopListening();
 * ```
 */
export function request(
  reactor: Reactor,
  method: string,
  url: string | URL,
  options?: LoneRequestOptions,
): Deferred<Response>;
export function request(
  reactor: Reactor,
  request: Request | globalThis.Request,
  options?: LoneRequestOptions,
): Deferred<Response>;
export function request(
  reactor: Reactor,
  what: string | Request | globalThis.Request,
  ...more: [(string | URL | LoneRequestOptions)?, LoneRequestOptions?]
): Deferred<Response> {
  const options = more[typeof what === "string" ? 1 : 0] as LoneRequestOptions | undefined;
  return agentFor(reactor, options).request(what as string, ...(more as [string, RequestOptions?]));
}

/** Options of a single request; with those of an agent, it gets one of its own. For many of that kind, make an Agent. */
export interface LoneRequestOptions
  extends RequestOptions,
    Pick<AgentOptions, "tls" | "proxy" | "socketPath" | "bindAddress"> {}

function agentFor(reactor: Reactor, options: LoneRequestOptions | undefined): Agent {
  if (options === undefined) return sharedAgent(reactor);
  const { tls, proxy, socketPath, bindAddress } = options;
  if ((tls ?? proxy ?? socketPath ?? bindAddress) === undefined) return sharedAgent(reactor);
  return new Agent(reactor, { tls, proxy, socketPath, bindAddress, idleTimeoutMs: 0 });
}

function sharedAgent(reactor: Reactor): Agent {
  let agent = AGENTS.get(reactor);
  if (agent === undefined) {
    agent = new Agent(reactor, { idleTimeoutMs: SHARED_IDLE_MS });
    AGENTS.set(reactor, agent);
    const made = agent;
    const atShutdown = reactor.addTrigger("before", "shutdown", () => {
      atShutdown[Symbol.dispose]();
      AGENTS.delete(reactor);
      // Not waited for: what is under way is its caller's to end.
      made.close();
    });
  }
  return agent;
}

const AGENTS = new WeakMap<Reactor, Agent>();
/** Calls that follow one another share a connection, and a script that has done its work ends while nobody notices. */
const SHARED_IDLE_MS = 500;
