import type { HeaderMap } from "../../../wire/header-map.ts";

/** A proxy answered CONNECT, and will not or cannot do it. */
export class ProxyRefusedError extends Error {
  override readonly name: string = "ProxyRefusedError";
  /** What it answered: 407 wants a login (or another one), 403 forbids, 502 and 504 did not reach the target. */
  readonly status: number;
  /** Those of the answer, such as `Proxy-Authenticate`. */
  readonly headers: HeaderMap;

  constructor(target: string, status: number, reason: string, headers: HeaderMap) {
    super(`Proxy refused to connect to ${target}: ${status} ${reason}`.trimEnd());
    this.status = status;
    this.headers = headers;
  }
}
