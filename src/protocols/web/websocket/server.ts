import type { Clock } from "../../../core/time/clock.ts";
import type { WebSocketProtocol } from "../../websocket/protocol.ts";
import { acceptWebSocket, type WebSocketServerOptions } from "../../websocket/server.ts";
import type { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { SwitchProtocols } from "../server/switch/protocol.ts";

/**
 * Answers a request by going on in WebSocket with `protocol`; a request that asks for none, or comes from a foreign page, by a
 * refusal (RFC 6455 §4.2.2). Return what it gives, as it is.
 *
 * @example
 * ```ts
 * import { NodeReactor } from "ropewalk";
 * import { Response, serve, webSocket } from "ropewalk/web";
 * import { connectWebSocket, WebSocketProtocol } from "ropewalk/websocket";
 *
 * class Echo extends WebSocketProtocol {
 *   override messageReceived(data: string | Uint8Array): void {
 *     this.sendMessage(data);
 *   }
 * }
 * class Caller extends WebSocketProtocol {
 *   override connectionMade(): void {
 *     this.sendMessage("hello");
 *   }
 *   override messageReceived(data: string | Uint8Array): void {
 *     console.log(data); // hello
 *     this.close();
 *   }
 * }
 * const reactor = new NodeReactor();
 * const port = await serve(reactor, "tcp:0:interface=127.0.0.1", (request) =>
 *   request.path === "/echo" ? webSocket(reactor, request, new Echo()) : new Response("a page"),
 * );
 * if (port.address.kind !== "tcp") throw new Error("no TCP port");
 * const caller = await connectWebSocket(reactor, `ws://127.0.0.1:${port.address.port}/echo`, () => new Caller());
 * await caller.transport.whenClosed();
 * await port.stopListening();
 * ```
 */
export function webSocket(
  clock: Clock,
  request: Request,
  protocol: WebSocketProtocol,
  options: WebSocketServerOptions = {},
): Response {
  const { method, headers, head } = request;
  const answer = acceptWebSocket(clock, { method, headers, version: head?.version }, protocol, options);
  if ("protocol" in answer) return new SwitchProtocols(answer.protocol, { status: 101, headers: answer.headers });
  return new Response(`${answer.problem}\n`, { status: answer.status, headers: answer.headers });
}
