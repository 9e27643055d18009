import { afterNextTurn, installTurnHook } from "../core/deferred/turn.ts";

/**
 * The turns of an event loop that has none: each outermost `advance` of a Clock is one. What core asks for during an
 * advance runs at the end of the second advance after it; a test that does not advance that often gets it from whoever
 * keeps the turns outside, so that no report is lost.
 */
export class AdvanceTurns {
  #depth = 0;
  #uninstall: (() => void) | undefined;
  #asked: (() => void)[] = [];
  #askedBefore: (() => void)[] = [];
  #dueNext: (() => void)[] = [];

  /** An advance begins, perhaps inside another one. */
  enter(): void {
    this.#depth += 1;
    if (this.#depth === 1) this.#uninstall = installTurnHook((check) => void this.#asked.push(once(check)));
  }

  /** It ends. */
  leave(): void {
    this.#depth -= 1;
    if (this.#depth > 0) return;
    this.#uninstall?.();
    const due = this.#dueNext;
    this.#dueNext = this.#askedBefore;
    this.#askedBefore = this.#asked;
    this.#asked = [];
    for (const check of this.#askedBefore) afterNextTurn(check);
    for (const check of due) check();
  }
}

function once(check: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    check();
  };
}
