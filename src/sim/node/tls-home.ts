import { Deferred } from "../../core/deferred/deferred.ts";
import { maybeDeferred } from "../../core/deferred/succeed.ts";
import type { TlsIdentity, TlsServerOptions } from "../../core/tls.ts";
import type { TlsHome } from "../../tls/handshake.ts";
import type { SimProcess } from "../sim-process.ts";

/** The handshakes of one process. Its servers die with it: a ticket of theirs is worth nothing after a restart. */
export function tlsHomeOf(owner: SimProcess): TlsHome {
  let home = homes.get(owner);
  if (home === undefined) {
    const { observers } = owner.machine;
    home = {
      servers: new WeakMap(),
      adapt: (options) => adapt(owner, options),
      keysLogged: (line) => observers.keysLogged(line),
    };
    homes.set(owner, home);
  }
  return home;
}

/** The limit of time is kept in virtual time, by whoever shakes hands; and names are chosen in a turn of the process. */
function adapt(owner: SimProcess, options: TlsServerOptions): TlsServerOptions {
  const { sni } = options;
  if (typeof sni !== "function") return { ...options, handshakeTimeoutMs: FOREVER_MS };
  const inTurn = (name: string): Deferred<TlsIdentity | undefined> => {
    const answer = new Deferred<TlsIdentity | undefined>();
    owner.soon(() => {
      maybeDeferred(() => sni(name)).addCallbacks(
        (identity) => answer.callback(identity),
        (error) => answer.errback(error),
      );
    });
    return answer;
  };
  return { ...options, handshakeTimeoutMs: FOREVER_MS, sni: inTurn };
}

const homes: WeakMap<SimProcess, TlsHome> = new WeakMap();

/** The longest that a timer of Node takes. */
const FOREVER_MS = 2_147_483_647;
