import { below } from "../random-source.ts";
import type { Fault, FaultKind, FaultOf } from "./fault.ts";
import { isInstant } from "./is-instant.ts";
import type { FaultMenu, FaultMenuItem, FaultTemplate } from "./menu.ts";

/** A menu that says who and when. */
export interface DrawOptions extends FaultMenu {
  readonly hosts: readonly string[];
  readonly withinMs: number;
}

/**
 * A schedule of faults, by time, the same for the same `random`. Times and lengths are whole ms; short faults are likelier than
 * long ones.
 *
 * @throws TypeError for a menu that nothing can be drawn from.
 *
 * @example
 * ```ts
 * import { describeFault, drawFaults } from "ropewalk/sim";
 * import { seededRandom } from "ropewalk/testing";
 *
 * const menu = { kinds: ["crash", "partition"], hosts: ["a", "b", "c"], count: 2, withinMs: 10_000 } as const;
 * const faults = drawFaults(seededRandom(1), menu);
 * console.log(faults.map(describeFault).length); // 2
 * ```
 */
export function drawFaults(random: () => number, menu: DrawOptions): readonly Fault[] {
  const { kinds, count = DEFAULT_COUNT } = menu;
  if (kinds.length === 0) throw new TypeError("Cannot draw faults: the menu names no kinds");
  const [least, most] = typeof count === "number" ? [count, count] : count;
  const total = least + below(random, most - least + 1);
  const faults = Array.from({ length: total }, () => drawOne(random, menu, pick(random, kinds)));
  return faults.sort((one, other) => (one.atMs ?? 0) - (other.atMs ?? 0));
}

function drawOne(random: () => number, menu: DrawOptions, item: FaultMenuItem): Fault {
  const template: FaultTemplate = typeof item === "string" ? ({ kind: item } as FaultTemplate) : item;
  const { hosts = menu.hosts, kind, ...fixed } = template;
  const { fromMs = 0, withinMs } = menu;
  const atMs = Math.round(fromMs + random() * Math.max(0, withinMs - fromMs));
  const longestMs = menu.longestMs ?? withinMs / 3;
  const forMs = Math.max(1, Math.round(longestMs * random() ** 2));
  const draws = DRAWS[kind] as (draw: Draw) => object;
  const drawn = draws({ random, hosts, menu, kind, fixed: fixed as Draw["fixed"] });
  const time = isInstant(kind) ? { atMs } : { atMs, forMs };
  return { kind, ...drawn, ...time, ...fixed } as Fault;
}

interface Draw {
  readonly random: () => number;
  readonly hosts: readonly string[];
  readonly menu: DrawOptions;
  readonly kind: FaultKind;
  readonly fixed: { readonly port?: number | undefined };
}

/** What is to be known of each kind besides its time. */
const DRAWS: { readonly [K in FaultKind]: (draw: Draw) => Partial<Omit<FaultOf<K>, "kind">> } = {
  partition: (draw) => ({ between: split(draw) }),
  "one-way partition": (draw) => {
    const [from, to] = pair(draw);
    return { from, to };
  },
  reset: (draw) => ({ between: pair(draw) }),
  "half-open": (draw) => {
    const [host, peer] = pair(draw);
    return { host, peer };
  },
  "silent drop": (draw) => ({ between: pair(draw) }),
  "slow reader": (draw) => ({ host: one(draw), bytesPerSecond: Math.round(10 ** (1 + 3 * draw.random())) }),
  "full accept queue": (draw) => ({ host: one(draw), ...portOf(draw) }),
  refuse: (draw) => ({ host: one(draw), ...portOf(draw) }),
  "dns failure": ({ random, menu }) => ({ name: menu.names === undefined ? "*" : pick(random, menu.names) }),
  "clock skew": (draw) => {
    const { random } = draw;
    const offsetMs = Math.round(10 ** (6 * random())) * (random() < 0.5 ? -1 : 1);
    return { host: one(draw), offsetMs, ...(random() < 0.5 ? {} : { rate: Math.round(90 + 20 * random()) / 100 }) };
  },
  pause: (draw) => ({ host: one(draw) }),
  crash: (draw) => ({ host: one(draw) }),
  kill: (draw) => ({ host: one(draw) }),
  "disk full": (draw) => ({ host: one(draw) }),
  "port in use": (draw) => {
    const { port } = portOf(draw);
    if (port === undefined && draw.fixed.port === undefined) {
      throw new TypeError('Cannot draw "port in use": the menu names no ports');
    }
    return { host: one(draw), ...(port === undefined ? {} : { port }) };
  },
  "bad link": (draw) => {
    const { random } = draw;
    const loss = Math.round(50 * random()) / 100;
    const latencyMs = Math.round(10 ** (3 * random()));
    return { between: pair(draw), link: { loss, latencyMs, jitterMs: Math.round(latencyMs * random()) } };
  },
};

function portOf({ random, menu: { ports } }: Draw): { readonly port?: number } {
  return ports === undefined ? {} : { port: pick(random, ports) };
}

function one({ random, hosts, kind }: Draw): string {
  if (hosts.length === 0) throw new TypeError(`Cannot draw "${kind}": there are no hosts`);
  return pick(random, hosts);
}

function pair(draw: Draw): readonly [string, string] {
  const [a, b] = shuffled(draw);
  return [a as string, b as string];
}

/** Everybody, in two parts. */
function split(draw: Draw): readonly [readonly string[], readonly string[]] {
  const all = shuffled(draw);
  const at = 1 + below(draw.random, all.length - 1);
  return [all.slice(0, at), all.slice(at)];
}

function shuffled({ random, hosts, kind }: Draw): string[] {
  if (hosts.length < 2) throw new TypeError(`Cannot draw "${kind}": it takes two hosts, and there are ${hosts.length}`);
  const all = [...hosts];
  for (let at = all.length - 1; at > 0; at -= 1) {
    const other = below(random, at + 1);
    [all[at], all[other]] = [all[other] as string, all[at] as string];
  }
  return all;
}

function pick<T>(random: () => number, from: readonly T[]): T {
  return from[below(random, from.length)] as T;
}

const DEFAULT_COUNT = [1, 4] as const;
