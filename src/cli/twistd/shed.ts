import type { Application } from "../../app/application.ts";
import { Logger } from "../../core/log/logger.ts";
import { FailureError } from "../usage-error.ts";
import { become, findIdentity } from "./identity.ts";
import type { OpenedLog } from "./log.ts";

/** Becomes the application's user and group, for good; the log file becomes theirs, too. @throws FailureError */
export function shed({ uid, gid }: Application, opened: OpenedLog): void {
  if (uid === undefined) {
    throw new FailureError(`Cannot become group "${gid}" as root: it would stay root; give --uid as well`);
  }
  try {
    const identity = findIdentity(String(uid), gid === undefined ? undefined : String(gid));
    opened.giveTo(identity.uid, identity.gid);
    become(identity);
    log.info("Became user {uid} and group {gid} for good", { uid: identity.uid, gid: identity.gid });
  } catch (error) {
    throw new FailureError((error as Error).message, { cause: error });
  }
}

const log: Logger = new Logger("ropewalk.twistd");
