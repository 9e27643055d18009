import { NodeReactor } from "../../reactor/node-reactor.ts";
import type { ReactorName } from "./options.ts";

/** The reactor of that name. */
export function makeReactor(name: ReactorName): NodeReactor {
  return new NodeReactor({ acceptsDirectly: name === "node" });
}
