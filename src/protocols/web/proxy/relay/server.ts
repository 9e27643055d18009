import type { Reactor } from "../../../../core/reactor.ts";
import type { Clock } from "../../../../core/time/clock.ts";
import type { Transport } from "../../../../core/transport.ts";
import { type FarEnd, IdleTimer, NearEnd } from "../../../../policies/relay.ts";
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
  const near = new HandedOver(far, reactor, idleTimeoutMs);
  const abortUnused = (): void => {
    if ((near.transport as Transport | undefined) === undefined) far.transport.abortConnection();
  };
  // When the answer is complete the connection is handed over in the same turn.
  request.notifyFinish().addCallbacks(() => reactor.callLater(0, abortUnused), abortUnused);
  return new SwitchProtocols(near, init);
}

/** The relay begins when it is given the connection. */
class HandedOver extends NearEnd {
  readonly #far: FarEnd;
  readonly #clock: Clock;
  readonly #idleMs: number;

  constructor(far: FarEnd, clock: Clock, idleMs: number) {
    super();
    this.#far = far;
    this.#clock = clock;
    this.#idleMs = idleMs;
  }

  override connectionMade(): void {
    this.join(this.#far, new IdleTimer(this.#clock, this.#idleMs, () => this.#far.abort()));
  }
}
