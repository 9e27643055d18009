/** A service of the tree did not start; those that had started before it are stopped again. */
export class ServiceStartError extends Error {
  override readonly name: string = "ServiceStartError";
  /** Which one, from the outermost parent on: `web/tcp:80`. */
  readonly service: string;

  constructor(service: string, cause: unknown) {
    const { path, root } = within(service, cause, ServiceStartError);
    super(`Cannot start service "${path}": ${messageOf(root)}`, { cause: root });
    this.service = path;
  }
}

/** A service of the tree failed to stop, or took longer than it may; all others are stopped all the same. */
export class ServiceStopError extends Error {
  override readonly name: string = "ServiceStopError";
  /** Which ones, in the order of stopping: `web/tcp:80`. */
  readonly services: readonly string[];

  constructor(failures: readonly StopFailure[]) {
    const all = failures.flatMap(({ service, error }) =>
      error instanceof ServiceStopError
        ? error.failures.map((inner) => ({ service: `${service}/${inner.service}`, error: inner.error }))
        : [{ service, error }],
    );
    super(all.map(({ service, error }) => `Cannot stop service "${service}": ${messageOf(error)}`).join("; "), {
      cause: all[0]?.error,
    });
    this.failures = all;
    this.services = all.map(({ service }) => service);
  }

  readonly failures: readonly StopFailure[];
}

/** One service that did not stop, and why. */
export interface StopFailure {
  readonly service: string;
  readonly error: unknown;
}

/** A service was asked for what its state does not allow: a start while it runs. */
export class ServiceStateError extends Error {
  override readonly name: string = "ServiceStateError";
}

function within(service: string, cause: unknown, type: typeof ServiceStartError): { path: string; root: unknown } {
  if (!(cause instanceof type)) return { path: service, root: cause };
  return { path: `${service}/${cause.service}`, root: cause.cause };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
