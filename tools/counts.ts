/** A reporter of node:test that writes only the closing counts, as JSON: `{"tests":3,"pass":3,…}`. */

export interface TestEvent {
  readonly type: string;
  readonly data: { readonly message?: string; readonly nesting?: number };
}

/** How many tests, passes, failures, … there were, in the order in which Node tells them. */
export type Counts = Record<string, number>;

// biome-ignore lint/style/noDefaultExport: the runner takes a reporter from there
export default async function* counts(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const found: Counts = {};
  for await (const event of source) {
    if (!isCount(event)) continue;
    const [name = "", number] = (event.data.message ?? "").split(" ");
    found[name] = Number(number);
  }
  yield JSON.stringify(found);
}

/** What the runner says at the end of everything, one number an event. */
export function isCount({ type, data }: TestEvent): boolean {
  return type === "test:diagnostic" && data.nesting === 0 && COUNT.test(data.message ?? "");
}

/** The sums of several runs' counts. */
export function sum(all: readonly Counts[]): Counts {
  const total: Counts = {};
  for (const run of all) for (const [name, number] of Object.entries(run)) total[name] = (total[name] ?? 0) + number;
  return total;
}

const COUNT = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;
