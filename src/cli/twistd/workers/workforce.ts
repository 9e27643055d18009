import cluster from "node:cluster";
import type { ServiceParent } from "../../../app/service.ts";
import { CancelledError } from "../../../core/deferred/errors.ts";
import { Logger } from "../../../core/log/logger.ts";
import { backoff } from "../../../endpoints/backoff.ts";
import { Member, type MemberState } from "./member.ts";
import { SharedPorts } from "./shared-ports.ts";

/** How many processes, and how patient to be with them. */
export interface WorkforceOptions {
  readonly count: number;
  /** Connections of one client address go to one worker. */
  readonly sticky: boolean;
  /** What a worker that was replaced may take to finish. */
  readonly drainMs: number;
  /** What a worker that was told to stop may take, before it is killed. */
  readonly stopMs: number;
  /** Where the workers begin: that of the command line, which may name files. */
  readonly cwd: string;
  /** Takes what they write, in whole lines; default: they write to the primary's own standard output and error. */
  readonly output?: ((lines: string) => void) | undefined;
}

/** A worker as others see it. */
export interface WorkerInfo {
  /** From 1; it stays with the place when one process follows another. */
  readonly number: number;
  readonly pid: number | undefined;
  readonly state: MemberState;
  readonly ageMs: number;
  /** How many processes had this place before, for whatever reason they ended. */
  readonly predecessors: number;
}

/**
 * Several processes that do the same, and share their ports: node:cluster, with what it leaves to others. One that ends is
 * replaced, and waits longer the sooner it ends again; all are replaced one after the other when there is something new.
 */
export class Workforce {
  readonly #options: WorkforceOptions;
  readonly #places: Place[];
  readonly #ports: SharedPorts;
  /** All processes that have not ended: of a place, the one that leaves beside the one that comes. */
  readonly #members: Set<Member> = new Set();
  #ending: Promise<void> | undefined = undefined;
  #restarting: Promise<void> | undefined = undefined;

  constructor(options: WorkforceOptions) {
    this.#options = options;
    this.#places = Array.from({ length: options.count }, (_, index) => new Place(index + 1));
    this.#ports = new SharedPorts(this.#places);
    // Measured: to let the kernel choose who accepts costs half as much CPU for a connection as to hand each over by IPC. Who
    // wants Node's own way has Node's own variable for it.
    if (process.env["NODE_CLUSTER_SCHED_POLICY"] === undefined) cluster.schedulingPolicy = cluster.SCHED_NONE;
    cluster.setupPrimary({
      exec: process.argv[1] as string,
      args: process.argv.slice(2),
      cwd: options.cwd,
      stdio: options.output === undefined ? ["ignore", "inherit", "inherit", "ipc"] : ["ignore", "pipe", "pipe", "ipc"],
    });
  }

  /**
   * Starts all, and waits until they serve. The first one alone, as what keeps one from starting keeps all.
   *
   * @throws Error with the words of the worker that cannot start; then none is left. CancelledError if `stop` came first.
   */
  async start(): Promise<void> {
    const [first, ...others] = this.#places;
    try {
      await this.#begin(first as Place);
      await Promise.all(others.map((place) => this.#begin(place)));
    } catch (error) {
      if (this.#ending !== undefined) throw new CancelledError("The workers were stopped at their start");
      await this.stop();
      throw error;
    }
  }

  /**
   * Replaces all workers, one after the other: the next one serves before the one that it replaces accepts no more. A new one
   * that cannot start ends it, and those that are there go on. Asked for again meanwhile, it does it once more.
   */
  restart(): Promise<void> {
    const earlier = this.#restarting;
    const restarted = (earlier ?? Promise.resolve()).then(() => this.#restartAll());
    this.#restarting = restarted;
    return restarted;
  }

  /** Ends all of them: gently, and by force what is left after the limit. Fires when none is left. */
  stop(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  /** Passes a signal on to all of them. */
  signal(name: NodeJS.Signals): void {
    for (const member of this.#members) member.signal(name);
  }

  /** All processes there are, in the order of their places. */
  workers(): WorkerInfo[] {
    const now = performance.now();
    return [...this.#members]
      .map((member) => ({
        number: member.place.number,
        pid: member.pid,
        state: member.state,
        ageMs: now - member.startedMs,
        predecessors: (this.#places[member.place.number - 1] as Place).predecessors,
      }))
      .sort((a, b) => a.number - b.number);
  }

  /** For those who ask how a service does: well as long as one worker serves. */
  asService(): ServiceParent {
    const isServing = (): boolean => this.#places.some(({ member }) => member !== undefined);
    return {
      name: "workers",
      state: "running",
      children: [],
      startService: () => undefined,
      stopService: () => undefined,
      health: () => (isServing() ? { ok: true } : { ok: false, detail: "no worker serves" }),
    };
  }

  /** Gives a place a new process, and waits until that serves. The former one, if there is one, goes on. */
  async #begin(place: Place): Promise<void> {
    const member = new Member({ number: place.number, count: this.#options.count }, this.#options);
    this.#members.add(member);
    this.#ports.serve(member);
    void member.exited.then(({ how, message }) => {
      this.#members.delete(member);
      this.#ports.forget(member);
      if (place.member === member) this.#lost(place, member, message ?? how);
    });
    place.isStarting = true;
    try {
      await member.ready;
    } finally {
      place.isStarting = false;
    }
    place.member = member;
    this.#ports.deliver();
    log.info("Worker {number} serves: process {pid}", { number: place.number, pid: member.pid });
  }

  /** A worker that served has ended, and nobody asked it to. */
  #lost(place: Place, member: Member, how: string): void {
    place.member = undefined;
    place.predecessors += 1;
    if (this.#ending !== undefined) return;
    const ageMs = performance.now() - member.startedMs;
    if (ageMs > STEADY_MS) place.crashes = 0;
    log.error("Worker {number}, process {pid}, ended after {seconds} s: {how}", {
      number: place.number,
      pid: member.pid,
      seconds: Math.round(ageMs / 1_000),
      how,
    });
    if (!place.isStarting) this.#replaceLater(place);
  }

  #replaceLater(place: Place): void {
    const delayMs = Math.round(replaceDelay(place.crashes, Math.random));
    place.crashes += 1;
    log.info("Worker {number} starts again in {delayMs} ms", { number: place.number, delayMs });
    place.timer = setTimeout(() => {
      place.timer = undefined;
      this.#begin(place).catch((error: Error) => {
        if (this.#ending !== undefined) return;
        log.error("Worker {number} cannot start: {reason}", { number: place.number, reason: error.message });
        this.#replaceLater(place);
      });
    }, delayMs);
  }

  async #restartAll(): Promise<void> {
    if (this.#ending !== undefined) return;
    log.info("Restarting {count} workers, one after the other", { count: this.#places.length });
    for (const place of this.#places) {
      // One that is starting because its predecessor crashed is new.
      if (place.isStarting) continue;
      clearTimeout(place.timer);
      place.timer = undefined;
      const former = place.member;
      try {
        await this.#begin(place);
      } catch (error) {
        if (this.#ending !== undefined) return;
        log.error("The restart ends at worker {number}, which cannot start: {reason}", {
          number: place.number,
          reason: (error as Error).message,
        });
        if (place.member === undefined) this.#replaceLater(place);
        return;
      }
      if (this.#ending !== undefined) return;
      if (former !== undefined) {
        place.predecessors += 1;
        await this.#retire(former);
      }
      place.crashes = 0;
    }
    log.info("All {count} workers are new", { count: this.#places.length });
  }

  async #retire(member: Member): Promise<void> {
    const { drainMs, stopMs } = this.#options;
    member.retire(drainMs);
    const inTime = await member.end(drainMs + stopMs);
    if (!inTime) {
      log.warn("Killed worker {number}, process {pid}: it did not end within {limitMs} ms", {
        number: member.place.number,
        pid: member.pid,
        limitMs: drainMs + stopMs,
      });
    }
  }

  async #end(): Promise<void> {
    for (const place of this.#places) clearTimeout(place.timer);
    const { stopMs } = this.#options;
    await Promise.all(
      [...this.#members].map(async (member) => {
        member.stop();
        const inTime = await member.end(stopMs);
        await member.drained;
        if (inTime) return;
        log.warn("Killed worker {number}, process {pid}: it did not stop within {limitMs} ms", {
          number: member.place.number,
          pid: member.pid,
          limitMs: stopMs,
        });
      }),
    );
    this.#ports.close();
  }
}

/** Where one process follows another. */
export class Place {
  readonly number: number;
  /** The one that serves. */
  member: Member | undefined = undefined;
  predecessors = 0;
  /** Ends that nobody asked for, since one that was there for long. */
  crashes = 0;
  timer: NodeJS.Timeout | undefined = undefined;
  isStarting = false;

  constructor(number: number) {
    this.number = number;
  }
}

const log: Logger = new Logger("ropewalk.twistd.workers");
/** The first one at once as far as clients can tell; then what does not keep a machine busy with starting. */
const replaceDelay = backoff({ initialDelayMs: 100, factor: 2, maxDelayMs: 30_000 });
/** A worker that lived for so long did not end because of how it starts. */
const STEADY_MS = 60_000;
