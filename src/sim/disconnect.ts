import type { Deferred } from "../core/deferred/deferred.ts";
import { gatherResults } from "../core/deferred/gather.ts";
import { StreamTransport } from "../core/stream-transport.ts";
import { ChildTransport } from "./process/child-transport.ts";
import { SimPort } from "./sim-port.ts";
import type { SimProcess } from "./sim-process.ts";
import { SimDatagramPort } from "./udp/sim-datagram-port.ts";

/** Closes what a process has open, as its reactor's shutdown does: gently, and after five seconds by force. */
export function disconnectAll(owner: SimProcess): Deferred<unknown> {
  const ending: Deferred<unknown>[] = [];
  const transports: StreamTransport[] = [];
  for (const each of [...owner.open]) {
    if (each instanceof SimPort || each instanceof SimDatagramPort) {
      ending.push(each.stopListening());
    } else if (each instanceof StreamTransport) {
      transports.push(each);
      ending.push(each.whenClosed());
      each.loseConnection();
    } else if (!(each instanceof ChildTransport)) {
      owner.open.delete(each);
      each.killed();
    }
  }
  const force = owner.callLater(DISCONNECT_TIMEOUT_MS, () => {
    for (const transport of transports) transport.abortConnection();
  });
  return gatherResults(ending).addBoth(() => {
    if (force.active) force.cancel();
  });
}

/** The same as on Node. */
const DISCONNECT_TIMEOUT_MS = 5_000;
