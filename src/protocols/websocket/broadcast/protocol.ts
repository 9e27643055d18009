import type { DeflateSettings } from "../codec/deflate.ts";
import { PreparedMessage } from "../prepared.ts";
import type { WebSocketProtocol } from "../protocol.ts";

/** How a Broadcast treats those who are slow. */
export interface BroadcastOptions {
  /** What may wait for one member before it counts as slow: 1 MiB, some seconds of a busy room on a bad line. */
  readonly maxBufferedBytes?: number | undefined;
  /**
   * "close", the default: a slow member is told 1013, "try again later", and is out. It can connect again and ask for the
   * state; a gap in the middle it would never notice. "drop": it gets the messages that come when it has caught up, for
   * what the next message replaces anyway: positions, prices.
   */
  readonly slow?: "close" | "drop" | undefined;
  /** How messages are compressed for those who agreed to it. */
  readonly compression?: DeflateSettings | undefined;
}

/**
 * Sends messages to many: each is framed and compressed once. A member that is closed is forgotten by itself.
 *
 * Nobody waits for the slowest, and nobody's memory grows without limit: at most `maxBufferedBytes` and a message for each.
 *
 * @example
 * ```ts
 * import { Broadcast, WebSocketProtocol } from "ropewalk/websocket";
 *
 * const room = new Broadcast<Guest>();
 * class Guest extends WebSocketProtocol {
 *   override connectionMade(): void {
 *     room.add(this);
 *   }
 *   override messageReceived(data: string | Uint8Array): void {
 *     room.send(data);
 *   }
 * }
 * console.log(room.send("hello")); // 0, since nobody is there
 * ```
 */
export class Broadcast<P extends WebSocketProtocol = WebSocketProtocol> {
  readonly #members: Set<P> = new Set();
  readonly #maxBufferedBytes: number;
  readonly #slow: "close" | "drop";
  readonly #compression: DeflateSettings | undefined;

  constructor(options: BroadcastOptions = {}) {
    this.#maxBufferedBytes = options.maxBufferedBytes ?? MAX_BUFFERED_BYTES;
    this.#slow = options.slow ?? "close";
    this.#compression = options.compression;
  }

  /** Those who will get the next message; closed ones are among them until then. */
  get members(): ReadonlySet<P> {
    return this.#members;
  }

  add(member: P): void {
    this.#members.add(member);
  }

  /** False if it was no member. */
  delete(member: P): boolean {
    return this.#members.delete(member);
  }

  /** Sends to all members, but `except` one, and says to how many. The bytes are kept until all have them: do not change them. */
  send(data: string | Uint8Array | PreparedMessage, except?: P): number {
    const message = data instanceof PreparedMessage ? data : new PreparedMessage(data, this.#compression);
    let count = 0;
    for (const member of this.#members) {
      if (member === except) continue;
      if (!member.isOpen) this.#members.delete(member);
      else if (member.bufferedBytes > this.#maxBufferedBytes) this.#outrun(member);
      else {
        member.sendPrepared(message);
        count++;
      }
    }
    return count;
  }

  #outrun(member: P): void {
    if (this.#slow === "drop") return;
    this.#members.delete(member);
    member.close(1013, "too slow");
  }
}

const MAX_BUFFERED_BYTES = 1_048_576;
