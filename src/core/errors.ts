import { type Address, formatAddress } from "./address.ts";
import { showValue } from "./log/value.ts";

/** The connection was closed cleanly, by either side: the normal reason of `connectionLost`. */
export class ConnectionDone extends Error {
  override readonly name: string = "ConnectionDone";
  constructor(message: string = "Connection was closed cleanly") {
    // Its stack would name the event loop, or whatever made the first one, and nothing of the connection.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The connection broke: it was reset, its route went away, or TLS ended without close_notify. `cause` says what was seen. */
export class ConnectionLost extends Error {
  override readonly name: string = "ConnectionLost";
  constructor(message: string = "Connection was lost", options?: ErrorOptions) {
    super(message, options);
  }
}

/** This side called `abortConnection()`, or gave up waiting for the peer; the message says which. */
export class ConnectionAborted extends Error {
  override readonly name: string = "ConnectionAborted";
  constructor(message: string = "Connection was aborted locally", options?: ErrorOptions) {
    super(message, options);
  }
}

/** One address that was tried, and what it answered. */
export interface ConnectAttempt {
  readonly address: Address;
  readonly error: Error;
}

/** No connection could be made. `errors` has one entry for each address that was tried. */
export class ConnectError extends Error {
  override readonly name: string = "ConnectError";
  readonly errors: readonly ConnectAttempt[];
  /** The system's code (`ECONNREFUSED`, …) where all attempts agree on one. */
  readonly code: string | undefined;
  constructor(message: string, options: ErrorOptions & { errors?: readonly ConnectAttempt[]; code?: string } = {}) {
    super(message, options);
    this.errors = options.errors ?? [];
    this.code = options.code ?? commonCode(this.errors);
  }
}

/** A host name could not be turned into addresses. */
export class LookupError extends ConnectError {
  override readonly name: string = "LookupError";
}

/** The name, chain or fingerprint that the TLS peer showed was not accepted, or the handshake broke. */
export class TlsError extends ConnectError {
  override readonly name: string = "TlsError";
}

/** A port could not be opened: taken, forbidden, or not an address of this machine. */
export class ListenError extends Error {
  override readonly name: string = "ListenError";
  /** What was asked for. */
  readonly address: Address;
  /** The system's code (`EADDRINUSE`, …), if it gave one. */
  readonly code: string | undefined;
  constructor(address: Address, reason: string, options: ErrorOptions & { code?: string } = {}) {
    super(`Cannot listen on ${formatAddress(address)}: ${reason}`, options);
    this.address = address;
    this.code = options.code;
  }
}

/** The child exited with status 0. */
export class ProcessDone extends Error {
  override readonly name: string = "ProcessDone";
  constructor(message: string = "Process ended with status 0") {
    super(message);
  }
}

/** The child exited with another status, was killed by a signal, or could not be started (`cause`). */
export class ProcessTerminated extends Error {
  override readonly name: string = "ProcessTerminated";
  /** 1 to 255; undefined if it was killed, or did not start. */
  readonly exitCode: number | undefined;
  /** What killed it (`"SIGKILL"`), if a signal did. */
  readonly signal: string | undefined;
  constructor(message: string, options: ErrorOptions & { exitCode?: number; signal?: string } = {}) {
    super(message, options);
    this.exitCode = options.exitCode;
    this.signal = options.signal;
  }
}

/** The operation is not available here: a missing optional package, or a transport that cannot do it. */
export class UnsupportedError extends Error {
  override readonly name: string = "UnsupportedError";
}

/** The reactor is not in the state that the call needs (`run` while running, `stop` while stopped). */
export class ReactorStateError extends Error {
  override readonly name: string = "ReactorStateError";
}

/** What was thrown, if it is an Error; else one that says what it was, with that as its `cause`. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(showValue(thrown), { cause: thrown });
}

function commonCode(attempts: readonly ConnectAttempt[]): string | undefined {
  const codes = new Set(attempts.map(({ error }) => (error as { code?: string }).code));
  return codes.size === 1 ? [...codes][0] : undefined;
}
