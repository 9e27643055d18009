import { createWriteStream } from "node:fs";
import { resolve } from "node:path";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as builtIn from "node:test/reporters";
import { pathToFileURL } from "node:url";
import { FailureError, UsageError } from "../usage-error.ts";

/** Where the events of a run go. */
export interface Reporters {
  report(event: unknown): void;
  /** Waits until all is written. @throws FailureError if a reporter failed. */
  finish(): Promise<void>;
}

/** `asked`: `name` or `name=file`, each. Default: spec, on standard output. @throws UsageError for an unknown one. */
export async function openReporters(asked: readonly string[]): Promise<Reporters> {
  const inputs: PassThrough[] = [];
  const ends: Promise<unknown>[] = [];
  for (const text of asked.length === 0 ? ["spec"] : asked) {
    const [name = "", file] = text.split(/=(.*)/s);
    const reporter = await load(name);
    const input = new PassThrough({ objectMode: true, highWaterMark: EVENTS_WAITING });
    inputs.push(input);
    const output = input.compose(reporter as never);
    const written =
      file === undefined ? pipeline(output, process.stdout, { end: false }) : pipeline(output, createWriteStream(file));
    ends.push(
      written.catch((cause: Error) => new FailureError(`Reporter "${name}" failed: ${cause.message}`, { cause })),
    );
  }
  return {
    report: (event) => {
      for (const input of inputs) input.write(event);
    },
    finish: async () => {
      for (const input of inputs) input.end();
      const failure = (await Promise.all(ends)).find((end) => end instanceof Error);
      if (failure !== undefined) throw failure;
    },
  };
}

async function load(name: string): Promise<unknown> {
  const known = (builtIn as Readonly<Record<string, unknown>>)[name];
  // Some are classes, of which each run needs an object of its own; others are functions that serve all.
  if (known !== undefined) return name === "spec" ? new builtIn.spec() : known;
  try {
    const from = /^[./]/.test(name) ? pathToFileURL(resolve(name)).href : name;
    const { default: reporter } = (await import(from)) as { readonly default?: unknown };
    if (reporter !== undefined) return isClass(reporter) ? new reporter() : reporter;
  } catch (error) {
    throw new UsageError(`Cannot load reporter "${name}": ${(error as Error).message}`, { cause: error });
  }
  throw new UsageError(`Cannot use reporter "${name}": its module has no default export`);
}

function isClass(value: unknown): value is new () => unknown {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

/** A reporter is never waited for: what a run tells is small. */
const EVENTS_WAITING = 1_000_000;
