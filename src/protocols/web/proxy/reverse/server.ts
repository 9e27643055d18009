import type { Deferred } from "../../../../core/deferred/deferred.ts";
import type { Reactor } from "../../../../core/reactor.ts";
import type { Request } from "../../message/request.ts";
import type { Answer } from "../../server/site.ts";
import type { TargetState } from "../targets.ts";
import { Proxying, type ReverseProxyOptions } from "./client.ts";

/**
 * Answers with what other servers answer: `http://127.0.0.1:3000`, `https://…`, `http+unix://%2Frun%2Fapp.sock`; a path in
 * such a URL goes before that of each request. Bodies stream through in both directions, as fast as the slower side takes them;
 * WebSockets and informational answers pass; a client that goes away ends its request behind, too.
 *
 * A server that cannot be connected to is left alone for a while, and another one has its turn. A request that was sent already
 * is sent to another server only if it has no body and its method is idempotent. If none answers, the client gets 502, or 504
 * for one that took too long.
 *
 * @throws TypeError for what is no such URL.
 *
 * @example
 * ```ts
 * import { NodeReactor } from "ropewalk";
 * import { get, Response, reverseProxy, serve } from "ropewalk/web";
 *
 * const reactor = new NodeReactor();
 * const back = await serve(reactor, "unix:back.sock", (request) => new Response(`${request.headers.get("forwarded")}`));
 * await using proxy = reverseProxy(reactor, "http+unix://back.sock");
 * const front = await serve(reactor, "unix:front.sock", proxy);
 * const answer = await get(reactor, "http+unix://front.sock/", { headers: { Host: "rope.example" } });
 * console.log(await answer.text()); // for=unknown;host=rope.example;proto=http
 * await front.stopListening();
 * await back.stopListening();
 * ```
 */
export function reverseProxy(
  reactor: Reactor,
  targets: string | readonly string[],
  options: ReverseProxyOptions = {},
): ReverseProxy {
  const proxy = new Proxying(reactor, typeof targets === "string" ? [targets] : targets, options);
  const close = (): Deferred<void> => proxy.close();
  return Object.assign((request: Request) => proxy.answer(request), {
    targets: proxy.targets,
    close,
    [Symbol.asyncDispose]: async () => await close(),
  });
}

/** A handler, what it knows of its servers, and the end of it. */
export interface ReverseProxy extends AsyncDisposable {
  (request: Request): PromiseLike<Answer>;
  readonly targets: readonly TargetState[];
  /** Asks no more how the servers are, and closes their connections. Fires when none is left. */
  close(): Deferred<void>;
}
