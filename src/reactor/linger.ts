import type { Socket } from "node:net";

/**
 * Sockets that have sent their last byte and wait for the peer's. To close at once would answer bytes still under way with
 * a reset, and a reset makes the peer's kernel throw away what it has not read yet: the end of our own answer.
 */
export class Lingering {
  readonly #until: Map<Socket, number> = new Map();
  #timer: NodeJS.Timeout | undefined = undefined;

  get size(): number {
    return this.#until.size;
  }

  /** Reads and drops what still comes, until the peer's end or LINGER_MS. */
  add(socket: Socket): void {
    this.#until.set(socket, performance.now() + LINGER_MS);
    socket.once("close", () => this.#until.delete(socket));
    socket.once("end", () => socket.destroy());
    socket.resume();
    this.#sweepIn(LINGER_MS);
  }

  /** Lets go of all of them now. */
  endAll(): void {
    for (const socket of this.#until.keys()) socket.destroy();
  }

  #sweep(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const [socket, until] of this.#until) {
      if (until <= now) socket.destroy();
      else this.#sweepIn(until - now + 1);
    }
  }

  /** A function of its own: a closure made beside the sockets would hold one of them for as long as the timer. */
  #sweepIn(ms: number): void {
    this.#timer ??= setTimeout(() => this.#sweep(), ms).unref();
  }
}

/** More than a round trip to anywhere, so that the peer's end arrives; less than a descriptor is worth to a silent peer. */
const LINGER_MS = 2_000;
