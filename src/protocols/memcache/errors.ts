/** This side asked for what the protocol cannot say, or for more than a limit allows. Nothing was sent. */
export class LocalMemcacheError extends Error {
  override readonly name: string = "LocalMemcacheError";
}

/** The peer broke the protocol or a limit. `problem` says which; the connection closes. */
export class RemoteMemcacheError extends Error {
  override readonly name: string = "RemoteMemcacheError";
  readonly problem: MemcacheProblem;

  constructor(problem: MemcacheProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

/**
 * What the peer did: a line or a value above its limit, a line that does not say how long its value is, a line or a value that
 * does not end as it should, or a reply that is none to what was asked, or to nothing.
 */
export type MemcacheProblem = "line length" | "line end" | "value size" | "value header" | "value end" | "reply";

/** The server refused one request. Others go on, unless it may have taken the refused value for commands. */
export class RemoteReplyError extends Error {
  override readonly name: string = "RemoteReplyError";
  /** `ERROR`: unknown command. `CLIENT_ERROR`: what was sent is wrong. `SERVER_ERROR`: it cannot, now. */
  readonly code: ReplyErrorCode;
  /** What the server says about it. */
  readonly description: string;

  constructor(code: ReplyErrorCode, description: string) {
    super(`Memcache server answered ${code}${description === "" ? "" : `: ${description}`}`);
    this.code = code;
    this.description = description;
  }
}

/** The three words with which a server refuses. */
export type ReplyErrorCode = "ERROR" | "CLIENT_ERROR" | "SERVER_ERROR";

/** A pool has no node that could be asked: all are left out after failures. `cause` is the last failure, if known. */
export class NoNodeError extends Error {
  override readonly name: string = "NoNodeError";
}
