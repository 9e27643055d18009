/** What each worker thread runs: it calls the export that a task names. Loaded by workers.ts, never imported. */
export interface WorkerTask {
  /** A file: or data: URL, or the name of a package. */
  readonly module: string;
  readonly name: string;
  readonly argument: unknown;
}

/**
 * An error in parts. The clone of an error that comes out of a thread has its message, stack and cause, but lacks what
 * programs tell errors apart by: a `code`, or a name of their own.
 */
export interface WorkerFailure {
  readonly failed: Error;
  readonly name: string;
  /** Own properties, as far as they can be cloned. */
  readonly properties: Readonly<Record<string, unknown>>;
}

// biome-ignore lint/style/noDefaultExport: the pool calls the default export
export default async function runTask(task: WorkerTask): Promise<unknown> {
  try {
    return await call(task);
  } catch (error) {
    if (error instanceof Error) throw inParts(error);
    // The pool takes a thrown nothing for no failure.
    throw error ?? inParts(new Error(`Export "${task.name}" of ${task.module} threw ${error}`));
  }
}

async function call({ module, name, argument }: WorkerTask): Promise<unknown> {
  const exports: Record<string, unknown> = await import(module);
  const f = exports[name];
  if (typeof f !== "function") {
    throw new TypeError(`Cannot call export "${name}" of ${module} in a worker: it is no function but ${typeof f}`);
  }
  return await f(argument);
}

function inParts(failed: Error): WorkerFailure {
  const properties = Object.fromEntries(Object.entries(failed).filter(([, value]) => isCloneable(value)));
  return { failed, name: failed.name, properties };
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
