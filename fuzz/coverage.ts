/** Which characters of some scripts have run, asked of V8. */
import { type Profiler, Session } from "node:inspector";

export class Coverage {
  readonly #session = new Session();
  readonly #code: RegExp;
  /** Of each script a byte for each character: 1 for those that ran. */
  readonly #seen = new Map<string, Uint8Array>();
  #fresh: readonly Profiler.ScriptCoverage[] = [];
  /** Characters that ran. */
  covered = 0;

  /** `code` says which scripts, by their URL. */
  constructor(code: RegExp) {
    this.#code = code;
    this.#session.connect();
    this.#session.post("Profiler.enable");
    // What ran when the scripts were loaded is not told: it belongs to no input.
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** Whether anything ran, since the last look, that had never run. */
  hasGrown(): boolean {
    this.#fresh = this.#take();
    return this.#fresh.some((script) => this.#growth(script, false) > 0);
  }

  /** What the last look saw counts as seen. */
  accept(): void {
    for (const script of this.#fresh) this.#growth(script, true);
    this.#fresh = [];
  }

  /** Whether this, alone, runs something that had never run; then it counts as seen. */
  isNewBy(run: () => void): boolean {
    const batch = this.#fresh;
    run();
    const isNew = this.hasGrown();
    if (isNew) this.accept();
    this.#fresh = batch;
    return isNew;
  }

  [Symbol.dispose](): void {
    this.#session.disconnect();
  }

  #take(): Profiler.ScriptCoverage[] {
    let taken: Profiler.ScriptCoverage[] = [];
    // It calls back before it returns.
    this.#session.post("Profiler.takePreciseCoverage", (error, { result }) => {
      if (error !== null) throw error;
      taken = result.filter(({ url }) => this.#code.test(url));
    });
    return taken;
  }

  #growth({ url, functions }: Profiler.ScriptCoverage, isKept: boolean): number {
    const ends = functions.flatMap(({ ranges }) => ranges.map(({ endOffset }) => endOffset));
    const now = new Uint8Array(Math.max(0, ...ends));
    // Ranges lie in one another, the outer ones first; functions as well.
    const ranges = functions
      .flatMap((one) => one.ranges)
      .sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
    for (const { startOffset, endOffset, count } of ranges) now.fill(count > 0 ? 1 : 0, startOffset, endOffset);
    const before = this.#seen.get(url) ?? new Uint8Array(0);
    let growth = 0;
    for (let at = 0; at < now.length; at++) if (now[at] === 1 && before[at] !== 1) growth++;
    if (!isKept || growth === 0) return growth;
    const merged = new Uint8Array(Math.max(now.length, before.length));
    for (let at = 0; at < merged.length; at++) merged[at] = (now[at] ?? 0) | (before[at] ?? 0);
    this.#seen.set(url, merged);
    this.covered += growth;
    return growth;
  }
}
