import type { Address } from "../core/address.ts";
import { ListenError } from "../core/errors.ts";

/** What went wrong with opening `asked`, as the error that says so. */
export function asListenError(asked: Address, error: NodeJS.ErrnoException): ListenError {
  if (error instanceof ListenError) return error;
  return new ListenError(asked, explain(error), { cause: error, ...(error.code && { code: error.code }) });
}

function explain(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "EADDRINUSE":
      return "it is in use by another program, or by this one";
    case "EACCES":
      return "this user may not open it";
    case "EADDRNOTAVAIL":
      return "it is not an address of this machine";
    default:
      return error.message;
  }
}
