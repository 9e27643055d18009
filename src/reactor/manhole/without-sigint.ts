/**
 * Calls `f` while nobody listens for SIGINT, so that a REPL in it can have the signal: it interrupts the line that is being
 * evaluated. With listeners there it would end the process meanwhile; and afterwards as well, since Node leaves the signal
 * to its default then, however many listen.
 */
export function withoutSigintListeners<T>(f: () => T): T {
  const listeners = process.rawListeners("SIGINT") as (() => void)[];
  process.removeAllListeners("SIGINT");
  try {
    return f();
  } finally {
    for (const listener of listeners) process.on("SIGINT", listener);
  }
}
