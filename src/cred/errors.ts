/**
 * The credentials are wrong. It is the same error for a user who is not there, a wrong password, a token that has run out: to
 * tell which is to help whoever guesses.
 */
export class LoginFailed extends Error {
  override readonly name: string = "LoginFailed";
  constructor(message: string = "Cannot log in: the credentials are wrong") {
    super(message);
  }
}

/** Nothing was checked, because there were too many attempts, of this one or altogether. */
export class LoginThrottled extends Error {
  override readonly name: string = "LoginThrottled";
  /** When it makes sense to try again, in milliseconds from now. */
  readonly retryAfterMs: number;
  constructor(retryAfterMs: number) {
    super(`Cannot log in: too many attempts; try again in ${Math.ceil(retryAfterMs / 1_000)} s`);
    this.retryAfterMs = retryAfterMs;
  }
}

/** No checker of the portal takes credentials of this kind: the server offers a way to log in that it was not set up for. */
export class UnknownCredentials extends Error {
  override readonly name: string = "UnknownCredentials";
  /** The kinds that are taken. */
  readonly kinds: readonly string[];
  constructor(kind: string, kinds: readonly string[]) {
    super(`Cannot check credentials of kind "${kind}": the portal's checkers take ${kinds.join(", ") || "none"}`);
    this.kinds = kinds;
  }
}

/** A stored password hash cannot be used: it is malformed, of another scheme, or costs more than is allowed. */
export class PasswordHashError extends Error {
  override readonly name: string = "PasswordHashError";
}

/** The password file is missing or malformed. Nobody is let in until it is put right. */
export class PasswordFileError extends Error {
  override readonly name: string = "PasswordFileError";
  readonly path: string;
  /** The line at fault, from 1; undefined if it is the file as a whole. */
  readonly line: number | undefined;
  constructor(path: string, line: number | undefined, reason: string, options?: ErrorOptions) {
    super(`Cannot read password file "${path}"${line === undefined ? "" : `, line ${line}`}: ${reason}`, options);
    this.path = path;
    this.line = line;
  }
}
