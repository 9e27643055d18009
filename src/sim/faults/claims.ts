/** What several faults want of one thing at a time: when one of them ends, the others still have it. */
export class Claims {
  readonly #standing = new Map<unknown, Map<object, unknown[]>>();

  /** `settle` hears of all that is wanted of `subject` now, oldest first, and again when that changes. */
  claim<S extends object, V>(settle: Settle<S, V>, subject: S, value: V): () => void {
    const bySubject = this.#standing.get(settle) ?? new Map<object, V[]>();
    this.#standing.set(settle, bySubject);
    const values = (bySubject.get(subject) ?? []) as Claim<V>[];
    bySubject.set(subject, values);
    const claim = { value };
    const tell = (): void =>
      settle(
        subject,
        values.map((one) => one.value),
      );
    values.push(claim);
    tell();
    return () => {
      values.splice(values.indexOf(claim), 1);
      if (values.length === 0) bySubject.delete(subject);
      tell();
    };
  }
}

/** Makes `subject` be as all of `wanted` want it. */
export type Settle<S extends object, V> = (subject: S, wanted: readonly V[]) => void;

interface Claim<V> {
  readonly value: V;
}
