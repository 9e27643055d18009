/** Whoever gave the command line can mend it: exit status 2, and no stack. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}
