/** The peer sent no finger query, or more of an answer than is wanted. */
export class RemoteFingerError extends Error {
  override readonly name: string = "RemoteFingerError";
  readonly problem: string;

  constructor(problem: string) {
    super(`Peer broke the finger protocol: ${problem}`);
    this.problem = problem;
  }
}

/** This side was asked to send what is no query. */
export class LocalFingerError extends Error {
  override readonly name: string = "LocalFingerError";

  constructor(problem: string) {
    super(`Cannot send a finger query: ${problem}`);
  }
}
