import { type CoroutineBody, coroutine } from "../core/deferred/coroutine.ts";
import type { Deferred } from "../core/deferred/deferred.ts";
import { maybeDeferred } from "../core/deferred/succeed.ts";
import { Logger } from "../core/log/logger.ts";
import { isServiceParent, type ServiceLike } from "./service.ts";

/**
 * Has each running service of a tree read its settings again, those that have `reloadService`, one after the other and parents
 * first. Never fails: what a reload fails with is logged, and the service goes on with what it had.
 *
 * @example
 * ```ts
 * import { MultiService, reloadTree, Service, startTree } from "ropewalk/app";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * class Greeter extends Service {
 *   override startService(): void {}
 *   override stopService(): void {}
 *   override reloadService(): void {
 *     console.log("reading greetings.txt again");
 *   }
 * }
 * const tree = new MultiService({ services: [new Greeter()] });
 * await startTree(new MemoryReactor(), tree);
 * await reloadTree(tree); // reading greetings.txt again
 * ```
 */
export function reloadTree(root: ServiceLike): Deferred<void> {
  return coroutine(() => reload(root, root.name ?? "tree"));
}

function* reload(service: ServiceLike, name: string): CoroutineBody<void> {
  try {
    if (service.reloadService !== undefined) yield maybeDeferred(() => service.reloadService?.());
  } catch (error) {
    log.error("Cannot reload service {service}: it goes on as before", { service: name, error });
  }
  if (!isServiceParent(service)) return;
  for (const child of service.children) {
    if (child.state === "running") yield* reload(child.service, child.name);
  }
}

const log: Logger = new Logger("ropewalk.app");
