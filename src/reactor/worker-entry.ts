/** What each worker thread runs: it calls the export that a task names. Loaded by workers.ts, never imported. */
export interface WorkerTask {
  /** A file: or data: URL, or the name of a package. */
  readonly module: string;
  readonly name: string;
  readonly argument: unknown;
}

// biome-ignore lint/style/noDefaultExport: the pool calls the default export
export default async function runTask({ module, name, argument }: WorkerTask): Promise<unknown> {
  const exports: Record<string, unknown> = await import(module);
  const f = exports[name];
  if (typeof f !== "function") {
    throw new TypeError(`Cannot call export "${name}" of ${module} in a worker: it is no function but ${typeof f}`);
  }
  return await f(argument);
}
