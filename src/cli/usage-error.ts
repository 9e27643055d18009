import { FAILED } from "./exit-status.ts";

/** Whoever gave the command line can mend it: exit status 2, and no stack. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

/** What was asked for cannot be done here and now: one line on standard error, without a stack. */
export class FailureError extends Error {
  override readonly name: string = "FailureError";
  /** The exit status; default 1. */
  readonly status: number;

  constructor(message: string, options: ErrorOptions & { readonly status?: number } = {}) {
    super(message, options);
    this.status = options.status ?? FAILED;
  }
}
