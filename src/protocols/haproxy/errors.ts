/** The peer sent something else than a PROXY header, or one that breaks the specification or a limit. */
export class RemoteProxyHeaderError extends Error {
  override readonly name: string = "RemoteProxyHeaderError";
  /** What is wrong with it. */
  readonly problem: string;

  constructor(problem: string) {
    super(`Peer sent no valid PROXY header: ${problem}`);
    this.problem = problem;
  }
}

/** This side was asked for a PROXY header that the version cannot say. */
export class LocalProxyHeaderError extends Error {
  override readonly name: string = "LocalProxyHeaderError";

  constructor(problem: string) {
    super(`Cannot make a PROXY header: ${problem}`);
  }
}
