/** The servers behind a proxy: whose turn it is, and which of them are left alone for a while. No I/O: time is told. */

/** How the next server is chosen: each in its turn, or the one with the least under way. */
export type Balance = "round-robin" | "least-connections";

/** How servers are judged by what becomes of their requests. */
export interface HealthRules {
  /** Failures in a row after which a server is left alone. */
  readonly maxFailures: number;
  /** How long for, the n-th time in a row (from 0). */
  readonly restMs: (times: number) => number;
}

/** A server behind a proxy, as others may see it. */
export interface TargetState {
  readonly url: string;
  /** Requests that are under way. */
  readonly active: number;
  readonly isUp: boolean;
}

export class Target implements TargetState {
  readonly url: string;
  active = 0;
  isUp = true;
  failures = 0;
  /** How often in a row it was found down again. */
  rests = 0;
  restsUntilMs = 0;
  /** One request is there to see whether it is back. */
  isProbed = false;

  constructor(url: string) {
    this.url = url;
  }
}

export class Targets {
  readonly all: readonly Target[];
  readonly #balance: Balance;
  readonly #rules: HealthRules;
  readonly #changed: (target: Target) => void;
  #next = 0;

  /** `changed` hears of each server that goes down or comes back. */
  constructor(urls: readonly string[], balance: Balance, rules: HealthRules, changed: (target: Target) => void) {
    this.all = urls.map((url) => new Target(url));
    this.#balance = balance;
    this.#rules = rules;
    this.#changed = changed;
  }

  /**
   * A turn with the next server that was not tried yet; undefined if all were. One that is left alone has its turn when its time
   * is over, for one request; or if there is no other: it may be back, and refusing without asking helps nobody.
   */
  take(tried: ReadonlySet<Target>, nowMs: number): Turn | undefined {
    const left = this.#inOrder().filter((target) => !tried.has(target));
    const due = left.find((target) => !target.isUp && !target.isProbed && nowMs >= target.restsUntilMs);
    const target = due ?? this.#best(left.filter(({ isUp }) => isUp)) ?? soonest(left);
    if (target === undefined) return undefined;
    this.#next = (this.all.indexOf(target) + 1) % this.all.length;
    const isProbe = !target.isUp && !target.isProbed;
    if (isProbe) target.isProbed = true;
    return new Turn(this, target, isProbe);
  }

  succeeded(target: Target): void {
    target.failures = 0;
    if (target.isUp) return;
    target.isUp = true;
    target.rests = 0;
    this.#changed(target);
  }

  failed(target: Target, nowMs: number): void {
    const wasUp = target.isUp;
    target.failures += 1;
    if (wasUp && target.failures < this.#rules.maxFailures) return;
    target.isUp = false;
    // Requests that were under way when it went down say nothing new.
    if (!wasUp && nowMs < target.restsUntilMs) return;
    target.restsUntilMs = nowMs + this.#rules.restMs(target.rests);
    target.rests += 1;
    if (wasUp) this.#changed(target);
  }

  #inOrder(): Target[] {
    return [...this.all.slice(this.#next), ...this.all.slice(0, this.#next)];
  }

  #best(up: readonly Target[]): Target | undefined {
    if (this.#balance === "round-robin") return up[0];
    return up.reduce<Target | undefined>(
      (best, one) => (best === undefined || one.active < best.active ? one : best),
      undefined,
    );
  }
}

/** A request with a server. Say what became of it, once, and when it is over. */
export class Turn {
  readonly target: Target;
  readonly #targets: Targets;
  readonly #isProbe: boolean;
  #isOver = false;

  constructor(targets: Targets, target: Target, isProbe: boolean) {
    this.#targets = targets;
    this.target = target;
    this.#isProbe = isProbe;
    target.active += 1;
  }

  /** The server answered. */
  succeeded(): void {
    if (this.#isProbe) this.target.isProbed = false;
    this.#targets.succeeded(this.target);
  }

  /** It did not, and that was its fault. */
  failed(nowMs: number): void {
    if (this.#isProbe) this.target.isProbed = false;
    this.#targets.failed(this.target, nowMs);
  }

  over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#isProbe) this.target.isProbed = false;
    this.target.active -= 1;
  }
}

function soonest(targets: readonly Target[]): Target | undefined {
  return targets.reduce<Target | undefined>(
    (best, one) => (best === undefined || one.restsUntilMs < best.restsUntilMs ? one : best),
    undefined,
  );
}
