import { Deferred } from "../core/deferred/deferred.ts";
import { CancelledError } from "../core/deferred/errors.ts";
import type { Reactor } from "../core/reactor.ts";
import { deferLater } from "../core/time/defer-later.ts";
import { NodeReactor } from "../reactor/node-reactor.ts";
import { Simulation } from "../sim/simulation.ts";
import { MemoryReactor } from "../testing/memory-reactor.ts";
import { DirtyReactorError, LoggedErrorsError, TestFailures, TestTimeoutError } from "./errors.ts";
import { FaultWatch } from "./fault-watch.ts";
import { house, makeFolder, shortWait, turn } from "./house.ts";
import { WatchedReactor } from "./leftovers.ts";

/** What may be said of one test. */
export interface RunOptions {
  readonly timeoutMs: number;
  readonly seed: number;
}

/**
 * One test from its beginning to its end: what it uses, what goes wrong beside it, and what it leaves behind. `run` does
 * its parts in order; whatever one of them throws, those that clean up are done all the same.
 */
export class TestRun {
  readonly faults: FaultWatch = new FaultWatch();
  readonly cleanups: (() => unknown)[] = [];
  readonly #options: RunOptions;
  readonly #watched: WatchedReactor[] = [];
  readonly #stopping: AbortController = new AbortController();
  readonly #problems: unknown[] = [];
  #sim: Simulation | undefined = undefined;
  #isDriven = false;
  /** What the test itself returned. */
  #awaited: unknown = undefined;
  #folder: Promise<string> | undefined = undefined;

  constructor(options: RunOptions) {
    this.#options = options;
  }

  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  get sim(): Simulation {
    this.#sim ??= new Simulation({ seed: this.#options.seed });
    return this.#sim;
  }

  get seed(): number {
    return this.#options.seed;
  }

  /** Whether the seed had a part in it. */
  get usedSeed(): boolean {
    return this.#sim !== undefined;
  }

  /** From now on each part of the test runs in its simulation, which goes on while the part waits. */
  driveSim(): void {
    this.#isDriven = true;
    this.sim.host("test");
  }

  /** A folder of this test's own. */
  get folder(): Promise<string> {
    this.#folder ??= Promise.resolve(makeFolder());
    return this.#folder;
  }

  async makeDirectory(path: string): Promise<void> {
    await house.files.makeDirectory(path);
  }

  /** Waits until every error that ended in a Deferred so far has been reported. */
  async settleFaults(): Promise<void> {
    const reactor = this.#isDriven ? this.sim.host("test").reactor : undefined;
    if (reactor === undefined) await this.faults.settle();
    else for (let turns = 0; turns < TURNS_TO_REPORT; turns += 1) await deferLater(reactor, 0, () => undefined);
  }

  watch(reactor: Reactor): void {
    if (this.#watched.some((watched) => watched.reactor === reactor)) return;
    if (reactor instanceof MemoryReactor) {
      this.#watched.push(new WatchedReactor(reactor, () => void reactor.advance(0)));
    } else if (reactor instanceof NodeReactor) {
      this.#watched.push(new WatchedReactor(reactor, turn, shortWait));
    } else {
      this.#watched.push(
        new WatchedReactor(
          reactor,
          () => this.#sim?.advance(0),
          () => this.#sim?.advance(1),
        ),
      );
    }
  }

  /** Does the parts and throws what was wrong with them, or with what they left. `after` is done only if `before` went well. */
  async run({ before, body, after }: TestParts): Promise<void> {
    let isReady = false;
    await this.#part(async () => {
      await before?.();
      isReady = true;
      this.#awaited = body();
      await this.#awaited;
    });
    await this.#cleanUp();
    if (isReady && after !== undefined) await this.#part(after);
    await this.#lookForFaults();
    await this.#lookForLeftovers();
    await this.#end();
    if (this.#problems.length === 1) throw this.#problems[0];
    if (this.#problems.length > 1) throw new TestFailures(this.#problems);
  }

  async #cleanUp(): Promise<void> {
    for (let cleanup = this.cleanups.pop(); cleanup !== undefined; cleanup = this.cleanups.pop()) {
      const step = cleanup;
      await this.#part(() => this.#whileMemoryTurns(step()));
    }
  }

  /** A port in memory is closed in a turn of its reactor, and no test is there any more to let one pass. */
  async #whileMemoryTurns(result: unknown): Promise<void> {
    const reactors = this.#watched.map(({ reactor }) => reactor).filter((reactor) => reactor instanceof MemoryReactor);
    let isWaiting = reactors.length > 0;
    const waiting = Promise.resolve(result).finally(() => {
      isWaiting = false;
    });
    // What it fails with comes out below.
    waiting.catch(() => undefined);
    for (let turns = 0; isWaiting && turns < TURNS_OF_CLEANUP; turns += 1) {
      for (const reactor of reactors) reactor.settle();
      await Promise.resolve();
    }
    await waiting;
  }

  async #lookForFaults(): Promise<void> {
    for (let turns = 0; turns < TURNS_TO_REPORT; turns += 1) await this.#sim?.advance(0);
    await this.faults.settle();
    if (this.faults.faults.length > 0) this.#problems.push(new LoggedErrorsError([...this.faults.faults]));
  }

  async #lookForLeftovers(): Promise<void> {
    for (const watched of this.#watched) {
      await this.#guard(async () => {
        const leftovers = await watched.leftovers();
        if (leftovers.length > 0) this.#problems.push(new DirtyReactorError(leftovers));
      });
    }
  }

  async #end(): Promise<void> {
    for (const watched of this.#watched) {
      await this.#guard(() => watched.clean());
      watched[Symbol.dispose]();
    }
    await this.#guard(async () => {
      if (this.#folder !== undefined) await house.files.remove(await this.#folder);
    });
    // What cleaning made of connections and calls is nobody's fault any more.
    await this.faults.settle();
    this.faults[Symbol.dispose]();
  }

  async #part(part: () => unknown): Promise<void> {
    const sim = this.#isDriven ? this.sim : undefined;
    await this.#guard(() =>
      this.#inTime(sim === undefined ? part : () => sim.run(async () => await part(), SIM_LIMIT)),
    );
  }

  async #guard(f: () => unknown): Promise<void> {
    try {
      await f();
    } catch (error) {
      this.#problems.push(error);
    }
  }

  /** Each part has all the time: a clean-up is not to blame for what came before it. */
  async #inTime(f: () => unknown): Promise<void> {
    const { timeoutMs } = this.#options;
    await new Promise<unknown>((resolve, reject) => {
      const call = house.callLater(timeoutMs, () => {
        reject(new TestTimeoutError(timeoutMs, this.#waits()));
        this.#stopping.abort(new CancelledError("The test's time is up"));
        if (this.#awaited instanceof Deferred) this.#awaited.cancel();
      });
      Promise.resolve()
        .then(f)
        .finally(() => call[Symbol.dispose]())
        .then(resolve, reject);
    });
  }

  #waits(): string[] {
    return [...this.#watched.flatMap((watched) => watched.waits), ...this.faults.waiting];
  }
}

/** Of microtasks between two turns in memory: a clean-up may wait for this and then for that. */
const TURNS_OF_CLEANUP = 1_000;

/** An error is reported at the end of the turn after next. */
const TURNS_TO_REPORT = 3;

/** A year: a test may let more virtual time pass than the hour after which a simulation loses its patience. */
const SIM_LIMIT = { withinMs: 31_536_000_000 };

/** What a test consists of. */
export interface TestParts {
  readonly before?: (() => unknown) | undefined;
  readonly body: () => unknown;
  readonly after?: (() => unknown) | undefined;
}
