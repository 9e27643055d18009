import { Deferred } from "../core/deferred/deferred.ts";
import type { NodeLoop } from "./node-loop.ts";

/** How long connections may take to end. */
export interface RetireOptions {
  /** For all of them. */
  readonly limitMs: number;
  /** How long one on which nothing is under way may be used again; default 5 000 ms, or a third of the limit if that is less. */
  readonly quietMs?: number | undefined;
}

/** Stops accepting, and waits for what was accepted to end. */
export function retire(loop: NodeLoop, options: RetireOptions): Deferred<void> {
  const { limitMs, quietMs = Math.min(QUIET_MS, limitMs / 3) } = options;
  const ports = [...loop.ports];
  const over = new Deferred<void>(() => limit.cancel());
  const limit = loop.callLater(limitMs, () => over.callback());
  let waiting = ports.length;
  const one = (): void => {
    waiting -= 1;
    if (waiting > 0 || over.called) return;
    limit.cancel();
    over.callback();
  };
  for (const port of ports) {
    port.stopListening().addCallback(() => {
      // Not before: what had come in the meantime is served as well.
      port.drain(quietMs);
      const connections = port.connections();
      waiting += connections.length;
      for (const connection of connections) connection.whenClosed().addCallback(one);
      one();
    });
  }
  if (ports.length === 0) {
    waiting = 1;
    one();
  }
  return over;
}

/** Longer than a loaded client pauses between two requests; a client that pauses longer has to be ready for a close anyway. */
const QUIET_MS = 5_000;
