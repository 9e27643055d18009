import type { Deferred } from "../core/deferred/deferred.ts";
import { gatherResults } from "../core/deferred/gather.ts";
import type { NodeLoop } from "./node-loop.ts";

/**
 * Closes every port and every connection: gently, and after `timeoutMs` by force; those that are being made are cancelled.
 * Fires when all are gone. Children live on: whoever started one knows how it wants to end.
 */
export function disconnectAll(loop: NodeLoop, timeoutMs: number): Deferred<void> {
  for (const connecting of [...loop.connecting.keys()]) connecting.cancel(new Error("Reactor is shutting down"));
  const ending = [...loop.ports, ...loop.datagramPorts].map((port) => port.stopListening());
  const closing = [...loop.transports].map((transport) => {
    const closed = transport.whenClosed().addCallback(() => {});
    transport.loseConnection();
    return closed;
  });
  const force = loop.callLater(timeoutMs, () => {
    for (const transport of loop.transports) transport.abortConnection();
  });
  return gatherResults([...ending, ...closing]).addCallback(() => {
    if (force.active) force.cancel();
    loop.lingering.endAll();
  });
}
