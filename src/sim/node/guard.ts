/*
 * Theory of operation. What a seed cannot decide is watched: the clock, random numbers, timers and I/O of the real world. As
 * long as any simulation is driven, what Node and the language offer of them is replaced by watched ones (guarded.ts lists
 * them); whether they refuse is one number, of how many simulations let code of programs run at this moment. So what that
 * costs is paid once a drive, and an event pays for an increment. What they were before is put back when the last drive ends.
 *
 * Node's own code uses the same functions, for what a program may do: to import a module, to write a line to its terminal. So
 * it is asked who calls, but only when a call is about to be refused.
 */
import { syncBuiltinESMExports } from "node:module";
import { GUARDED, type Guarded } from "./guarded.ts";

/** Of one simulation: whether code of its programs runs. */
export class Gate {
  #isInside = false;

  readonly enter = (): void => {
    if (this.#isInside) return;
    this.#isInside = true;
    inside += 1;
  };

  readonly leave = (): void => {
    if (!this.#isInside) return;
    this.#isInside = false;
    inside -= 1;
  };
}

/** Sets up the watch, until disposed. It refuses nothing while no Gate was entered. */
export function guard(): Disposable {
  armed += 1;
  if (armed === 1) replaceAll();
  let isArmed = true;
  return {
    [Symbol.dispose](): void {
      if (!isArmed) return;
      isArmed = false;
      armed -= 1;
      if (armed === 0) putAllBack();
    },
  };
}

/** Runs what is the simulator's own business with the real world. */
export function unguarded(f: () => void): void {
  const before = inside;
  inside = 0;
  try {
    f();
  } finally {
    inside = before;
  }
}

function replaceAll(): void {
  for (const guarded of GUARDED) {
    const { object, key } = guarded;
    const original = Object.getOwnPropertyDescriptor(object, key);
    if (typeof original?.value !== "function" || original.configurable !== true) continue;
    const watched = watch(original.value, guarded);
    put(object, key, original, watched);
    replaced.push({ object, key, original, watched });
  }
  syncBuiltinESMExports();
}

function putAllBack(): void {
  for (const { object, key, original, watched } of replaced) {
    // Somebody else may have put something else there meanwhile, and knows what it stands for.
    if (Object.getOwnPropertyDescriptor(object, key)?.value === watched) put(object, key, original, original.value);
  }
  replaced.length = 0;
  syncBuiltinESMExports();
}

/** An assignment keeps the attributes of a property, and takes a tenth of the time. */
function put(object: object, key: string, original: PropertyDescriptor, value: Callable): void {
  if (original.writable === true) (object as Record<string, Callable>)[key] = value;
  else Object.defineProperty(object, key, { ...original, value });
}

function watch(original: Callable, guarded: Guarded): Callable {
  const known = watchedOnes.get(original);
  if (known !== undefined) return known;
  const { isFine } = guarded;
  const watched: Callable = new Proxy(original, {
    apply(target, self, args): unknown {
      if (inside > 0) refuseUnlessInternal(guarded);
      return Reflect.apply(target, self, args);
    },
    construct(target, args, newTarget): object {
      if (inside > 0 && isFine?.(args) !== true) refuseUnlessInternal(guarded);
      return Reflect.construct(target, args, newTarget === watched ? target : newTarget);
    },
  });
  watchedOnes.set(original, watched);
  return watched;
}

/** @throws Error, unless Node or the simulator calls on its own behalf. */
function refuseUnlessInternal({ name, instead, isDeep }: Guarded): void {
  if (isInternal(callers(), isDeep === true)) return;
  throw new Error(
    `Cannot use ${name} inside a simulation, where every run of one seed is the same: ${instead} ` +
      "(what is the test's own goes outside of sim.run, or make the Simulation with guard: false)",
  );
}

/**
 * The one who called is Node or the simulator. Of what only Node's modules call at the bottom (`net.connect` ends in
 * `Socket.connect`), the first one counts who is neither.
 */
function isInternal(frames: readonly string[], isDeep: boolean): boolean {
  if (!isDeep) return frames[0] !== undefined && (isNode(frames[0]) || isOurs(frames[0]));
  const caller = frames.find((one) => !isNode(one));
  return caller === undefined || isOurs(caller);
}

/** The folder of the simulator's own door to Node; the tests in it are programs like any other. */
function isOurs(caller: string): boolean {
  return caller.includes(OUR_FOLDER) && !caller.includes(".test.");
}

function isNode(caller: string): boolean {
  return /\(?node:[a-z_/]+:\d+:\d+\)?$/.test(caller);
}

/** The frames of those who called a watched function, from the nearest. */
function callers(): readonly string[] {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = FRAMES;
  const holder: { stack?: unknown } = {};
  Error.captureStackTrace(holder, refuseUnlessInternal);
  const { stack } = holder;
  Error.stackTraceLimit = stackTraceLimit;
  const frames = String(stack).split("\n");
  // The first line is the error's, the first frame the trap of the Proxy.
  return frames.slice(frames.findIndex((line) => /^\s+at /.test(line)) + 1);
}

// biome-ignore lint/complexity/noBannedTypes: any function whatever
export type Callable = Function;

const watchedOnes: WeakMap<Callable, Callable> = new WeakMap();
const replaced: { object: object; key: string; original: PropertyDescriptor; watched: Callable }[] = [];
let armed = 0;
let inside = 0;

const OUR_FOLDER = new URL(".", import.meta.url).href;
const FRAMES = 30;
