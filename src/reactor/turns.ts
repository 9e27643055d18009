import type { TurnHook } from "../core/deferred/turn.ts";

/** How Node's loop gives core "the end of the turn after next": for `installTurnHook` while a NodeReactor runs. */
export const nodeTurns: TurnHook = (check) => {
  waiting.push(check);
  if (waiting.length === 1) setImmediate(nextTurn);
};

// Those that are asked for in one turn share the way: a burst of failures costs two immediates, not two each.
function nextTurn(): void {
  setImmediate(runChecks, waiting.splice(0));
}

function runChecks(checks: readonly (() => void)[]): void {
  for (const check of checks) check();
}

const waiting: (() => void)[] = [];
