import { Application } from "../../app/application.ts";
import type { ServiceLike } from "../../app/service.ts";
import type { TwistdOptions } from "./options.ts";

/** The root of what runs: the program's own Application, or one around its service. The command line wins. */
export function rootOf(service: ServiceLike | undefined, options: TwistdOptions): Application {
  const root = isApplication(service)
    ? service
    : new Application({ name: "twistd", services: service === undefined ? [] : [service] });
  root.uid = options.uid ?? root.uid;
  root.gid = options.gid ?? root.gid;
  root.stopTimeoutMs = options.stopTimeout ?? root.stopTimeoutMs;
  return root;
}

/** Told by its shape: a program may have its own copy of this package. */
function isApplication(service: ServiceLike | undefined): service is Application {
  return service !== undefined && "uid" in service && "gid" in service && "children" in service;
}
