import type { Deferred } from "../core/deferred/deferred.ts";
import { afterNextTurn } from "../core/deferred/turn.ts";
import { NodeReactor } from "../reactor/node-reactor.ts";

/** Trial's own door to the outside: no test sees it. */
export const house: NodeReactor = new NodeReactor();

/** Lets Node's loop go round once or more; everything that is ready is done then. */
export function turn(): Promise<void> {
  return new Promise((resolve) => afterNextTurn(resolve));
}

/** Lets a millisecond pass. */
export function shortWait(): Promise<void> {
  return new Promise((resolve) => void house.callLater(1, resolve));
}

/** A folder for temporary files that nobody else has; whoever made it removes it. */
export function makeFolder(): Deferred<string> {
  const reactor = house;
  const { TMPDIR, TEMP } = reactor.environment.variables;
  const random = reactor.randomBytes(8).reduce((text, byte) => text + byte.toString(16).padStart(2, "0"), "");
  const path = `${(TMPDIR ?? TEMP ?? "/tmp").replace(/\/$/, "")}/trial-${house.environment.pid}-${random}`;
  return house.files.makeDirectory(path).addCallback(() => path);
}
