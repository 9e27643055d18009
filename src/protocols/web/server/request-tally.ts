/**
 * How many requests the web servers of a reactor have had, and how long their answers took. A Watch keeps one; servers that
 * are made while it is kept count in it.
 *
 * @example
 * ```ts
 * import { Watch } from "ropewalk/app";
 * import { MemoryReactor } from "ropewalk/testing";
 * import { Response, webServer } from "ropewalk/web";
 *
 * const reactor = new MemoryReactor();
 * using watch = new Watch(reactor);
 * await reactor.listenTcp({ port: 80 }, webServer(reactor, () => new Response("hello")));
 * reactor.dial(80).remote.write("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
 * console.log([...watch.requests.answers()]); // [ { method: 'GET', status: '2xx', count: 1 } ]
 * ```
 */
export class RequestTally {
  #inFlight = 0;
  /** For each method: answers by the first digit of their status; at 0 those that their clients did not wait for. */
  readonly #answers: Map<string, number[]> = new Map();
  /** How many took no longer than the bound of that place, and longer than the one before; the last has no bound. */
  readonly #durations: number[] = [...DURATION_BOUNDS_MS.map(() => 0), 0];
  #totalMs = 0;

  /** Requests whose answers are not complete. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** How many there were of each kind; what there was none of is left out. */
  *answers(): IterableIterator<AnswerCount> {
    for (const [method, counts] of this.#answers) {
      for (const [digit, count] of counts.entries()) {
        if (count > 0) yield { method, status: digit === 0 ? "none" : `${digit}xx`, count };
      }
    }
  }

  /** How long they took, from the head of the request to the last byte of the answer. */
  get durations(): DurationCounts {
    let count = 0;
    const upTo = DURATION_BOUNDS_MS.map((boundMs, index) => {
      count += this.#durations[index] ?? 0;
      return { boundMs, count };
    });
    return { upTo, count: count + (this.#durations.at(-1) ?? 0), totalMs: this.#totalMs };
  }

  /** The head of a request was heard. */
  begun(): void {
    this.#inFlight += 1;
  }

  /** Its answer is complete, or nobody waits for it; status 0 if there was none. */
  over(method: string, status: number, tookMs: number): void {
    this.#inFlight -= 1;
    let counts = this.#answers.get(method);
    if (counts === undefined) {
      counts = [0, 0, 0, 0, 0, 0];
      this.#answers.set(method, counts);
    }
    const digit = Math.floor(status / 100);
    counts[digit] = (counts[digit] ?? 0) + 1;
    let place = 0;
    while (tookMs > (DURATION_BOUNDS_MS[place] ?? Number.POSITIVE_INFINITY)) place += 1;
    this.#durations[place] = (this.#durations[place] ?? 0) + 1;
    this.#totalMs += tookMs;
  }
}

/** Answers of one kind. */
export interface AnswerCount {
  /** `other` for those that the server does not know. */
  readonly method: string;
  /** `1xx` to `5xx`, or `none`: the client went before there was an answer. */
  readonly status: string;
  readonly count: number;
}

/** How many answers took how long. */
export interface DurationCounts {
  /** How many took so long or less. */
  readonly upTo: readonly { readonly boundMs: number; readonly count: number }[];
  /** All of them. */
  readonly count: number;
  readonly totalMs: number;
}

/** From now on web servers that are made with this reactor count in what this gives, until `forgetRequests`. */
export function countRequests(reactor: object): RequestTally {
  const tally = new RequestTally();
  TALLIES.set(reactor, tally);
  return tally;
}

/** Servers that are made from now on do not count in it. */
export function forgetRequests(reactor: object, tally: RequestTally): void {
  if (TALLIES.get(reactor) === tally) TALLIES.delete(reactor);
}

/** What the servers of a reactor count in, if anybody wants to know. */
export function tallyOf(reactor: object): RequestTally | undefined {
  return TALLIES.get(reactor);
}

const TALLIES: WeakMap<object, RequestTally> = new WeakMap();
/** From a page out of memory to what people give up on. */
const DURATION_BOUNDS_MS = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];
