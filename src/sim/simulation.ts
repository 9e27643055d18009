import { installWallClock } from "../core/log/clock.ts";
import type { LogEvent } from "../core/log/event.ts";
import { formatEvent } from "../core/log/format.ts";
import { LogLevels } from "../core/log/levels.ts";
import { logPublisher } from "../core/log/publisher.ts";
import { type Capture, type CaptureOptions, startCapture } from "./capture/capture.ts";
import type { ByteSink } from "./capture/pcapng-writer.ts";
import type { DiagramOptions } from "./diagram/sequence-diagram.ts";
import { writeDiagramAtEnd } from "./diagram/write-diagram.ts";
import type { Fault } from "./faults/fault.ts";
import { FaultSchedule } from "./faults/fault-schedule.ts";
import { HostKernel, type Surroundings } from "./host-kernel.ts";
import type { LinkOptions, Selector } from "./network/link-options.ts";
import { Network } from "./network/network.ts";
import type { Rule } from "./network/rules.ts";
import { Gate, guard } from "./node/guard.ts";
import { RandomSource } from "./random-source.ts";
import { runningProcess } from "./running.ts";
import { Scheduler } from "./scheduler.ts";
import { type HostOptions, makeHost, type SimHost } from "./sim-host.ts";
import type { SimProcess } from "./sim-process.ts";
import { type Observer, Observers } from "./trace/observer.ts";
import { makeTrace, type Trace, type TraceOptions } from "./trace/trace.ts";
import { TraceHash } from "./trace/trace-hash.ts";
import { Zone } from "./zone.ts";

/** What a simulation begins with. */
export interface SimulationOptions {
  /** Decides everything that chance has a part in; default 1. */
  readonly seed?: number | undefined;
  /** What the hosts' wall clocks say at the start; default 2030-01-01, midnight UTC. */
  readonly wallStartMs?: number | undefined;
  /**
   * Whether the real clock, real random numbers, real timers and real I/O throw an explanation where simulated code uses
   * them (`Date.now`, `Math.random`, `setTimeout`, `fetch`, `node:fs` …); default true. What a test does between two calls of
   * `advance`, `until` and `run` is its own. What a module took for itself when it was loaded is not noticed.
   */
  readonly guard?: boolean | undefined;
}

/** The inside of a simulation. */
export let surroundingsOf: (sim: Simulation) => Surroundings;

/**
 * A whole network in one process, in virtual time, from one seed: hosts with reactors of their own, and links between
 * them. The same seed and the same program give the same run, packet by packet; `hash` says so.
 *
 * Nothing happens on its own. `advance`, `until` and `run` make it happen: the time jumps from one event to the next, so
 * an hour of waiting costs nothing.
 *
 * TLS is OpenSSL's own, so certificates are checked against the real clock, and ciphertext differs from run to run. `hash`
 * knows of it only what does not: when it was sent, and how much was written.
 *
 * @example
 * ```ts
 * import { Simulation } from "ropewalk/sim";
 *
 * const sim = new Simulation({ seed: 7 });
 * const host = sim.host("a");
 * host.reactor.callLater(3_600_000, () => console.log("an hour later"));
 * await sim.advance(3_600_000); // an hour later
 * console.log(sim.nowMs); // 3600000
 * ```
 */
export class Simulation {
  readonly seed: number;
  /** What names stand for. Each host's name is there from the start. */
  readonly zone: Zone = new Zone();
  readonly #scheduler = new Scheduler();
  readonly #observers = new Observers();
  readonly #hash = new TraceHash();
  readonly #network: Network;
  readonly #surroundings: Surroundings;
  readonly #hosts = new Map<string, SimHost>();
  readonly #faults: FaultSchedule;
  readonly #isGuarded: boolean;

  static {
    surroundingsOf = (sim) => sim.#surroundings;
  }

  constructor({ seed = 1, wallStartMs = WALL_START_MS, guard: isGuarded = true }: SimulationOptions = {}) {
    this.seed = seed;
    this.#isGuarded = isGuarded;
    if (isGuarded) {
      const gate = new Gate();
      this.#scheduler.onEnter = gate.enter;
      this.#scheduler.onLeave = gate.leave;
    }
    const random = new RandomSource(seed);
    this.#network = new Network(this.#scheduler, this.#observers, this.#hash, random);
    this.#surroundings = {
      seed,
      scheduler: this.#scheduler,
      network: this.#network,
      observers: this.#observers,
      random,
      zone: this.zone,
      wallStartMs,
    };
    this.#faults = new FaultSchedule(this.#surroundings);
  }

  /** Virtual milliseconds since the simulation began. */
  get nowMs(): number {
    return this.#scheduler.nowMs;
  }

  /** 16 hexadecimal digits that stand for all that was sent and arrived so far, byte by byte and instant by instant. */
  get hash(): string {
    return this.#hash.toString();
  }

  /** Events so far: packets that arrived, calls that were due, turns of processes. */
  get eventCount(): number {
    return this.#scheduler.happened;
  }

  get hosts(): readonly SimHost[] {
    return [...this.#hosts.values()];
  }

  /**
   * The host of that name; a new one if there is none. Its name can be looked up.
   *
   * @throws Error if there is one and `options` are given, or if another host has one of the addresses.
   */
  host(name: string, options?: HostOptions): SimHost {
    const known = this.#hosts.get(name);
    if (known !== undefined) {
      if (options !== undefined) throw new Error(`Cannot make a host "${name}": there is one; take another name`);
      return known;
    }
    const id = this.#hosts.size;
    const host = makeHost((self) => new HostKernel(self, this.#surroundings, name, id, options ?? {}));
    this.#hosts.set(name, host);
    this.zone.set(name, ...host.addresses);
    return host;
  }

  /**
   * Says what the ways between these hosts are like from now on, in both directions. What is left out stays as it was.
   *
   * @throws RangeError for values that no link can have; Error for a name that nobody has.
   */
  link(a: Selector, b: Selector, options: LinkOptions): void {
    this.linkOneWay(a, b, options);
    this.linkOneWay(b, a, options);
  }

  /** `link` for the direction from `from` to `to` only. */
  linkOneWay(from: Selector, to: Selector, options: LinkOptions): void {
    this.#network.checkSelector(from);
    this.#network.checkSelector(to);
    this.#network.setLink(from, to, options);
  }

  /** Asks `rule` about each packet between two hosts, until disposed. */
  rule(rule: Rule): Disposable {
    return this.#network.addRule(rule);
  }

  /**
   * Makes something go wrong at `fault.atMs`, and right again after `fault.forMs`; dispose it to end it at once, or to call it
   * off. Faults may overlap.
   *
   * @throws TypeError or RangeError for a fault that cannot be; Error for a name that nobody has.
   *
   * @example
   * ```ts
   * import { Simulation } from "ropewalk/sim";
   *
   * const sim = new Simulation({ seed: 1 });
   * const host = sim.host("a");
   * sim.inject({ kind: "crash", host: "a", atMs: 1_000, forMs: 500 });
   * await sim.advance(1_200);
   * console.log(host.isUp); // false
   * await sim.advance(1_000);
   * console.log(host.isUp); // true
   * ```
   */
  inject(fault: Fault): Disposable {
    return this.#faults.inject(fault);
  }

  /** Ends all faults, and calls those off that have not begun. A pause goes on for its time. */
  endFaults(): void {
    this.#faults.endAll();
  }

  /** Lets `observer` see what happens, until disposed. */
  observe(observer: Observer): Disposable {
    return this.#observers.add(observer);
  }

  /** Keeps the last events from now on, with what became of each packet, to look at and to print. */
  trace(options: TraceOptions = {}): Trace {
    const source = {
      seed: this.seed,
      hosts: () => [...this.#hosts.keys()],
      nowMs: () => this.nowMs,
      observe: (observer: Observer) => this.observe(observer),
    };
    return makeTrace(source, options);
  }

  /**
   * Writes a sequence diagram of what happens from now on until it is disposed: a page of HTML on the real disk.
   *
   * @throws Error if the file cannot be written.
   */
  diagram(path: string, options: DiagramOptions = {}): Disposable {
    const limit = 4 * (options.limit ?? 2_000);
    return writeDiagramAtEnd(path, this.trace({ limit }), options);
  }

  /**
   * Records all packets from now on, for Wireshark: pcapng with the headers of the real world, an interface a host, virtual
   * times, what was lost as comments, and the keys that TLS agreed on. `to` is the path of a file of the real disk, or takes
   * the bytes. Dispose of it to have all written. What passes between two hosts is there twice, on both interfaces, which
   * Wireshark takes for repetitions: `hosts` says whose to record.
   *
   * @throws Error if the file cannot be written, or for a name that nobody has; when disposed of, for what failed later.
   */
  capture(to: string | ByteSink, options: CaptureOptions = {}): Capture {
    return startCapture(this.#surroundings, to, options);
  }

  /** A stream of random numbers of its own, the same for the same seed and name: for what a test wants to draw. */
  random(name: string): () => number {
    return this.#surroundings.random.stream(`test ${name}`);
  }

  /** Makes happen what is due within the next `ms`. @throws RangeError if `ms` is not a finite number, zero or more. */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`Cannot advance by ${ms} ms: give a finite number, zero or more`);
    }
    await this.#drive(this.nowMs + ms, () => false);
  }

  /**
   * Goes on until `what` settles or holds, and gives its value. Fails with SimulationStuck if it has not after `withinMs` of
   * virtual time (default one hour), or if nothing is left to happen.
   */
  async until<T>(what: PromiseLike<T> | (() => boolean), { withinMs = HOUR_MS }: UntilOptions = {}): Promise<T> {
    if (typeof what === "function") {
      await this.#drive(this.nowMs + withinMs, what);
      if (!what()) throw this.#stuck(`the condition did not hold within ${withinMs} ms`);
      return undefined as T;
    }
    let outcome: { readonly value: T } | { readonly error: unknown } | undefined;
    what.then(
      (value) => {
        outcome = { value };
      },
      (error: unknown) => {
        outcome = { error };
      },
    );
    await this.#drive(this.nowMs + withinMs, () => outcome !== undefined);
    if (outcome === undefined) throw this.#stuck(`the result did not come within ${withinMs} ms`);
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  }

  /** Calls `main` and goes on until what it returns has settled: `until(main())`. */
  async run<T>(main: () => T | PromiseLike<T>, options?: UntilOptions): Promise<T> {
    const result = Promise.resolve().then(main);
    return await this.until(result, options);
  }

  async #drive(endMs: number, isDone: () => boolean): Promise<void> {
    using _guard = this.#isGuarded ? guard() : undefined;
    using _clock = installWallClock(() => clockOf(runningProcess()) ?? this.#surroundings.wallStartMs + this.nowMs);
    using _labels = logPublisher.addOnlooker((event) => this.#label(event), new LogLevels("debug"));
    await this.#scheduler.drive(endMs, isDone);
  }

  /** What a host logs is a label on its life. */
  #label(event: LogEvent): void {
    const owner = runningProcess();
    if (owner === undefined || this.#observers.list.length === 0) return;
    this.#observers.noted({ timeMs: this.nowMs, host: owner.machine.name, kind: "log", text: formatEvent(event) });
  }

  #stuck(why: string): SimulationStuck {
    const waits = this.#scheduler.nextMs === undefined ? "nothing is left to happen" : "the rest goes on";
    return new SimulationStuck(`Simulation (seed ${this.seed}) is at ${this.nowMs} ms: ${why}; ${waits}`);
  }
}

/** How patient `until` and `run` are. */
export interface UntilOptions {
  /** Virtual; default 3 600 000 ms. */
  readonly withinMs?: number | undefined;
}

/** What a test waited for in a simulation did not come. */
export class SimulationStuck extends Error {
  override readonly name: string = "SimulationStuck";
}

function clockOf(owner: SimProcess | undefined): number | undefined {
  return owner?.machine.clock.wallTimeMs();
}

const HOUR_MS = 3_600_000;

/** 2030-01-01T00:00:00Z: far from any real time, so that nobody takes it for one. */
const WALL_START_MS = 1_893_456_000_000;
