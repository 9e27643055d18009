import { begin } from "../core/connecting.ts";
import type { Deferred } from "../core/deferred/deferred.ts";
import { maybeDeferred } from "../core/deferred/succeed.ts";
import type { Protocol, ProtocolFactory } from "../core/protocol.ts";
import type { Port, StreamOptions, StreamServerOptions } from "../core/reactor.ts";
import type { NodeLoop } from "./node-loop.ts";
import { NodeTransport } from "./node-transport.ts";
import { openPort } from "./port.ts";

/** Takes over a connected stream descriptor. */
export function adoptConnection<P extends Protocol>(
  loop: NodeLoop,
  descriptor: number,
  options: StreamOptions,
  factory: ProtocolFactory<P>,
): Deferred<P> {
  return maybeDeferred(() => {
    const transport = new NodeTransport(loop, options);
    transport.attach(transport.makeSocket({ fd: descriptor }));
    return begin(transport, factory);
  });
}

/** Accepts on a listening descriptor that another program opened. */
export function adoptPort(
  loop: NodeLoop,
  descriptor: number,
  options: StreamServerOptions,
  factory: ProtocolFactory,
): Deferred<Port> {
  return openPort(loop, { fd: descriptor }, { kind: "descriptor", descriptor }, options, factory);
}
