/** This side was asked to say what HTTP/1.1 has no words for, or what is not due now. Nothing of it was sent. */
export class LocalProtocolError extends Error {
  override readonly name: string = "LocalProtocolError";
}

/** The peer sent what is no HTTP/1.1, what was not due, or more than a limit allows. Nothing more can be read from it. */
export class RemoteProtocolError extends Error {
  override readonly name: string = "RemoteProtocolError";
  /** What is wrong with it. */
  readonly problem: string;
  /** What a server answers before it closes (RFC 9110 §15.5, §15.6); where a server is at fault, a gateway's 502. */
  readonly status: number;

  constructor(status: number, problem: string) {
    super(`Peer sent no valid HTTP/1.1: ${problem}`);
    this.status = status;
    this.problem = problem;
  }
}
