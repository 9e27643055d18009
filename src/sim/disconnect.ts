import type { Deferred } from "../core/deferred/deferred.ts";
import { gatherResults } from "../core/deferred/gather.ts";
import { SimPort } from "./sim-port.ts";
import type { SimProcess } from "./sim-process.ts";
import { SimTransport } from "./tcp/sim-transport.ts";
import { SimDatagramPort } from "./udp/sim-datagram-port.ts";

/** Closes what a process has open, as its reactor's shutdown does: gently, and after five seconds by force. */
export function disconnectAll(owner: SimProcess): Deferred<unknown> {
  const ending: Deferred<unknown>[] = [];
  const transports: SimTransport[] = [];
  for (const each of [...owner.open]) {
    if (each instanceof SimPort || each instanceof SimDatagramPort) {
      ending.push(each.stopListening());
    } else if (each instanceof SimTransport) {
      transports.push(each);
      ending.push(each.whenClosed());
      each.loseConnection();
    } else {
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
