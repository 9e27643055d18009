import type { Address } from "../../core/address.ts";
import type { Reactor } from "../../core/reactor.ts";
import type { ServiceLike } from "../service.ts";
import type { Watch } from "./watch.ts";

/** Where a live view is, and who may see it. */
export interface LiveViewOptions {
  /** A port of 127.0.0.1, or an endpoint; default: a free port. */
  readonly where?: string | undefined;
  /** Allows an endpoint that other machines can reach; default false. */
  readonly anywhere?: boolean | undefined;
  /** 16 or more letters, digits and `-._~+/=`; default: a new one of 43. */
  readonly token?: string | undefined;
  /** Names that the server may be asked by, besides localhost and IP addresses. */
  readonly hosts?: readonly string[] | undefined;
  /** This process is one of several that share their ports, and its view is its own: at a free port. Default false. */
  readonly exclusive?: boolean | undefined;
  /** What the page calls the program; default: the name of the tree's root. */
  readonly name?: string | undefined;
}

/** A live view that is open. */
export interface LiveView {
  readonly address: Address;
  readonly token: string;
  /** `http://127.0.0.1:9000/`, or `http+unix://…` for `ropewalk top`. */
  readonly url: string;
  /** The URL with the token: opens the page in a browser. */
  readonly link: string;
  /** Stops listening and ends what is open of it. */
  close(): Promise<void>;
}

/**
 * Serves a page that shows what `watch` sees, with `/metrics`, `/healthz` and `/readyz` beside it.
 *
 * @throws RangeError for `exclusive` at a port that is given, a token that is too short or has other characters, or an endpoint that other machines can reach without `anywhere`.
 *
 * @example
 * ```ts
 * import { NodeReactor } from "ropewalk";
 * import { nodeVitals, openLiveView, Watch } from "ropewalk/app";
 * import { get } from "ropewalk/web";
 *
 * const reactor = new NodeReactor();
 * using watch = new Watch(reactor, { vitals: nodeVitals() });
 * const view = await openLiveView(reactor, undefined, watch);
 * console.log((await get(reactor, `${view.url}healthz`)).status); // 200
 * console.log((await get(reactor, `${view.url}metrics`)).status); // 401
 * await view.close();
 * ```
 */
export async function openLiveView(
  reactor: Reactor,
  tree: ServiceLike | undefined,
  watch: Watch,
  options: LiveViewOptions = {},
): Promise<LiveView> {
  // A web server is much to load for whoever only wants a service of this package.
  const { openView } = await import("./site/open-view.ts");
  return openView(reactor, tree, watch, options);
}
