import { MultiService, type MultiServiceOptions } from "./multi-service.ts";

/** What can be said of an Application when it is made. */
export interface ApplicationOptions extends MultiServiceOptions {
  /** Whom `twistd` turns into after the privileged start: a name or a number. */
  readonly uid?: string | number | undefined;
  /** The group, likewise. */
  readonly gid?: string | number | undefined;
}

/**
 * The root of a tree of services: what a file for `twistd -f` exports.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { Application, StreamServerService } from "ropewalk/app";
 *
 * const application = new Application({ name: "sink", uid: "nobody" });
 * void application.addService(new StreamServerService("tcp:9", () => new Protocol()));
 * ```
 */
export class Application extends MultiService {
  uid: string | number | undefined;
  gid: string | number | undefined;

  constructor(options: ApplicationOptions = {}) {
    super(options);
    this.uid = options.uid;
    this.gid = options.gid;
  }
}
