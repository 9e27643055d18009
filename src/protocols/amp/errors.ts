/** This side asked for what AMP cannot say, or for a call that cannot be made now. Nothing was sent. */
export class LocalAmpError extends Error {
  override readonly name: string = "LocalAmpError";
}

/** The peer broke AMP, a limit, or the types that a command declares. `problem` says which. */
export class RemoteAmpError extends Error {
  override readonly name: string = "RemoteAmpError";
  readonly problem: AmpProblem;

  constructor(problem: AmpProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.problem = problem;
  }
}

/**
 * What the peer did: a key or a box above its limit, a box that is neither call nor answer, an answer that nobody waits
 * for, values that are not what the command declares, or answers that it does not take.
 */
export type AmpProblem =
  | "key length"
  | "key count"
  | "box size"
  | "box kind"
  | "stray answer"
  | "values"
  | "unsent bytes";

/** The peer answered a call with an error whose code the command does not declare. */
export class RemoteCallError extends Error {
  override readonly name: string = "RemoteCallError";
  /** The name of the command that was called. */
  readonly command: string;
  /** The code on the wire: `UNKNOWN` for an error that the peer keeps to itself. */
  readonly code: string;
  /** What the peer says about it. */
  readonly description: string;

  constructor(command: string, code: string, description: string) {
    super(`Peer answered the call of "${command}" with the error ${code}: ${description}`);
    this.command = command;
    this.code = code;
    this.description = description;
  }
}

/** The peer has no responder for the command. */
export class UnhandledCommandError extends RemoteCallError {
  override readonly name: string = "UnhandledCommandError";
}
