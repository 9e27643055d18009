/** What a worker and its primary say to each other about the worker's life; about ports they speak by reactor/primary.ts. */

/** Worker to primary. */
export type WorkerSaid = { readonly twistd: "ready" } | { readonly twistd: "failed"; readonly message: string };

/** Primary to worker. */
export type WorkerTold =
  /** Another one has taken its place: accept no more, finish, and end. */
  | { readonly twistd: "retire"; readonly limitMs: number }
  /** End as at SIGTERM. */
  | { readonly twistd: "stop" };

/** Which worker of how many a process is. */
export interface WorkerPlace {
  /** From 1. The one that takes its place when it ends has the same number. */
  readonly number: number;
  readonly count: number;
}

/** Of a worker's environment: `2/4`, and how it gets its connections. */
export const PLACE_VARIABLE = "TWISTD_WORKER";
export const STICKY_VARIABLE = "TWISTD_STICKY";
