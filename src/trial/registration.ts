import { seededRandom } from "../core/seeded-random.ts";
import { settings } from "./settings.ts";

/**
 * Registers a test or a suite with the runner: at once, or, where the order is left to a seed, together with all others
 * of its suite, in that order, when the suite is read.
 */
export function enrol(register: () => unknown): void {
  if (random === undefined) {
    register();
    return;
  }
  waiting.push(register);
  if (waiting.length > 1 || isInSuite) return;
  void Promise.resolve().then(enrolAll);
}

/** Reads a suite: what its body registers is a group of its own. */
export function readSuite(body: () => unknown): unknown {
  if (random === undefined) return body();
  const [outer, wasInSuite] = [waiting, isInSuite];
  [waiting, isInSuite] = [[], true];
  const done = (): void => {
    enrolAll();
    [waiting, isInSuite] = [outer, wasInSuite];
  };
  const result = body();
  if (!isThenable(result)) {
    done();
    return undefined;
  }
  return result.then(done);
}

function enrolAll(): void {
  const group = waiting.splice(0);
  for (const register of shuffled(group)) register();
}

function shuffled<T>(list: readonly T[]): T[] {
  const rest = [...list];
  const result: T[] = [];
  while (rest.length > 0) result.push(...rest.splice(Math.floor((random as () => number)() * rest.length), 1));
  return result;
}

function isThenable(value: unknown): value is Promise<unknown> {
  return typeof (value as { readonly then?: unknown } | undefined)?.then === "function";
}

const random: (() => number) | undefined =
  settings.orderSeed === undefined ? undefined : seededRandom(settings.orderSeed);
let waiting: (() => unknown)[] = [];
let isInSuite = false;
