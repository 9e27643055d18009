/**
 * How core asks for "the end of the event-loop turn after next" without knowing any event loop. Whoever has turns (the
 * running reactor, a Clock, a Simulation) installs a hook; core calls it, never the other way round.
 */

/** Calls `check` once, at the end of the turn after next. Each call stands for itself; a hook may keep them in a list. */
export type TurnHook = (check: () => void) => void;

/**
 * Makes `hook` the one that core asks, until the function that comes back is called. Hooks stack: the one installed last
 * wins, and uninstalling it (in whatever order) brings back the one below.
 */
export function installTurnHook(hook: TurnHook): () => void {
  const entry = { hook };
  installed.push(entry);
  return () => {
    const at = installed.indexOf(entry);
    if (at !== -1) installed.splice(at, 1);
  };
}

/** Runs `check` at the end of the event-loop turn after next. */
export function afterNextTurn(check: () => void): void {
  const top = installed.at(-1);
  if (top === undefined) afterHops(check);
  else top.hook(check);
}

// One chain of hops serves all that was asked for between two microtasks: a burst of errors must not cost a chain each.
function afterHops(check: () => void): void {
  if (gathering !== undefined) {
    gathering.push(check);
    return;
  }
  const checks = [check];
  gathering = checks;
  let hops = Promise.resolve().then(() => {
    gathering = undefined;
  });
  for (let hop = 1; hop < STAND_IN_HOPS; hop++) hops = hops.then(nothing);
  void hops.then(() => {
    for (const each of checks) each();
  });
}

function nothing(): void {}

const installed: { hook: TurnHook }[] = [];
let gathering: (() => void)[] | undefined;

// Awaiting a Deferred takes three microtasks, so this leaves time for ten awaits in a row before an error is reported.
const STAND_IN_HOPS = 32;
