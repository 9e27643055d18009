import { isPromiseLike } from "../message/promise-like.ts";
import type { Request } from "../message/request.ts";
import type { Response } from "../message/response.ts";
import type { Responder } from "../server/site.ts";
import { NodeRequest } from "./node-request.ts";
import { NodeResponse } from "./node-response.ts";

/** What `http.createServer` takes: a function of an IncomingMessage and a ServerResponse, such as an Express or Connect app. */
export type NodeListener = (request: never, response: never) => unknown;

/**
 * Mounts an application that was written for Node's own server, unchanged: an Express or Connect app, or the `routing` of a
 * Fastify app that is ready. What it is given looks like Node's objects as far as such applications look: streams with
 * backpressure, headers, `writeHead`, `flushHeaders`, events, the ends of the connection. Timeouts are the server's; trailers and
 * upgrades are not there. A client that ends its own direction is not gone: it is when something is written that it does not take.
 *
 * @example
 * ```ts
 * import { nodeApplication, Request } from "ropewalk/web";
 * import type { IncomingMessage, ServerResponse } from "node:http";
 *
 * const responder = nodeApplication((request: IncomingMessage, response: ServerResponse) => {
 *   response.setHeader("Content-Type", "text/plain").end(`hello ${request.url}`);
 * });
 * console.log(await (await responder(new Request("http://example.org/rope"))).text()); // hello /rope
 * ```
 */
export function nodeApplication(listener: NodeListener): Responder {
  const call = listener as (request: NodeRequest, response: NodeResponse) => unknown;
  return (request) =>
    new Promise<Response>((resolve, reject) => {
      const req = new NodeRequest(request);
      const res = new NodeResponse(req, resolve, reject);
      follow(request, req, res);
      const result = call(req, res);
      if (isPromiseLike(result)) result.then(undefined, (error: Error) => breakOff(res, error));
    });
}

/** Tells both objects how it ends: with the answer, or with the connection. */
function follow(request: Request, req: NodeRequest, res: NodeResponse): void {
  // What is broken off tells the server by the answer itself; nobody needs to hear of it here.
  req.on("error", () => undefined);
  res.on("error", () => undefined);
  request.notifyFinish().addCallbacks(
    () => {
      req.destroy();
    },
    () => {
      req.aborted = !req.complete;
      if (req.aborted) req.emit("aborted");
      req.destroy(req.aborted ? Object.assign(new Error("aborted"), { code: "ECONNRESET" }) : undefined);
      res.destroy();
      req.socket.destroy();
    },
  );
}

function breakOff(res: NodeResponse, error: Error): void {
  if (!res.writableEnded) res.destroy(error);
}
