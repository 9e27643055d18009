/** The peer broke RFC 1413: no answer, or one that is not to the question. */
export class RemoteIdentError extends Error {
  override readonly name: string = "RemoteIdentError";
  readonly problem: string;

  constructor(problem: string) {
    super(`Peer gave no valid ident answer: ${problem}`);
    this.problem = problem;
  }
}

/** This side was asked to say what RFC 1413 has no form for. */
export class LocalIdentError extends Error {
  override readonly name: string = "LocalIdentError";

  constructor(problem: string) {
    super(`Cannot answer an ident query: ${problem}`);
  }
}
