/** Does `ops` operations; throws when what they came to is wrong, for a job that computes nothing proves nothing. */
export type Job = (ops: number) => void | Promise<void>;

/** Load → contender → job. */
export type Jobs = Readonly<Record<string, Readonly<Record<string, Job>>>>;

export function expectTotal(seen: number, due: number): void {
  if (seen !== due) throw new Error(`Wrong result: the operations came to ${seen} instead of ${due}`);
}
