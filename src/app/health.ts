import { Deferred } from "../core/deferred/deferred.ts";
import { TimeoutError } from "../core/deferred/errors.ts";
import { gatherResults } from "../core/deferred/gather.ts";
import { maybeDeferred } from "../core/deferred/succeed.ts";
import type { Clock } from "../core/time/clock.ts";
import { type ChildStatus, type Health, isServiceParent, type ServiceParent, type ServiceState } from "./service.ts";

/** How a service and all that is below it does. */
export interface HealthReport extends Health {
  readonly name: string;
  readonly state: ServiceState;
  /** It runs, and so does all that is below it: it can be given work. */
  readonly ready: boolean;
  readonly children: readonly HealthReport[];
}

/** How patient `checkHealth` is. */
export interface CheckHealthOptions {
  /** Counts a service whose `health` gives no answer by then as unwell; default 5 000 ms. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Asks a tree how it does. A service is well if it has not failed, its `health` says so, and all below it are. Never fails:
 * a `health` that throws, or hangs, makes the service unwell.
 *
 * @example
 * ```ts
 * import { checkHealth, MultiService, startTree, TimerService } from "ropewalk/app";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * const tree = new MultiService({ name: "jobs", services: [new TimerService(1_000, function refresh() {})] });
 * console.log((await checkHealth(reactor, tree)).ready); // false
 * await startTree(reactor, tree);
 * const { ok, ready, children } = await checkHealth(reactor, tree);
 * console.log(ok, ready, children[0]?.name); // true true refresh
 * ```
 */
export function checkHealth(
  clock: Clock,
  root: ServiceParent,
  options: CheckHealthOptions = {},
): Deferred<HealthReport> {
  const { timeoutMs = TIMEOUT_MS } = options;
  const status = { name: root.name ?? "tree", service: root, state: root.state, error: undefined };
  return check(clock, status, timeoutMs);
}

function check(clock: Clock, { name, service, state, error }: ChildStatus, timeoutMs: number): Deferred<HealthReport> {
  const below = isServiceParent(service) ? service.children : [];
  const own = ask(clock, service, timeoutMs);
  return gatherResults(below.map((child) => check(clock, child, timeoutMs))).addCallback((children) =>
    own.addCallback((health) => {
      const unwell = children.filter(({ ok }) => !ok).map((child) => child.name);
      const detail =
        error?.message ?? health.detail ?? (unwell.length > 0 ? `unwell: ${unwell.join(", ")}` : undefined);
      return {
        name,
        state,
        ok: state !== "failed" && health.ok && unwell.length === 0,
        ready: state === "running" && children.every(({ ready }) => ready),
        ...(detail === undefined ? {} : { detail }),
        children,
      };
    }),
  );
}

function ask(clock: Clock, service: ChildStatus["service"], timeoutMs: number): Deferred<Health> {
  // Links go on a Deferred of our own: the one that `health` gives may be the service's.
  const answer = new Deferred<Health>();
  void maybeDeferred(() => service.health?.() ?? WELL).then(
    (health) => answer.callback(health),
    (error: unknown) => answer.errback(error),
  );
  return answer.addTimeout(timeoutMs, clock).addErrback((error) => ({ ok: false, detail: complaint(error) }));
}

function complaint(error: unknown): string {
  if (error instanceof TimeoutError) return `it gave no answer within ${error.timeoutMs} ms`;
  return error instanceof Error ? error.message : String(error);
}

const WELL: Health = { ok: true };
const TIMEOUT_MS = 5_000;
