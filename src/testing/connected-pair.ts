import type { Address } from "../core/address.ts";
import type { Protocol } from "../core/protocol.ts";
import type { StreamOptions } from "../core/reactor.ts";
import type { Clock as ClockInterface } from "../core/time/clock.ts";
import { Clock } from "./clock.ts";
import { type JoinOptions, joinedTransports } from "./joined-transports.ts";
import { MemoryLoop } from "./memory-loop.ts";
import type { PipeTransport } from "./pipe-transport.ts";
import type { Splits } from "./splits.ts";

/** How `connectedPair` joins its two ends. */
export interface PairOptions extends StreamOptions {
  /** Where the bytes are cut on their way, both ways or each its own; default `"whole"`. */
  readonly splits?: Splits | { readonly fromA?: Splits | undefined; readonly fromB?: Splits | undefined } | undefined;
  /** Bytes on the way in each direction before the writer has to hold on; default 65 536. */
  readonly capacityBytes?: number | undefined;
  /** Tells the close timeout; default: a Clock of its own, `pair.clock`. */
  readonly clock?: ClockInterface | undefined;
  readonly addressA?: Address | undefined;
  readonly addressB?: Address | undefined;
  /** How many turns `flush` runs before it says that this never ends; default 10 000 000. */
  readonly turnLimit?: number | undefined;
}

/**
 * Joins two protocols by memory: `a` as the one that dialled, `b` as the one that accepted. Both are connected at once;
 * after that nothing moves until `pump()` or `flush()`. Same protocols, same splits: same order of events, always.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { connectedPair } from "ropewalk/testing";
 *
 * class Echo extends Protocol {
 *   override dataReceived(data: Uint8Array): void {
 *     this.transport.write(data);
 *   }
 * }
 * class Asker extends Protocol {
 *   readonly heard: number[] = [];
 *   override connectionMade(): void {
 *     this.transport.write("hello");
 *   }
 *   override dataReceived(data: Uint8Array): void {
 *     this.heard.push(data.length);
 *   }
 * }
 * const { a, flush } = connectedPair(new Asker(), new Echo(), { splits: { fromB: [2, 1] } });
 * flush();
 * console.log(a.heard); // [ 2, 1, 1, 1 ]
 * ```
 */
export function connectedPair<A extends Protocol, B extends Protocol>(
  a: A,
  b: B,
  options: PairOptions = {},
): ConnectedPair<A, B> {
  const clock = options.clock ?? new Clock();
  const loop = new MemoryLoop(clock);
  const joined = joinedTransports(loop, joinOptions(options));
  joined.a.attach(a);
  joined.b.attach(b);
  return {
    a,
    b,
    clock,
    transportA: joined.a,
    transportB: joined.b,
    get isQuiet(): boolean {
      return loop.isQuiet;
    },
    pump: () => loop.turn(),
    flush: () => loop.settle(options.turnLimit),
  };
}

/** What `connectedPair` gives. Its functions need no `this`. */
export interface ConnectedPair<A extends Protocol, B extends Protocol> {
  readonly a: A;
  readonly b: B;
  readonly clock: ClockInterface;
  readonly transportA: PipeTransport;
  readonly transportB: PipeTransport;
  /** Nothing is on the way to anybody who wants it. */
  readonly isQuiet: boolean;
  /** One turn: what was written leaves, and each end makes one read. Returns whether there is more to do. */
  pump(): boolean;
  /** Turns until all is quiet. */
  flush(): void;
}

function joinOptions({ splits = "whole", addressA, addressB, ...options }: PairOptions): JoinOptions {
  const both = typeof splits === "string" || Array.isArray(splits) || "seed" in splits;
  const each = both
    ? { fromA: splits as Splits, fromB: splits as Splits }
    : (splits as { fromA?: Splits; fromB?: Splits });
  return {
    splitsFromA: each.fromA ?? "whole",
    splitsFromB: each.fromB ?? "whole",
    capacityBytes: options.capacityBytes ?? CAPACITY_BYTES,
    addressA: addressA ?? { kind: "tcp", host: "192.0.2.1", port: 49_152, family: 4 },
    addressB: addressB ?? { kind: "tcp", host: "192.0.2.2", port: 1_234, family: 4 },
    optionsA: options,
    optionsB: options,
  };
}

/** As much as a kernel takes of a connection whose peer does not read, give or take. */
const CAPACITY_BYTES = 65_536;
