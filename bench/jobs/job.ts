/**
 * Does `ops` operations, or tells how many it did instead; throws when what they came to is wrong, for a job that computes
 * nothing proves nothing.
 */
export type Job = (ops: number) => void | Promise<void> | Promise<JobResult>;

export interface JobResult {
  readonly ops: number;
  /** Growth of the live memory for each connection, of a job that holds some. */
  readonly bytesPerConnection?: number;
  /** CPU time and memory of the process that was measured, where that is not this one. */
  readonly cpuUs?: number;
  readonly rssBytes?: number;
}

/** Load → contender → job. */
export type Jobs = Readonly<Record<string, Readonly<Record<string, Job>>>>;

export function expectTotal(seen: number, due: number): void {
  if (seen !== due) throw new Error(`Wrong result: the operations came to ${seen} instead of ${due}`);
}
