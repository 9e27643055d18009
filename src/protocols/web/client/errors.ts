/**
 * How far a request had come: it waited for a connection, one was made for it, it was sent, its answer was awaited, or read.
 */
export type RequestPhase = "queued" | "connecting" | "sending" | "waiting" | "reading";

/**
 * A request that got no answer, or not all of one. `cause` says why: a ConnectError, LookupError or TlsError, a TimeoutError, a
 * RemoteProtocolError of the server, a LocalProtocolError of this side, ConnectionLost, or what the body to send failed with.
 *
 * @example
 * ```ts
 * import { get, RequestError } from "ropewalk/web";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * get(reactor, "http://192.0.2.1/ropes").addErrback((error: RequestError) => console.log(error.phase, error.message));
 * reactor.connects[0]?.refuse();
 * // connecting Cannot GET "http://192.0.2.1/ropes" (connecting): Cannot connect to 192.0.2.1:80: ECONNREFUSED
 * ```
 */
export class RequestError extends Error {
  override readonly name: string = "RequestError";
  readonly method: string;
  /** Without a login that stood in it. */
  readonly url: string;
  readonly phase: RequestPhase;

  constructor(
    request: { readonly method: string; readonly url: string },
    phase: RequestPhase,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`Cannot ${request.method} ${JSON.stringify(request.url)} (${phase}): ${problem}`, options);
    this.method = request.method;
    this.url = request.url;
    this.phase = phase;
  }
}
