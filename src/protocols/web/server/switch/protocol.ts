import type { Protocol } from "../../../../core/protocol.ts";
import { Response, type ResponseInit } from "../../message/response.ts";

/**
 * An answer after which the connection speaks another protocol: 101 to a request with an Upgrade field, 200 to CONNECT.
 *
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { SwitchProtocols } from "ropewalk/web";
 *
 * const answer = new SwitchProtocols(new Protocol(), { status: 101, headers: { Upgrade: "rope", Connection: "upgrade" } });
 * console.log(answer.status); // 101
 * ```
 */
export class SwitchProtocols extends Response {
  readonly successor: Protocol;

  constructor(successor: Protocol, init: ResponseInit & { readonly status: 101 | 200 }) {
    super(null, init);
    this.successor = successor;
  }
}
