import type { Application } from "../../app/application.ts";
import { notYet } from "./not-yet.ts";

/** Becomes the application's user and group, for good. @throws FailureError */
export function shed(_root: Application): void {
  throw notYet("--uid and --gid");
}
