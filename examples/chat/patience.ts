import type { Clock, Factory, Protocol, ProtocolFactory } from "ropewalk";
import { idleTimeout } from "ropewalk/policies";

/**
 * Ends connections whose peer went without a word. What lies between two machines may forget a connection that was silent for
 * 2 h 4 min (RFC 5382 §5), and tells neither of them: after that, silence means nothing good. Whatever is said in the room, by
 * whomever, breaks the silence: nobody has to talk in order to listen. To a peer that is gone, the kernel gives up within a
 * quarter of an hour; that ends the connection, too.
 */
export function patient<P extends Protocol>(room: ProtocolFactory<P>, clock: Clock): Factory {
  return idleTimeout(room, { clock, idleTimeoutMs: IDLE_MS });
}

const IDLE_MS = 7_500_000;
