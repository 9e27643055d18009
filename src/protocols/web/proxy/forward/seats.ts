import { HttpError } from "../../message/http-error.ts";

/** How many requests and tunnels a proxy has under way, in all and for each peer. */
export class Seats {
  readonly #total: number;
  readonly #perPeer: number;
  readonly #taken = new Map<string, number>();
  #count = 0;

  constructor({ total = Number.POSITIVE_INFINITY, perPeer = Number.POSITIVE_INFINITY }: SeatLimits = {}) {
    this.#total = total;
    this.#perPeer = perPeer;
  }

  /** For the peer that `key` stands for, if one is known. Gives back what was taken, once. @throws HttpError 503 if there is none left, 429 if this peer has enough. */
  take(key = ""): () => void {
    const taken = this.#taken.get(key) ?? 0;
    if (this.#count >= this.#total) throw new HttpError(503, "This proxy has as much under way as it may");
    if (key !== "" && taken >= this.#perPeer) throw new HttpError(429, "You have as much under way here as you may");
    this.#count += 1;
    this.#taken.set(key, taken + 1);
    let isTaken = true;
    return () => {
      if (isTaken) this.#giveBack(key);
      isTaken = false;
    };
  }

  #giveBack(key: string): void {
    const left = (this.#taken.get(key) as number) - 1;
    this.#count -= 1;
    if (left === 0) this.#taken.delete(key);
    else this.#taken.set(key, left);
  }
}

/** Requests and tunnels at the same time; default no limit. */
export interface SeatLimits {
  readonly total?: number | undefined;
  /** An IPv6 /64 network is one peer. */
  readonly perPeer?: number | undefined;
}
