import cluster, { type Worker } from "node:cluster";
import { Deferred } from "../../../core/deferred/deferred.ts";
import { relayLines } from "./lines.ts";
import { PLACE_VARIABLE, STICKY_VARIABLE, type WorkerPlace, type WorkerSaid, type WorkerTold } from "./messages.ts";

/** How to start a worker. */
export interface MemberOptions {
  readonly sticky: boolean;
  /** Takes what it writes to its standard output and error, in whole lines; default: they are those of the primary. */
  readonly output?: ((lines: string) => void) | undefined;
}

/** `"starting"` until it listens; `"retiring"` while another one has its place; `"stopping"` because all do. */
export type MemberState = "starting" | "serving" | "retiring" | "stopping" | "gone";

/** How a process ended. */
export interface Exit {
  /** `"status 1"`, `"SIGKILL"`. */
  readonly how: string;
  /** What it said of itself, if it could not start. */
  readonly message: string | undefined;
}

/** One process of the workforce. */
export class Member {
  readonly place: WorkerPlace;
  readonly startedMs: number;
  state: MemberState = "starting";
  /** Fires when it serves; fails with its exit if it does not come to that. */
  readonly ready: Promise<void>;
  readonly exited: Promise<Exit>;
  /** Fires when all that it wrote has been passed on. */
  readonly drained: Promise<void>;
  readonly worker: Worker;
  /** How many times it asked for any free port. */
  freePorts = 0;

  constructor(place: WorkerPlace, options: MemberOptions) {
    this.place = place;
    this.startedMs = performance.now();
    const { output } = options;
    this.worker = cluster.fork({
      [PLACE_VARIABLE]: `${place.number}/${place.count}`,
      [STICKY_VARIABLE]: options.sticky ? "1" : undefined,
      // The primary speaks for all of them.
      NOTIFY_SOCKET: undefined,
      WATCHDOG_USEC: undefined,
      WATCHDOG_PID: undefined,
    });
    if (output !== undefined)
      for (const stream of [this.worker.process.stdout, this.worker.process.stderr]) {
        if (stream !== null) relayLines(stream, output);
      }
    const ready = new Deferred<void>();
    const exited = new Deferred<Exit>();
    let message: string | undefined;
    this.worker.on("message", (said: WorkerSaid) => {
      if (said?.twistd === "ready" && this.state === "starting") {
        this.state = "serving";
        ready.callback();
      } else if (said?.twistd === "failed") {
        message = said.message;
      }
    });
    const gone = (how: string) => {
      if (exited.called) return;
      this.state = "gone";
      const exit = { how, message };
      exited.callback(exit);
      if (!ready.called) ready.errback(new Error(message ?? `Worker ${place.number} ended at its start (${how})`));
    };
    this.worker.on("exit", (code: number | null, signal: string | null) => gone(signal ?? `status ${code}`));
    this.worker.on("error", (error: Error) => {
      // Without a process id it never was: no exit follows.
      if (this.worker.process.pid === undefined) gone(error.message);
    });
    this.exited = toPromise(exited);
    this.drained = this.exited.then(() => isClosed(this.worker.process, output !== undefined));
    this.ready = toPromise(ready);
    // Whoever awaits it hears of it; nobody has to.
    this.ready.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.worker.process.pid;
  }

  /** Accepts no more, finishes what it has within `limitMs`, and ends. */
  retire(limitMs: number): void {
    if (this.state === "gone") return;
    this.state = "retiring";
    this.#tell({ twistd: "retire", limitMs });
  }

  stop(): void {
    if (this.state === "gone") return;
    // One that does not listen to messages yet has nothing to finish.
    if (this.state === "starting") this.signal("SIGTERM");
    else this.#tell({ twistd: "stop" });
    this.state = "stopping";
  }

  signal(name: NodeJS.Signals): void {
    this.worker.process.kill(name);
  }

  /** Whether it ends by itself within `limitMs`; it is killed if not. */
  async end(limitMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), limitMs);
    });
    const inTime = await Promise.race([this.exited.then(() => true), late]);
    clearTimeout(timer);
    if (!inTime) {
      this.signal("SIGKILL");
      await this.exited;
    }
    return inTime;
  }

  #tell(told: WorkerTold): void {
    // It may be gone already: then it has nothing to be told, and `exited` says so.
    if (this.worker.isConnected()) this.worker.process.send(told, () => undefined);
  }
}

/** What is left in its pipes is there at once; but a child of its own may hold them open for ever. */
function isClosed({ stdout, stderr }: Worker["process"], isPiped: boolean): Promise<void> {
  return new Promise((resolve) => {
    const open = isPiped ? [stdout, stderr].filter((stream) => stream !== null && !stream.closed) : [];
    if (open.length === 0) {
      resolve();
      return;
    }
    const timer = setTimeout(resolve, PIPE_LIMIT_MS);
    let left = open.length;
    for (const stream of open) {
      stream?.once("close", () => {
        left -= 1;
        if (left > 0) return;
        clearTimeout(timer);
        resolve();
      });
    }
  });
}

function toPromise<T>(deferred: Deferred<T>): Promise<T> {
  return Promise.resolve(deferred);
}

const PIPE_LIMIT_MS = 2_000;
