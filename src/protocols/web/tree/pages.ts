/** Resources that are ready made. */
import { HttpError } from "../message/http-error.ts";
import { Response } from "../message/response.ts";
import { Resource } from "./resource.ts";

/**
 * Nothing: 404 for whatever is asked for from here on.
 *
 * @example
 * ```ts
 * import { NoResource, Resource } from "ropewalk/web";
 *
 * class Members extends Resource {
 *   override getChild(name: string): Resource {
 *     return name === "ann" ? new Resource() : new NoResource(`There is no ${name} here`);
 *   }
 * }
 * console.log(new Members().getChild("bob") instanceof NoResource); // true
 * ```
 */
export class NoResource extends Resource {
  override readonly isLeaf = true;
  readonly #message: string;

  constructor(message = "There is nothing here") {
    super();
    this.#message = message;
  }

  override respond(): never {
    throw new HttpError(404, this.#message);
  }
}

/**
 * Sends clients elsewhere, whatever is asked for from here on.
 *
 * @example
 * ```ts
 * import { Redirect, Request, Resource } from "ropewalk/web";
 *
 * const root = new Resource().putChild("old", new Redirect("/new", 308));
 * const response = await root.fetch(new Request("http://example.org/old"));
 * console.log(response.status, response.headers.get("location")); // 308 /new
 * ```
 */
export class Redirect extends Resource {
  override readonly isLeaf = true;
  readonly #location: string | URL;
  readonly #status: number;

  constructor(location: string | URL, status = 302) {
    super();
    this.#location = location;
    this.#status = status;
    redirectTo(location, status);
  }

  override respond(): Response {
    return redirectTo(this.#location, this.#status);
  }
}

/**
 * An answer that sends the client to `location`, an absolute URL or one relative to what was asked for. 302 and 303 make it a
 * GET; 307 and 308 repeat the request. Who makes a location of what a client sent must check that it begins with one slash and
 * no more, for "//" leads to another host.
 *
 * @throws RangeError for a status that is no redirection, TypeError for a location that is no URL.
 *
 * @example
 * ```ts
 * import { redirectTo } from "ropewalk/web";
 *
 * console.log(redirectTo("/ropes/größe").headers.get("location")); // /ropes/gr%C3%B6%C3%9Fe
 * ```
 */
export function redirectTo(location: string | URL, status = 302): Response {
  const text = String(location);
  if (CONTROLS.test(text) || !URL.canParse(text, "http://localhost/")) {
    throw new TypeError(`Cannot redirect to ${JSON.stringify(text)}: it is no URL`);
  }
  return Response.redirect(text.replace(UNENCODED, encoded), status);
}

/** Halves of characters are replaced, as URLs have it. */
function encoded(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd"));
}

/** Browsers leave some of them out, and would go elsewhere than it seems. */
const CONTROLS = /\p{Cc}/u;
const UNENCODED = /[^!-~]+/g;
