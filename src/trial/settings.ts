import { house } from "./house.ts";

/** What the command `trial` tells the processes that it starts, by way of their environment. */
export interface TrialSettings {
  /** Of a test that does not say. */
  readonly timeoutMs: number;
  /** Shuffles the tests of each file; undefined leaves them in their order. */
  readonly orderSeed: number | undefined;
  /** Whether V8 counts what is run: by the names of scripts, so that none may bear another one's. */
  readonly isCounted: boolean;
  /** For the next test that does not say. */
  nextSeed(): number;
  /** How to run one test again with the same seed. */
  repeatText(name: string, seed: number): string;
}

function read(variables: Readonly<Record<string, string | undefined>>): TrialSettings {
  const { TRIAL_TIMEOUT_MS, TRIAL_ORDER, TRIAL_SEED, TRIAL_FILE, NODE_V8_COVERAGE } = variables;
  const seed = numberOf(TRIAL_SEED);
  return {
    timeoutMs: numberOf(TRIAL_TIMEOUT_MS) ?? TIMEOUT_MS,
    orderSeed: numberOf(TRIAL_ORDER),
    isCounted: NODE_V8_COVERAGE !== undefined,
    nextSeed: () => seed ?? Math.floor(house.random() * SEEDS),
    repeatText: (name, used) =>
      TRIAL_FILE === undefined
        ? `seed ${used}: repeat it with TRIAL_SEED=${used} in the environment`
        : `seed ${used}: repeat it with npx trial --seed ${used} ${quoted(TRIAL_FILE)} ${quoted(name)}`,
  };
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined || text === "" ? undefined : Number(text);
}

/** Twisted's. */
const TIMEOUT_MS = 120_000;

/** Short enough to be typed. */
const SEEDS = 1_000_000;

export const settings: TrialSettings = read(house.environment.variables);
