import type { Fault, FaultKind } from "./fault.ts";

/**
 * What may be drawn: a kind, all the rest being drawn as well; or a kind with some of its fields fixed. `hosts` says for this
 * one item whom it may hit.
 */
export type FaultMenuItem = FaultKind | FaultTemplate;

/** A fault with fields left open. */
export type FaultTemplate = {
  [K in FaultKind]: Partial<Omit<Extract<Fault, { readonly kind: K }>, "kind">> & {
    readonly kind: K;
    readonly hosts?: readonly string[] | undefined;
  };
}[FaultKind];

/** What may go wrong in a scenario, to be drawn from the seed. */
export interface FaultMenu {
  /** Each as likely as the others; name one twice to have it twice as often. */
  readonly kinds: readonly FaultMenuItem[];
  /** Whom faults may hit, each name (of a host or a group) by itself; in a scenario default: every host. */
  readonly hosts?: readonly string[] | undefined;
  /** How many, or from how many to how many; default 1 to 4. */
  readonly count?: number | readonly [least: number, most: number] | undefined;
  /** They begin from then; default 0. */
  readonly fromMs?: number | undefined;
  /** They begin before that; in a scenario default: its `durationMs`. */
  readonly withinMs?: number | undefined;
  /** No fault lasts longer; default: a third of `withinMs`. */
  readonly longestMs?: number | undefined;
  /** Ports that `refuse`, `full accept queue` and `port in use` may take; without: all ports, and no `port in use`. */
  readonly ports?: readonly number[] | undefined;
  /** Names that a `dns failure` may take; default: all names at once. */
  readonly names?: readonly string[] | undefined;
}
