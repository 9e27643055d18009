import type { Selector } from "../network/link-options.ts";
import type { Fault, FaultKind, FaultOf } from "./fault.ts";
import { isInstant } from "./is-instant.ts";

/**
 * One line for people, without the times: `partition of a from b, c`.
 *
 * @example
 * ```ts
 * import { describeFault } from "ropewalk/sim";
 *
 * console.log(describeFault({ kind: "slow reader", host: ["a", "b"], bytesPerSecond: 10 })); // slow reader a, b: 10 bytes/s
 * ```
 */
export function describeFault(fault: Fault): string {
  const words = WORDS[fault.kind] as (fault: Fault) => string;
  return words(fault);
}

/** `from 1200 ms, for 300 ms: partition of a from b`. */
export function describeTimedFault(fault: Fault): string {
  return `${timeOf(fault)}: ${describeFault(fault)}`;
}

function timeOf(fault: Fault): string {
  const { kind, atMs = 0, forMs = Number.POSITIVE_INFINITY } = fault as Fault & { readonly forMs?: number | undefined };
  if (isInstant(kind)) return `at ${number(atMs)} ms`;
  return `from ${number(atMs)} ms${forMs === Number.POSITIVE_INFINITY ? " on" : `, for ${number(forMs)} ms`}`;
}

const WORDS: { readonly [K in FaultKind]: (fault: FaultOf<K>) => string } = {
  partition: ({ between: [a, b] }) => `partition of ${names(a)} from ${names(b)}`,
  "one-way partition": ({ from, to }) => `one-way partition: nothing from ${names(from)} reaches ${names(to)}`,
  reset: ({ between: [a, b] }) => `reset of connections between ${names(a)} and ${names(b)}`,
  "half-open": ({ host, peer }) =>
    `half-open: ${names(host)} loses its connections with ${names(peer)}, who is not told`,
  "silent drop": ({ between: [a, b] }) => `silent drop in connections between ${names(a)} and ${names(b)}`,
  "slow reader": ({ host, bytesPerSecond }) => `slow reader ${names(host)}: ${number(bytesPerSecond)} bytes/s`,
  "full accept queue": ({ host, port }) => `full accept queue at ${names(host)}${portOf(port)}`,
  refuse: ({ host, port }) => `connections to ${names(host)}${portOf(port)} refused`,
  "dns failure": ({ name }) => (name === "*" ? "DNS failure of all names" : `DNS failure of "${name}"`),
  "clock skew": ({ host, offsetMs, rate = 1 }) =>
    `clock skew of ${names(host)}: ${offsetMs < 0 ? "" : "+"}${number(offsetMs)} ms${rate === 1 ? "" : `, rate ${number(rate)}`}`,
  pause: ({ host }) => `pause of ${names(host)}`,
  crash: ({ host }) => `crash of ${names(host)}`,
  kill: ({ host }) => `process on ${names(host)} killed`,
  "disk full": ({ host }) => `disk full at ${names(host)}`,
  "port in use": ({ host, port }) => `port ${port} in use at ${names(host)}`,
  "bad link": ({ between: [a, b], link }) => {
    const changes = Object.entries(link).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name} ${number(value)}`],
    );
    return `bad link between ${names(a)} and ${names(b)}: ${changes.join(", ")}`;
  },
};

function names(selector: Selector): string {
  if (typeof selector !== "string") return selector.map(names).join(", ");
  return selector === "*" ? "all hosts" : selector;
}

function portOf(port: number | undefined): string {
  return port === undefined ? "" : ` port ${port}`;
}

function number(value: number): string {
  return String(Math.round(value * 1_000) / 1_000);
}
