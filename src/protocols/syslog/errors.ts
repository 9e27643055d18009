/** The peer sent something that is no syslog message, or one over a limit. */
export class RemoteSyslogError extends Error {
  override readonly name: string = "RemoteSyslogError";
  /** What is wrong with it. */
  readonly problem: string;
  /** The first bytes of what came, as Latin-1: for a log whose observers escape controls. */
  readonly start: string;

  constructor(problem: string, start: string = "") {
    super(`Peer sent no valid syslog message: ${problem}`);
    this.problem = problem;
    this.start = start;
  }
}

/** This side was asked to send what the format, the framing or the datagram cannot hold. */
export class LocalSyslogError extends Error {
  override readonly name: string = "LocalSyslogError";

  constructor(problem: string) {
    super(`Cannot send syslog message: ${problem}`);
  }
}
