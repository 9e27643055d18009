/**
 * Calls `sink` with the reason of each promise that is rejected and that nobody handles, until disposed. Node tells of them
 * when it has run out of microtasks, which is no later than its next turn. Whoever else listens for them (a test runner,
 * which would fail the test) does not hear of them meanwhile: they are part of a run, and the run's result says so.
 */
export function onUnhandledRejection(sink: (reason: unknown) => void): Disposable {
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", sink);
  return {
    [Symbol.dispose]: () => {
      process.off("unhandledRejection", sink);
      for (const other of others) process.on("unhandledRejection", other);
    },
  };
}
