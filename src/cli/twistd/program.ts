import type { ServiceLike } from "../../app/service.ts";
import type { Reactor } from "../../core/reactor.ts";

/** What `twistd` is to run. */
export interface Program {
  /** What messages and the live view call it: `echo`, `app.ts`. */
  readonly name: string;
  /** Makes its services; undefined if it has none, having done its work with the reactor. @throws FailureError */
  load(reactor: Reactor): Promise<ServiceLike | undefined>;
}
