/** The peer sent something that is no SOCKS message, or not the one that was due. */
export class RemoteSocksError extends Error {
  override readonly name: string = "RemoteSocksError";
  /** What is wrong with it. */
  readonly problem: string;
  /** What a server answers to it, if it came where a request was due (RFC 1928 §6). */
  readonly reply: number;

  constructor(problem: string, reply: number = GENERAL_FAILURE) {
    super(`Peer sent no valid SOCKS message: ${problem}`);
    this.problem = problem;
    this.reply = reply;
  }
}

/** The proxy understood, and will not or cannot do it. */
export class SocksRefusedError extends Error {
  override readonly name: string = "SocksRefusedError";
  /**
   * For version 5 the number of RFC 1928 §6 (2 not allowed, 3 network unreachable, 4 host unreachable, 5 refused), for
   * version 4 that of its reply (91 to 93); undefined if the proxy refused before there was a request: it wants a login,
   * or did not take this one.
   */
  readonly reply: number | undefined;

  constructor(problem: string, reply?: number, options?: ErrorOptions) {
    super(`Proxy refused: ${problem}`, options);
    this.reply = reply;
  }
}

/** This side was asked to say what SOCKS, or its version, has no words for. */
export class LocalSocksError extends Error {
  override readonly name: string = "LocalSocksError";

  constructor(problem: string) {
    super(`Cannot ask a SOCKS proxy: ${problem}`);
  }
}

const GENERAL_FAILURE = 1;
