import { Deferred } from "ropewalk";
import { drawTimeline, type Panel, type Row } from "./lib/timeline.ts";

/** The same two steps on a Deferred and on a Promise: in which order things ran. */
export default async function picture(): Promise<string> {
  const onDeferred = new Steps();
  const deferred = new Deferred<number>();
  deferred
    .addCallback((n) => onDeferred.take("first link", n + 1))
    .addCallback((n) => onDeferred.take("second link", n * 2));
  onDeferred.take("the line before", undefined);
  onDeferred.around("callback(1)", () => deferred.callback(1));
  onDeferred.take("the line after", undefined);

  const onPromise = new Steps();
  let resolve: (n: number) => void = () => {};
  const promise = new Promise<number>((fire) => {
    resolve = fire;
  })
    .then((n) => onPromise.take("first then", n + 1))
    .then((n) => onPromise.take("second then", n * 2));
  onPromise.take("the line before", undefined);
  onPromise.around("resolve(1)", () => resolve(1));
  onPromise.take("the line after", undefined);
  await promise;

  const panels = [
    onDeferred.panel("Deferred: its links run inside callback()"),
    onPromise.panel("Promise: later, when your function is through"),
  ];
  return drawTimeline({
    title: "A Deferred and a Promise with the same two steps",
    description: panels.map(({ title, rows }) => `${title}: ${rows.map(({ label }) => label).join(", ")}`).join(". "),
    panels,
    endMs: 5,
    tickMs: 1,
    tick: () => "",
    key: [
      ["outside", "a call that is not back yet"],
      ["work", "runs"],
    ],
    note: "Left to right: the recorded order. The axis is no time.",
    width: 480,
  });
}

/** Counts what happens, in its order. */
class Steps {
  #count = 0;
  readonly #rows: (Row & { readonly at: number })[] = [];

  take<T>(label: string, value: T): T {
    const fromMs = this.#count;
    this.#count += 1;
    this.#rows.push({ at: fromMs, label, spans: [{ kind: "work", fromMs, toMs: this.#count }] });
    return value;
  }

  around(label: string, call: () => void): void {
    const fromMs = this.#count;
    call();
    const isEmpty = this.#count === fromMs;
    if (isEmpty) this.#count += 1;
    this.#rows.push({ at: fromMs - 0.5, label, spans: [{ kind: "outside", fromMs, toMs: this.#count }] });
  }

  panel(title: string): Panel {
    return { title, rows: this.#rows.toSorted((a, b) => a.at - b.at) };
  }
}
