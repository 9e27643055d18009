import type { TurnHook } from "../core/deferred/turn.ts";

/**
 * How Node's loop gives core "the end of the turn after next": for `installTurnHook`. Immediates run at the end of a turn:
 * of the one at hand, of the next, of the one after. (Asked for by an immediate, it comes one turn later.)
 */
export const nodeTurns: TurnHook = (check) => {
  waiting.push(check);
  if (waiting.length === 1) setImmediate(endTurn);
};

// Those that are asked for in one turn share the way: a burst of failures costs three immediates, not three each.
function endTurn(): void {
  setImmediate(endNextTurn, waiting.splice(0));
}

function endNextTurn(checks: readonly (() => void)[]): void {
  setImmediate(runChecks, checks);
}

function runChecks(checks: readonly (() => void)[]): void {
  for (const check of checks) check();
}

const waiting: (() => void)[] = [];
