import { FailureError } from "../usage-error.ts";

/** For an option that is declared, and that nothing keeps yet. */
export function notYet(option: string): FailureError {
  return new FailureError(`Cannot use ${option}: this version does not have it yet`);
}
