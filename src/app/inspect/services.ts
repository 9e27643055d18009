import { isServiceParent, type ServiceLike, type ServiceState } from "../service.ts";
import type { ServiceFacts } from "./facts.ts";

/** A tree of services, with the states that parents keep of their children. */
export function serviceFacts(root: ServiceLike): ServiceFacts {
  const state = isServiceParent(root) ? root.state : "running";
  return factsOf(root.name ?? "", root, state, undefined, { left: MAX_SERVICES });
}

function factsOf(
  name: string,
  service: ServiceLike,
  state: ServiceState,
  error: Error | undefined,
  budget: { left: number },
): ServiceFacts {
  const children: ServiceFacts[] = [];
  let hidden = 0;
  for (const child of isServiceParent(service) ? service.children : []) {
    if (budget.left <= 0) {
      hidden += 1;
      continue;
    }
    budget.left -= 1;
    children.push(factsOf(child.name, child.service, child.state, child.error, budget));
  }
  const type = service.constructor?.name || "service";
  return { name: name || type, type, state, error: error && textOf(error), children, hidden };
}

function textOf({ name, message }: Error): string {
  return `${name}: ${message}`.slice(0, MAX_TEXT);
}

/** Of the whole tree: more does not fit on a page, nor in the head. */
const MAX_SERVICES = 500;
const MAX_TEXT = 500;
