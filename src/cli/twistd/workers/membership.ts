import cluster from "node:cluster";
import { ReactorStateError } from "../../../core/errors.ts";
import { Logger } from "../../../core/log/logger.ts";
import { NodeLoop } from "../../../reactor/node-loop.ts";
import type { NodeReactor } from "../../../reactor/node-reactor.ts";
import { Primary } from "../../../reactor/primary.ts";
import { FailureError } from "../../usage-error.ts";
import type { Audience } from "../audience.ts";
import type { TwistdOptions } from "../options.ts";
import { PLACE_VARIABLE, STICKY_VARIABLE, type WorkerPlace, type WorkerSaid, type WorkerTold } from "./messages.ts";

/** Which worker this process is; undefined if it is none. */
export function ownPlace(): WorkerPlace | undefined {
  const match = /^(\d+)\/(\d+)$/.exec(process.env[PLACE_VARIABLE] ?? "");
  return match === null || !cluster.isWorker ? undefined : { number: Number(match[1]), count: Number(match[2]) };
}

/** Runs this process as a worker: what is one for all of them, the primary does. Gives the exit status. */
export async function serveAsWorker(
  options: TwistdOptions,
  { number }: WorkerPlace,
  serve: (own: TwistdOptions, membership: Membership) => Promise<number>,
): Promise<number> {
  const { daemon: _daemon, pidfile: _pidfile, ...own } = options;
  const membership = new Membership(number, options.reactor === "node");
  try {
    return await serve(own, membership);
  } catch (error) {
    // The primary says it, once.
    await membership.said();
    if (error instanceof FailureError) return error.status;
    throw error;
  }
}

/** What makes this process one of several: it hears its primary, and tells how far it is. */
export class Membership implements Audience {
  /** Which of the workers this process is, from 1. */
  readonly number: number;
  #reactor: NodeReactor | undefined = undefined;
  #said: Promise<void> = Promise.resolve();

  constructor(number: number, acceptsDirectly: boolean) {
    this.number = number;
    const { env, ppid, pid } = process;
    // Sockets of systemd are the primary's, which opens them for all.
    if (env["LISTEN_PID"] === String(ppid)) env["LISTEN_PID"] = String(pid);
    NodeLoop.ownPrimary = new Primary(env[STICKY_VARIABLE] !== undefined, acceptsDirectly);
    process.on("message", (told: WorkerTold) => this.#told(told));
    // What goes to all processes of a terminal or a unit is the primary's business; unheard, it would end this one.
    process.on("SIGUSR2", () => undefined);
    process.on("SIGHUP", () => undefined);
    cluster.worker?.on("disconnect", () => this.#orphaned());
  }

  /** The reactor that ends when the primary says so. */
  join(reactor: NodeReactor): void {
    this.#reactor = reactor;
  }

  ready(): Promise<void> {
    return this.#say({ twistd: "ready" });
  }

  async reloading(): Promise<void> {}

  async stopping(): Promise<void> {}

  failed(message: string): Promise<void> {
    return this.#say({ twistd: "failed", message });
  }

  watch(): Disposable {
    return { [Symbol.dispose]: () => undefined };
  }

  /** Fires when what was said has left: the end of the process would swallow it. */
  said(): Promise<void> {
    return this.#said;
  }

  #told(told: WorkerTold): void {
    if (told?.twistd === "stop") {
      this.#stop();
    } else if (told?.twistd === "retire") {
      const reactor = this.#reactor;
      if (reactor === undefined) return;
      reactor
        .retire({ limitMs: told.limitMs })
        .addBoth(() => NodeLoop.ownPrimary?.caughtUp())
        .addBoth(() => this.#stop());
    }
  }

  /** Without its primary nobody would end it. */
  #orphaned(): void {
    if (this.#reactor?.running !== true) return;
    // node:cluster would end the process at once, with all that is under way.
    if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
    log.error("The primary process is gone: stopping");
    this.#stop();
    setTimeout(() => process.exit(1), ORPHAN_MS).unref();
  }

  #stop(): void {
    try {
      if (this.#reactor?.running === true) this.#reactor.stop();
    } catch (error) {
      // A signal was faster.
      if (!(error instanceof ReactorStateError)) throw error;
    }
  }

  #say(said: WorkerSaid): Promise<void> {
    this.#said = new Promise((resolve) => {
      if (process.connected) process.send?.(said, () => resolve());
      else resolve();
    });
    return this.#said;
  }
}

/** For what is under way; nobody is there who would wait for longer. */
const ORPHAN_MS = 10_000;
const log: Logger = new Logger("ropewalk.twistd.workers");
