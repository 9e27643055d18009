import { HttpError } from "../message/http-error.ts";
import type { Request } from "../message/request.ts";

/**
 * Where in a tree a request has come to: the segments of its path that led to the resource that answers, and those after it.
 *
 * @example
 * ```ts
 * import { Request, Resource, type TreePath } from "ropewalk/web";
 *
 * class Shelf extends Resource {
 *   override readonly isLeaf = true;
 *   override get(_request: Request, path: TreePath): string {
 *     return `${path.base} has ${path.rest.join(" in ")}`;
 *   }
 * }
 *
 * const root = new Resource().putChild("shelf", new Shelf());
 * const response = await root.fetch(new Request("http://example.org/shelf/hemp/six%20strands"));
 * console.log(await response.text()); // /shelf has hemp in six strands
 * ```
 */
export class TreePath {
  readonly #request: Request;
  /** Read from the request only when somebody asks: a root that is a leaf may never. */
  #path: string | undefined = undefined;
  /** The slash before the next segment; the path's length at its end. */
  #at = 0;

  constructor(request: Request) {
    this.#request = request;
  }

  /** The path up to the resource that answers, as it was encoded, without a slash at its end; "" for the root. */
  get base(): string {
    return this.#whole.slice(0, this.#at);
  }

  /** The segments that led to the resource that answers, decoded. @throws HttpError 400 if one cannot be. */
  get taken(): string[] {
    return segmentsOf(this.base);
  }

  /** The segments after that, decoded. @throws HttpError 400 if one cannot be. */
  get rest(): string[] {
    return segmentsOf(this.#whole.slice(this.#at));
  }

  /** There is a segment after those that led here; an empty one after a slash counts. */
  get hasMore(): boolean {
    return this.#at < this.#whole.length;
  }

  /** There is an empty segment, and no other. */
  get isAtLastSlash(): boolean {
    return this.#at === this.#whole.length - 1;
  }

  /** The last segment that led here, as it was encoded. */
  get lastTaken(): string {
    return this.base.slice(this.base.lastIndexOf("/") + 1);
  }

  /** Goes a segment further and gives it, decoded. For whoever walks a tree of its own. @throws HttpError 400 if it cannot be. */
  take(): string {
    const path = this.#whole;
    const start = this.#at + 1;
    const slash = path.indexOf("/", start);
    this.#at = slash === -1 ? path.length : slash;
    return decoded(path.slice(start, this.#at));
  }

  get #whole(): string {
    this.#path ??= this.#request.path;
    return this.#path;
  }
}

function segmentsOf(path: string): string[] {
  return path === "" ? [] : path.slice(1).split("/").map(decoded);
}

/** Decoded once, and refused where it would lead elsewhere than it says: what reads it may make a file's name of it. */
function decoded(segment: string): string {
  if (!segment.includes("%")) return segment;
  let text: string;
  try {
    text = decodeURIComponent(segment);
  } catch {
    throw new HttpError(
      400,
      `Cannot decode ${JSON.stringify(segment)}: a "%" stands before two hexadecimal digits of UTF-8`,
    );
  }
  if (text === "." || text === ".." || text.includes("\0")) {
    throw new HttpError(400, `Cannot take ${JSON.stringify(segment)} for a segment of a path: it is none when decoded`);
  }
  return text;
}
