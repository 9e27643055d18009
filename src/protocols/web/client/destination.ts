/** What a URL means for a request: parsed once, however often it is asked for. */
import type { HeaderMap } from "../../../wire/header-map.ts";
import { type Place, placeOf, plainUrl, targetOf } from "./place.ts";
import { type ProxyInit, type ProxyRoute, routeOf } from "./proxy.ts";

export class Destination {
  /** Not to be changed. */
  readonly url: URL;
  /** Without login and fragment. */
  readonly plain: string;
  /** What the request line names. */
  readonly target: string;
  readonly place: Place;
  readonly via: ProxyRoute | undefined;
  /** Those of a request of which nothing else is said. */
  plainFields: HeaderMap | undefined = undefined;

  constructor(url: URL, ways: Ways) {
    const { proxy, socketPath } = ways;
    const chosen = typeof proxy === "function" ? proxy(url) : proxy;
    this.url = url;
    this.plain = plainUrl(url);
    this.via = chosen === undefined ? undefined : routeOf(chosen);
    this.place = placeOf(url, socketPath, this.via);
    this.target = this.place.isForwarder === true ? this.plain : targetOf(url);
  }
}

/** By which ways requests go. */
export interface Ways {
  readonly proxy?: ProxyInit | undefined;
  readonly socketPath?: string | undefined;
}

/** The destinations that were asked for lately: programs ask the same ones again and again. */
export class Destinations {
  readonly #ways: Ways;
  readonly #known = new Map<string, Destination>();

  constructor(ways: Ways) {
    this.#ways = ways;
  }

  /** @throws TypeError for what is no URL, or leads nowhere. */
  of(url: string | URL): Destination {
    if (typeof url !== "string") return new Destination(new URL(url), this.#ways);
    const known = this.#known.get(url);
    if (known !== undefined) return known;
    const made = new Destination(new URL(url), this.#ways);
    // What a function says of a proxy may be another thing the next time.
    if (typeof this.#ways.proxy === "function" || url.length > MAX_LENGTH) return made;
    if (this.#known.size === MAX_KNOWN) this.#known.clear();
    this.#known.set(url, made);
    return made;
  }
}

/** As many as 100 kB hold. */
const MAX_KNOWN = 256;
const MAX_LENGTH = 256;
