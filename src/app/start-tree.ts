import type { Deferred } from "../core/deferred/deferred.ts";
import type { Reactor } from "../core/reactor.ts";
import { run } from "../reactor/run.ts";
import type { RunOptions } from "../reactor/run-main.ts";
import { MultiService } from "./multi-service.ts";
import type { ServiceLike } from "./service.ts";

/**
 * Starts a service with all that is below it, and stops it before `reactor` shuts down. Fires when it has started; fails
 * with ServiceStartError, and with CancelledError if the reactor stops first: then nothing of it is left running.
 *
 * @example
 * ```ts
 * import { Application, startTree, TimerService } from "ropewalk/app";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * const application = new Application({ services: [new TimerService(1_000, () => console.log("tick"))] });
 * await startTree(reactor, application); // tick
 * console.log(application.state); // running
 * ```
 */
export function startTree(reactor: Reactor, service: ServiceLike): Deferred<void> {
  // Within a parent even a single service has a limit for its stop, and an error that names it.
  const root = service instanceof MultiService ? service : new MultiService({ name: "tree", services: [service] });
  const step = reactor.addTrigger("before", "shutdown", () => root.stopService());
  return root.startService(reactor).addErrback((error) => {
    step[Symbol.dispose]();
    throw error;
  });
}

/**
 * Runs a service on a reactor of Node until SIGINT, SIGTERM or `reactor.stop()`, as `run` does: the log goes to standard
 * error, and a start that fails ends it with exit status 1.
 *
 * @example
 * ```ts no-run: serves until Ctrl-C
 * import { Protocol } from "ropewalk";
 * import { runService, StreamServerService } from "ropewalk/app";
 *
 * await runService(new StreamServerService("tcp:9", () => new Protocol()));
 * ```
 */
export function runService(service: ServiceLike, options: RunOptions = {}): Promise<void> {
  return run((reactor) => startTree(reactor, service), options);
}
