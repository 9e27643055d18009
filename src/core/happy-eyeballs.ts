import { formatAddress, type TcpAddress } from "./address.ts";
import { Deferred } from "./deferred/deferred.ts";
import { type ConnectAttempt, ConnectError, toError } from "./errors.ts";
import type { Clock, DelayedCall } from "./time/clock.ts";

export interface HappyEyeballsOptions<T> {
  /** Time between the start of one attempt and of the next; default 250 ms. */
  readonly attemptDelayMs?: number | undefined;
  /** What is dialled, for the error's message; default: the addresses themselves. */
  readonly target?: string | undefined;
  /** Gets rid of a connection that was made in spite of its cancellation. */
  readonly discard?: ((late: T) => void) | undefined;
}

/**
 * Races connections to several addresses of one host, the way of RFC 8305: IPv6 and IPv4 by turns, beginning with the
 * family of the first address; the next starts after `attemptDelayMs`, or at once when one fails. The first to connect
 * wins and cancels the rest. If all fail, fails with one ConnectError that lists each address and its reason. Cancelling
 * cancels every attempt and leaves no timer. `attempt` makes the bare connection: TLS comes after the race.
 *
 * @throws RangeError if `attemptDelayMs` is negative or not a number.
 */
export function happyEyeballs<T>(
  clock: Clock,
  addresses: readonly TcpAddress[],
  attempt: (address: TcpAddress) => Deferred<T>,
  options: HappyEyeballsOptions<T> = {},
): Deferred<T> {
  const { attemptDelayMs = DEFAULT_ATTEMPT_DELAY_MS } = options;
  if (!(attemptDelayMs >= 0)) throw new RangeError(`attemptDelayMs must not be negative, was ${attemptDelayMs}`);
  const race = new Race(clock, interleaveFamilies(addresses), attempt, { ...options, attemptDelayMs });
  race.startNext();
  return race.result;
}

/** IPv6 and IPv4 by turns, beginning with the family of the first; the order within a family stays. */
export function interleaveFamilies<A extends { readonly family: 4 | 6 }>(addresses: readonly A[]): A[] {
  const firstFamily = addresses[0]?.family;
  const preferred = addresses.filter(({ family }) => family === firstFamily);
  if (preferred.length === addresses.length) return preferred;
  const others = addresses.filter(({ family }) => family !== firstFamily);
  const turns = Math.max(preferred.length, others.length);
  return Array.from({ length: turns }, (_, i) => [...preferred.slice(i, i + 1), ...others.slice(i, i + 1)]).flat();
}

class Race<T> {
  readonly result: Deferred<T>;
  readonly #clock: Clock;
  readonly #addresses: readonly TcpAddress[];
  readonly #attempt: (address: TcpAddress) => Deferred<T>;
  readonly #options: HappyEyeballsOptions<T> & { readonly attemptDelayMs: number };
  readonly #pending = new Set<Deferred<unknown>>();
  readonly #errors: (Error | undefined)[] = [];
  #started = 0;
  #failed = 0;
  #starting = false;
  #over = false;
  #timer: DelayedCall | undefined;

  constructor(
    clock: Clock,
    addresses: readonly TcpAddress[],
    attempt: (address: TcpAddress) => Deferred<T>,
    options: HappyEyeballsOptions<T> & { readonly attemptDelayMs: number },
  ) {
    this.#clock = clock;
    this.#addresses = addresses;
    this.#attempt = attempt;
    this.#options = options;
    this.result = new Deferred<T>(() => this.#end());
  }

  /** Starts the next address, and goes on while attempts fail at once. A loop, so that many such never grow the stack. */
  startNext(): void {
    this.#starting = true;
    let failedBefore: number;
    do {
      failedBefore = this.#failed;
      this.#startOne();
    } while (!this.#over && this.#failed > failedBefore && this.#started < this.#addresses.length);
    this.#starting = false;
    this.#failIfAllFailed();
  }

  #startOne(): void {
    if (this.#timer?.active) this.#timer.cancel();
    const index = this.#started;
    const address = this.#addresses[index];
    if (address === undefined) return;
    this.#started += 1;
    let dialling: Deferred<T>;
    try {
      dialling = this.#attempt(address);
    } catch (error) {
      this.#attemptFailed(index, error);
      return;
    }
    this.#pending.add(dialling);
    dialling.addCallbacks(
      (connection) => {
        this.#pending.delete(dialling);
        this.#attemptSucceeded(connection);
      },
      (error) => {
        this.#pending.delete(dialling);
        this.#attemptFailed(index, error);
      },
    );
    if (this.#over) dialling.cancel();
    else if (this.#started < this.#addresses.length) {
      this.#timer = this.#clock.callLater(this.#options.attemptDelayMs, () => this.startNext());
    }
  }

  #attemptSucceeded(connection: T): void {
    if (this.#over) {
      this.#options.discard?.(connection);
      return;
    }
    this.#end();
    this.result.callback(connection);
  }

  #attemptFailed(index: number, error: unknown): void {
    if (this.#over) return;
    this.#errors[index] = toError(error);
    this.#failed += 1;
    if (this.#starting) return;
    if (this.#started < this.#addresses.length) this.startNext();
    else this.#failIfAllFailed();
  }

  #failIfAllFailed(): void {
    if (this.#over || this.#failed < this.#addresses.length) return;
    this.#end();
    const errors = this.#addresses.map((address, i) => ({ address, error: this.#errors[i] as Error }));
    this.result.errback(allFailed(this.#options.target, errors));
  }

  #end(): void {
    this.#over = true;
    if (this.#timer?.active) this.#timer.cancel();
    for (const dialling of [...this.#pending]) dialling.cancel();
  }
}

function allFailed(target: string | undefined, errors: readonly ConnectAttempt[]): ConnectError {
  const last = errors.at(-1);
  if (last === undefined)
    return new ConnectError(`Cannot connect to ${target ?? "nowhere"}: there is no address to try`);
  const tried = errors.map(({ address, error }) => `${formatAddress(address)} (${error.message})`).join(", ");
  const message =
    errors.length === 1 && (target === undefined || target === formatAddress(last.address))
      ? `Cannot connect to ${formatAddress(last.address)}: ${last.error.message}`
      : `Cannot connect to ${target ?? "any address"}: tried ${tried}`;
  return new ConnectError(message, { cause: last.error, errors });
}

const DEFAULT_ATTEMPT_DELAY_MS = 250;
