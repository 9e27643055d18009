import { isIP } from "node:net";
import { Deferred } from "../core/deferred/deferred.ts";
import { succeed } from "../core/deferred/succeed.ts";
import { LookupError } from "../core/errors.ts";
import type { HostAddress } from "../core/reactor.ts";

/** Asks the system's resolver (hosts file, DNS, …) for all addresses, in its order. IP literals are their own answer. */
export function systemLookup(host: string): Deferred<readonly HostAddress[]> {
  const family = isIP(host);
  if (family !== 0) return succeed<readonly HostAddress[]>([{ host, family: family as 4 | 6 }]);
  // The system's call cannot be stopped: a cancelled lookup is forgotten, and its late answer with it.
  let wanted = true;
  const found = new Deferred<readonly HostAddress[]>(() => {
    wanted = false;
  });
  // Loaded for the first name: most programs listen, and look nothing up.
  process.getBuiltinModule("node:dns").lookup(host, { all: true, order: "verbatim" }, (error, addresses) => {
    if (!wanted) return;
    if (error === null) found.callback(addresses.map((each) => ({ host: each.address, family: each.family as 4 | 6 })));
    else found.errback(new LookupError(`Cannot look up "${host}": ${error.code ?? error.message}`, asOptions(error)));
  });
  return found;
}

function asOptions(error: NodeJS.ErrnoException): { cause: Error; code?: string } {
  return { cause: error, ...(error.code !== undefined && { code: error.code }) };
}
