/** The error itself or what lies behind it, whichever is the first of this class. */
export function causeOf<E extends Error>(error: Error, type: abstract new (...args: never[]) => E): E | undefined {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) if (cause instanceof type) return cause;
  return undefined;
}
