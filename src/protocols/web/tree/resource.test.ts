import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Deferred } from "../../../core/deferred/deferred.ts";
import { MemoryReactor, MemoryTransport } from "../../../testing/index.ts";
import { HttpError } from "../message/http-error.ts";
import { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { webServer } from "../server/server.ts";
import type { MethodResult } from "./answer-of.ts";
import { NoResource, Redirect, redirectTo } from "./pages.ts";
import { type Child, Resource } from "./resource.ts";
import type { TreePath } from "./tree-path.ts";

/** Says what leads to it. */
class Says extends Resource {
  readonly #text: string;
  constructor(text: string) {
    super();
    this.#text = text;
  }
  override get(): MethodResult {
    return this.#text;
  }
}

class Leaf extends Resource {
  override readonly isLeaf = true;
  override get(_request: Request, path: TreePath): MethodResult {
    return { base: path.base, taken: path.taken, rest: path.rest };
  }
}

/** A resource whose `get` gives this. */
function giving(result: MethodResult): Resource {
  const resource = new Resource();
  resource.get = () => result;
  return resource;
}

async function ask(root: Resource, path: string, method = "GET"): Promise<Response> {
  return (await root.fetch(new Request(`http://rope.example${path}`, { method }))) as Response;
}

async function textOf(root: Resource, path: string): Promise<string> {
  return await (await ask(root, path)).text();
}

function refused(status: number): (error: unknown) => boolean {
  return (error) => error instanceof HttpError && error.status === status;
}

async function tried(root: Resource, path: string, method = "GET"): Promise<number> {
  try {
    return (await ask(root, path, method)).status;
  } catch (error) {
    assert.ok(error instanceof HttpError, String(error));
    return error.status;
  }
}

describe("a tree of resources", () => {
  it("leads by the segments of the path to the resource that answers", async () => {
    const root = new Says("root").putChild("a", new Says("a").putChild("b", new Says("b")));
    assert.deepEqual(await Promise.all(["/", "/a", "/a/b", "/a/b?c/d"].map((path) => textOf(root, path))), [
      "root",
      "a",
      "b",
      "b",
    ]);
  });

  it("is 404 where nothing is, and where only children are", async () => {
    const root = new Resource().putChild("a", new Resource().putChild("b", new Says("b")));
    for (const path of ["/", "/b", "/a", "/a/", "/a/b/c", "//a/b", "/a//b", "/A/b"])
      assert.equal(await tried(root, path), 404, path);
  });

  it('leads with a slash at the end to the child "", or else to the resource before it', async () => {
    const root = new Says("root").putChild("a", new Says("a").putChild("", new Says("index")));
    root.putChild("b", new Says("b"));
    assert.deepEqual(
      [await textOf(root, "/a/"), await textOf(root, "/a"), await textOf(root, "/b/")],
      ["index", "a", "b"],
    );
  });

  it('sends clients to the slash where only the child "" is, and never to another host', async () => {
    const root = new Resource().putChild(
      "a",
      new Resource().putChild("x:y", new Resource().putChild("", new Says("b"))),
    );
    const response = await ask(root, "/a/x:y?q=1", "GET");
    assert.equal(response.status, 308);
    const location = response.headers.get("location") as string;
    assert.equal(new URL(location, "http://rope.example/a/x:y?q=1").href, "http://rope.example/a/x:y/?q=1");
    assert.equal(await tried(root, "//evil.example/"), 404);
  });

  it("decodes each segment once", async () => {
    const root = new Resource().putChild("größe 1", new Says("size")).putChild("%41", new Says("percent"));
    assert.equal(await textOf(root, "/gr%C3%B6%c3%9fe%201"), "size");
    assert.equal(await textOf(root, "/%2541"), "percent");
    assert.equal(await tried(root, "/A"), 404);
  });

  it("never takes a dot, a slash or a zero from behind a percent for structure", async () => {
    const seen: string[] = [];
    class Dynamic extends Resource {
      override getChild(segment: string): Child {
        seen.push(segment);
        return new Leaf();
      }
    }
    const root = new Dynamic();
    assert.deepEqual(await (await ask(root, "/a%2F..%2fb/c")).json(), {
      base: "/a%2F..%2fb",
      taken: ["a/../b"],
      rest: ["c"],
    });
    assert.deepEqual(seen, ["a/../b"]);
    assert.equal(await tried(root, "/a%00b"), 400);
    assert.equal(await tried(root, "/%"), 400);
    assert.equal(await tried(root, "/%ff"), 400);
    // These are resolved before anybody sees the path.
    assert.equal(await tried(root, "/x/%2e%2e/%2E"), 404);
    assert.deepEqual(seen, ["a/../b"]);
  });

  it("asks for children that nobody put there, now or later", async () => {
    class Dynamic extends Resource {
      override getChild(segment: string, request: Request): Child | undefined | PromiseLike<Child | undefined> {
        if (segment === "now") return new Says(`now ${request.method}`);
        if (segment === "promise") return Promise.resolve(new Says("promise"));
        if (segment === "deferred") return later(new Dynamic());
        if (segment === "never") return later(undefined);
        return undefined;
      }
    }
    const root = new Dynamic().putChild("put", new Says("put"));
    for (const [path, text] of [
      ["/now", "now GET"],
      ["/promise", "promise"],
      ["/deferred/deferred/now", "now GET"],
      ["/put", "put"],
    ] as const)
      assert.equal(await textOf(root, path), text);
    for (const path of ["/none", "/never", "/deferred/none"]) assert.equal(await tried(root, path), 404);
  });

  it("gives a leaf the rest of the path", async () => {
    const root = new Resource().putChild("a", new Leaf());
    assert.deepEqual(await (await ask(root, "/a/b%20c//d/")).json(), {
      base: "/a",
      taken: ["a"],
      rest: ["b c", "", "d", ""],
    });
    assert.deepEqual(await (await ask(root, "/a")).json(), { base: "/a", taken: ["a"], rest: [] });
    assert.deepEqual(await (await ask(new Leaf(), "/x/y")).json(), { base: "", taken: [], rest: ["x", "y"] });
  });

  it("takes functions for children that answer all below them", async () => {
    const root = new Resource().putChild("f", (request) => new Response(`f ${request.path}`));
    assert.deepEqual([await textOf(root, "/f"), await textOf(root, "/f/g")], ["f /f", "f /f/g"]);
  });

  it("replaces and removes children, and refuses names that no path can lead to", async () => {
    const root = new Resource().putChild("a", new Says("old")).putChild("a", new Says("new"));
    assert.equal(await textOf(root, "/a"), "new");
    assert.deepEqual([root.removeChild("a"), root.removeChild("a")], [true, false]);
    assert.equal(await tried(root, "/a"), 404);
    assert.throws(() => root.putChild("..", new Says("")), RangeError);
  });

  it("does not find what objects have by nature", async () => {
    for (const name of ["__proto__", "constructor", "toString"])
      assert.equal(await tried(new Resource(), `/${name}`), 404);
  });
});

describe("a resource's methods", () => {
  it("are called by the request's name", async () => {
    const root = new Resource();
    for (const name of ["get", "head", "post", "put", "patch", "delete", "options"] as const) root[name] = () => name;
    for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
      assert.equal(await (await ask(root, "/", method)).text(), method.toLowerCase());
  });

  it("answer HEAD by get", async () => {
    assert.equal(await tried(new Says("x"), "/", "HEAD"), 200);
  });

  it("say which there are for one that is not: 405, and 204 for OPTIONS", async () => {
    const root = new Says("x");
    root.delete = () => null;
    await assert.rejects(ask(root, "/", "POST"), (error) => {
      assert.ok(refused(405)(error));
      assert.deepEqual((error as HttpError).headers, { Allow: "GET, HEAD, DELETE, OPTIONS" });
      return true;
    });
    assert.equal(await tried(root, "/", "BREW"), 405);
    const options = await ask(root, "/", "OPTIONS");
    assert.deepEqual([options.status, options.headers.get("allow")], [204, "GET, HEAD, DELETE, OPTIONS"]);
  });

  it("can all be taken over by respond", async () => {
    class Brewer extends Resource {
      override respond(request: Request): MethodResult {
        return `${request.method} it is`;
      }
    }
    assert.equal(await (await ask(new Brewer(), "/", "BREW")).text(), "BREW it is");
  });

  it("give text, which is never HTML, bytes, JSON, answers, or nothing", async () => {
    const got = async (result: MethodResult) => {
      const response = await ask(giving(result), "/");
      return [response.status, response.headers.get("content-type"), await response.text()];
    };
    assert.deepEqual(await got("<b>"), [200, "text/plain;charset=UTF-8", "<b>"]);
    assert.deepEqual(await got(Uint8Array.of(65)), [200, null, "A"]);
    assert.deepEqual(await got({ a: [1] }), [200, "application/json", '{"a":[1]}']);
    assert.deepEqual(await got(Object.assign(Object.create(null), { b: 1 })), [200, "application/json", '{"b":1}']);
    assert.deepEqual(await got([1, 2]), [200, "application/json", "[1,2]"]);
    assert.deepEqual(await got(null), [204, null, ""]);
    assert.deepEqual(await got(new Response("r", { status: 201 })), [201, "text/plain;charset=UTF-8", "r"]);
    assert.deepEqual(await got(new globalThis.Response("p", { status: 202 })), [202, "text/plain;charset=UTF-8", "p"]);
    assert.deepEqual(await got(new Blob(["ab"]).stream()), [200, null, "ab"]);
    assert.deepEqual(await got(parts()), [200, null, "one two"]);
    assert.deepEqual(await got(Promise.resolve("later")), [200, "text/plain;charset=UTF-8", "later"]);
    assert.deepEqual(await got(later({ c: 1 })), [200, "application/json", '{"c":1}']);
  });

  it("fail for what has no meaning: a forgotten return, an object of a class", async () => {
    for (const value of [undefined, 7, new Map(), new URL("http://a/")]) {
      await assert.rejects(
        ask(giving(value as unknown as string), "/"),
        /^TypeError: Cannot answer with (undefined|number|Map|URL): /,
      );
      await assert.rejects(ask(giving(Promise.resolve(value as unknown as string)), "/"), TypeError);
    }
  });
});

describe("a tree of resources on a server", () => {
  const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: rope.example\r\n\r\n`;

  it("is mounted as it is", () => {
    const transport = connected(new Says("root").putChild("a", new Says("hello")));
    transport.remote.write(GET("/a"));
    assert.match(transport.text(), /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nhello$/);
    transport.remote.write(GET("/b"));
    assert.match(transport.text(), /HTTP\/1\.1 404 Not Found\r\n/);
  });

  it("cancels what finds a child, or makes an answer, when the client goes", () => {
    const reasons: unknown[] = [];
    const waiting = () => new Deferred<never>((deferred) => reasons.push(deferred.called));
    class Dynamic extends Resource {
      override getChild(): Deferred<Child> {
        return waiting();
      }
    }
    const slow = new Resource();
    slow.get = waiting;
    for (const root of [new Dynamic(), new Resource().putChild("a", slow)]) {
      const transport = connected(root);
      transport.remote.write(GET("/a"));
      transport.remote.reset();
    }
    assert.deepEqual(reasons, [false, false]);
  });

  function connected(root: Resource): MemoryTransport {
    const reactor = new MemoryReactor();
    const transport = new MemoryTransport({ clock: reactor });
    transport.attach(webServer(reactor, root).buildProtocol(transport.peer) as never);
    return transport;
  }
});

describe("ready-made resources", () => {
  it("are 404 below a NoResource, with its text", async () => {
    const root = new Resource().putChild("a", new NoResource("Gone fishing"));
    await assert.rejects(
      ask(root, "/a/b", "POST"),
      (error) => refused(404)(error) && (error as Error).message === "Gone fishing",
    );
  });

  it("send clients elsewhere", async () => {
    const response = await ask(new Resource().putChild("old", new Redirect("/new x", 301)), "/old/and/more");
    assert.deepEqual([response.status, response.headers.get("location")], [301, "/new%20x"]);
    assert.throws(() => new Redirect("/", 200), RangeError);
  });

  it("let nothing into a location that is none", () => {
    assert.equal(redirectTo("/ä\ud800?q=%41&b=c d#e").headers.get("location"), "/%C3%A4%EF%BF%BD?q=%41&b=c%20d#e");
    for (const location of ["/a\r\nSet-Cookie: a=b", "http://[", "/\t/evil.example"])
      assert.throws(() => redirectTo(location), TypeError);
  });
});

function later<T>(value: T): Deferred<T> {
  const deferred = new Deferred<T>();
  setImmediate(() => deferred.callback(value));
  return deferred;
}

async function* parts(): AsyncGenerator<string | Uint8Array> {
  yield "one ";
  yield new TextEncoder().encode("two");
}
