import type { Reactor } from "../../../../core/reactor.ts";
import type { Transport } from "../../../../core/transport.ts";
import { type FarEnd, NearEnd } from "../../../../policies/relay.ts";
import type { Request } from "../../message/request.ts";
import type { ResponseInit } from "../../message/response.ts";
import { SwitchProtocols } from "../../server/switch/protocol.ts";

/**
 * An answer that joins the client's connection with `far`, which waits until then. If the answer never leaves, because the
 * client went or somebody put another in its place, `far` is reset.
 */
export function relayAnswer(
  reactor: Reactor,
  request: Request,
  far: FarEnd,
  idleTimeoutMs: number,
  init: ResponseInit & { readonly status: 101 | 200 },
): SwitchProtocols {
  const near = new NearEnd(far, reactor, idleTimeoutMs);
  const abortUnused = (): void => {
    if ((near.transport as Transport | undefined) === undefined) far.transport.abortConnection();
  };
  // When the answer is complete the connection is handed over in the same turn.
  request.notifyFinish().addCallbacks(() => reactor.callLater(0, abortUnused), abortUnused);
  return new SwitchProtocols(near, init);
}
