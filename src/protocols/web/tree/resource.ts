import { Deferred } from "../../../core/deferred/deferred.ts";
import { HttpError } from "../message/http-error.ts";
import type { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import type { Answer, Responder } from "../server/site.ts";
import { answerOf, type MethodResult } from "./answer-of.ts";
import { TreePath } from "./tree-path.ts";

/** What stands in a tree: a resource, or a function that answers whatever is asked for from there on. */
export type Child = Resource | Responder;

/**
 * A place in a tree of URLs. `serve` takes the root of one. A segment of the path leads to the child of that name, and where
 * the path ends, the method of the request's name answers: `get`, `post` and so on, of which a subclass has those that it
 * likes. HEAD is answered by `get` if there is no `head`, OPTIONS by the list of methods, and others with 405; a resource
 * without any methods is only there for its children, and is 404 itself.
 *
 * A path that ends with a slash leads to the child "" if there is one, and else to the resource before the slash. Who leaves
 * the slash out is sent there, if the resource has only that to show.
 *
 * @example
 * ```ts
 * import { Request, Resource } from "ropewalk/web";
 *
 * class Knot extends Resource {
 *   readonly #name: string;
 *   constructor(name: string) {
 *     super();
 *     this.#name = name;
 *   }
 *   override get(): string {
 *     return `this is a ${this.#name}`;
 *   }
 * }
 *
 * class Knots extends Resource {
 *   override getChild(name: string): Resource {
 *     return new Knot(name);
 *   }
 * }
 *
 * const root = new Resource().putChild("knots", new Knots());
 * const response = await root.fetch(new Request("http://example.org/knots/bowline"));
 * console.log(await response.text()); // this is a bowline
 * ```
 */
export class Resource {
  /** It answers whatever is asked for from here on, and has no children: `path.rest` is for it to read. */
  readonly isLeaf: boolean = false;
  #children: Map<string, Child> | undefined = undefined;

  get?(request: Request, path: TreePath): MethodResult;
  head?(request: Request, path: TreePath): MethodResult;
  post?(request: Request, path: TreePath): MethodResult;
  put?(request: Request, path: TreePath): MethodResult;
  patch?(request: Request, path: TreePath): MethodResult;
  delete?(request: Request, path: TreePath): MethodResult;
  options?(request: Request, path: TreePath): MethodResult;

  /** Answers from here downwards. Fails with an HttpError 404 where nothing is, 400 for a path that is not percent-encoded. */
  fetch(request: Request): Answer | PromiseLike<Answer> {
    const path = new TreePath(request);
    return this.isLeaf ? answerOf(this.respond(request, path)) : descend(this, request, path);
  }

  /** Puts `child` where `name` leads, in place of what was there. The name is as it is read, not as it is encoded. */
  putChild(name: string, child: Child): this {
    if (name === "." || name === "..")
      throw new RangeError(`Cannot put a child at "${name}": no client can ask for it`);
    this.#children ??= new Map();
    this.#children.set(name, child);
    return this;
  }

  /** Takes away what was put there; false if nothing was. */
  removeChild(name: string): boolean {
    return this.#children?.delete(name) ?? false;
  }

  /** What was put there. */
  childAt(name: string): Child | undefined {
    return this.#children?.get(name);
  }

  /**
   * For children that are made when they are asked for: called with a decoded segment that no child was put at. A segment is
   * never empty, "." or "..", but may have slashes that were encoded. Undefined is 404.
   */
  getChild(_segment: string, _request: Request): Child | undefined | PromiseLike<Child | undefined> {
    return undefined;
  }

  /** Answers with the method that the request names: to override for other methods than those, or for all at once. */
  respond(request: Request, path: TreePath): MethodResult {
    switch (request.method) {
      case "GET":
        if (this.get !== undefined) return this.get(request, path);
        break;
      case "HEAD":
        if (this.head !== undefined) return this.head(request, path);
        if (this.get !== undefined) return this.get(request, path);
        break;
      case "POST":
        if (this.post !== undefined) return this.post(request, path);
        break;
      case "PUT":
        if (this.put !== undefined) return this.put(request, path);
        break;
      case "PATCH":
        if (this.patch !== undefined) return this.patch(request, path);
        break;
      case "DELETE":
        if (this.delete !== undefined) return this.delete(request, path);
        break;
      case "OPTIONS":
        if (this.options !== undefined) return this.options(request, path);
        break;
    }
    return answerWithout(this, request, path);
  }
}

/** Nobody overrode the method: says which there are. */
function answerWithout(resource: Resource, request: Request, path: TreePath): Response {
  const methods = methodsOf(resource);
  if (methods.length === 0) {
    if (path.hasMore || resource.childAt("") === undefined) throw notFound(request);
    const { search } = new URL(request.url);
    return new Response(null, { status: 308, headers: { Location: `./${path.lastTaken}/${search}` } });
  }
  const allow = [...methods, ...(methods.includes("OPTIONS") ? [] : ["OPTIONS"])].join(", ");
  if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: { Allow: allow } });
  throw new HttpError(405, `Cannot ${request.method} this: it takes ${allow}`, { headers: { Allow: allow } });
}

function methodsOf(resource: Resource): string[] {
  const methods: string[] = [];
  if (resource.get !== undefined) methods.push("GET");
  if (resource.get !== undefined || resource.head !== undefined) methods.push("HEAD");
  if (resource.post !== undefined) methods.push("POST");
  if (resource.put !== undefined) methods.push("PUT");
  if (resource.patch !== undefined) methods.push("PATCH");
  if (resource.delete !== undefined) methods.push("DELETE");
  if (resource.options !== undefined) methods.push("OPTIONS");
  return methods;
}

function descend(from: Resource, request: Request, path: TreePath): Answer | PromiseLike<Answer> {
  let at = from;
  while (!at.isLeaf && path.hasMore) {
    if (path.isAtLastSlash && at.childAt("") === undefined) break;
    const segment = path.take();
    const child = at.childAt(segment) ?? (segment === "" ? undefined : at.getChild(segment, request));
    if (typeof child === "function") return child(request);
    if (child instanceof Resource) at = child;
    else if (child === undefined) throw notFound(request);
    else return whenFound(child, request, path);
  }
  return answerOf(at.respond(request, path));
}

/** Goes on when the child is there; a Deferred stays one, so that it is cancelled if the client goes. */
function whenFound(found: PromiseLike<Child | undefined>, request: Request, path: TreePath): PromiseLike<Answer> {
  const goOn = (child: Child | undefined): Answer | PromiseLike<Answer> => {
    if (typeof child === "function") return child(request);
    if (child === undefined) throw notFound(request);
    return descend(child, request, path);
  };
  return found instanceof Deferred ? found.addCallback(goOn) : found.then(goOn);
}

function notFound(request: Request): HttpError {
  return new HttpError(404, `Cannot find ${JSON.stringify(request.path)} here`);
}
