import { formatAddress } from "../../core/address.ts";
import type { Holding, HoldingKind } from "../../core/holdings.ts";
import type { LogLevel } from "../../core/log/levels.ts";
import { logNamespaces } from "../../core/log/logger.ts";
import { logPublisher } from "../../core/log/publisher.ts";
import type { Port, Reactor } from "../../core/reactor.ts";
import type { DelayedCall } from "../../core/time/clock.ts";
import type { ServiceLike } from "../service.ts";
import { type ConnectionOrder, connectionFacts, connectionsAmong, sortConnections } from "./connections.ts";
import type { FactsPage, LogFacts, OriginFacts, Snapshot } from "./facts.ts";
import { serviceFacts } from "./services.ts";
import type { Watch } from "./watch.ts";

/** Which part of a list is shown. */
export interface PageQuery {
  /** How many to leave out at the beginning; default 0. */
  readonly offset?: number | undefined;
  /** How many to show; default 50, at most 500. */
  readonly limit?: number | undefined;
}

/** What a snapshot shows. */
export interface InspectOptions {
  /** Who has been looking on; without one there are no ages, origins, errors and vitals. */
  readonly watch?: Watch | undefined;
  /** What the program is called; default: the name of the tree's root. */
  readonly name?: string | undefined;
  readonly connections?: (PageQuery & { readonly order?: ConnectionOrder | undefined }) | undefined;
  readonly timers?: PageQuery | undefined;
}

/**
 * What a program is at, now, as plain JSON: its services, ports, connections, timers, errors and log. Lists are cut: each says
 * how long it is, and the options choose which part is shown.
 *
 * @param tree The root of its services, if it has any.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { inspect } from "ropewalk/app";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * class Echo extends Protocol {}
 * const reactor = new MemoryReactor();
 * await reactor.listenTcp({ port: 7 }, () => new Echo());
 * reactor.dial(7);
 * const { connections } = inspect(reactor, undefined);
 * console.log(connections.total, connections.items[0]?.stack); // 1 [ 'Echo' ]
 * ```
 */
export function inspect(reactor: Reactor, tree: ServiceLike | undefined, options: InspectOptions = {}): Snapshot {
  const { watch, name } = options;
  const holdings = reactor.holdings();
  const held = byKind(holdings);
  const originOf = (subject: object): OriginFacts | undefined => watch?.originOf(subject);
  const ports = held.get("port") ?? [];
  const connections = connectionsAmong(holdings, watch?.ownAddresses ?? NOBODY);
  const timers = subjects<DelayedCall>(held.get("delayed call")).filter((call) => watch?.isOwn(call) !== true);
  const others = OTHER_KINDS.flatMap((kind) => held.get(kind) ?? []);
  const services = tree && serviceFacts(tree);
  const now = reactor.now();
  return {
    program: {
      name: name ?? services?.name ?? "(unnamed)",
      pid: reactor.environment.pid,
      nowMs: reactor.wallTimeMs(),
      watchedMs: watch === undefined ? 0 : now - watch.startedMs,
    },
    counts: {
      ports: ports.length,
      connections: connections.length,
      viewers: (held.get("connection")?.length ?? 0) - connections.length,
      timers: timers.length,
      others: others.length,
    },
    vitals: watch?.samples?.latest,
    services,
    ports: page(ports, {}, ({ subject }) => ({
      address: formatAddress((subject as Port).address),
      origin: originOf(subject),
    })),
    connections: page(
      sortConnections(connections, options.connections?.order ?? "oldest"),
      options.connections,
      (one) => connectionFacts(one, watch?.ageMs(one)),
    ),
    timers: page(timers, options.timers, (call) => ({
      dueInMs: Number.isFinite(call.time) ? call.time - now : undefined,
      origin: originOf(call),
    })),
    others: page(others, {}, ({ kind, summary, subject }) => ({ kind, summary, origin: originOf(subject) })),
    errors: watch?.log.errors ?? { total: 0, recent: [] },
    log: watch?.log.facts ?? unwatchedLog(),
  };
}

function byKind(holdings: readonly Holding[]): Map<HoldingKind, Holding[]> {
  const held = new Map<HoldingKind, Holding[]>();
  for (const holding of holdings) {
    const same = held.get(holding.kind);
    if (same === undefined) held.set(holding.kind, [holding]);
    else same.push(holding);
  }
  return held;
}

function subjects<T>(holdings: readonly Holding[] = []): T[] {
  return holdings.map(({ subject }) => subject as T);
}

function page<T, F>(all: readonly T[], query: PageQuery | undefined, facts: (one: T) => F): FactsPage<F> {
  const offset = Math.max(0, query?.offset ?? 0);
  const limit = Math.min(MAX_LIMIT, Math.max(0, query?.limit ?? DEFAULT_LIMIT));
  return { total: all.length, offset, items: all.slice(offset, offset + limit).map(facts) };
}

function unwatchedLog(): LogFacts {
  const counts: Record<LogLevel, number> = { debug: 0, info: 0, warn: 0, error: 0, critical: 0 };
  return { levels: Object.fromEntries(logPublisher.levels.thresholds), namespaces: logNamespaces(), counts };
}

const NOBODY: ReadonlySet<string> = new Set();
const OTHER_KINDS: readonly HoldingKind[] = ["datagram port", "connecting", "process", "worker"];
/** A screen full, and what a browser still draws without a pause. */
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;
