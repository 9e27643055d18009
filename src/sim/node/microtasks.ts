/**
 * Calls `then` when every microtask that waits now, and every one that those add, has run. A tick that a microtask asks
 * for comes when the queue of microtasks is empty: that is the order in which Node takes the two.
 */
export function afterMicrotasks(then: () => void): void {
  microtask(() => process.nextTick(then));
}

/** Calls `then` in the next turn of Node's own loop: what Node does between two turns has been done. */
export function afterRealTurn(then: () => void): void {
  immediate(then);
}

/** The real ones, whatever a test puts in their place. */
const [microtask, immediate] = [queueMicrotask, setImmediate];
