import cluster from "node:cluster";
import type { Application } from "../../app/application.ts";
import { ManholeService } from "../../app/manhole/service.ts";
import type { Reactor } from "../../core/reactor.ts";

/** Opens the REPL on a socket at `path`, until it is disposed. Of several workers each has its own: `path.1`, `path.2`. */
export async function openManhole(path: string, reactor: Reactor, root: Application): Promise<AsyncDisposable> {
  const own = cluster.worker === undefined ? path : `${path}.${cluster.worker.id}`;
  const service = new ManholeService({ path: own, application: root });
  await service.startService(reactor);
  return service;
}
