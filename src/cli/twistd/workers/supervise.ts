import { CancelledError } from "../../../core/deferred/errors.ts";
import { Logger } from "../../../core/log/logger.ts";
import { NodeReactor } from "../../../reactor/node-reactor.ts";
import { onSignal, stopOnSignals } from "../../../reactor/signals.ts";
import type { Audience } from "../audience.ts";
import { keepPidfile, type Serving } from "../serve.ts";
import { Workforce } from "./workforce.ts";

/** What the primary process does: it serves nobody, and keeps the workers running until it is told to stop. */
export async function superviseWorkers(supervising: Supervising): Promise<void> {
  const { options, program, audience, held, opened, hangUp, cwd, workers: count } = supervising;
  await keepPidfile(supervising);
  const stopMs = options.stopTimeout ?? STOP_MS;
  const drainMs = options.drainTimeout ?? DRAIN_MS;
  const workforce = new Workforce({
    count,
    sticky: options.sticky === true,
    drainMs,
    stopMs: stopMs + GRACE_MS,
    cwd,
    output: opened.write,
  });
  let isStopAsked = false;
  const stopAsked = new Promise<void>((resolve) => {
    const stop = (): void => {
      isStopAsked = true;
      resolve();
    };
    held.keep(stopOnSignals(stop));
    hangUp.stop = stop;
  });
  held.keep(onSignal("SIGUSR2", () => void restart(workforce, audience)));
  try {
    const started = workforce.start();
    await Promise.race([started, stopAsked]);
    if (isStopAsked) {
      started.catch(tellUnlessStopped);
    } else {
      log.info("Started {name}, process {pid}, with {count} workers", { name: program.name, pid: process.pid, count });
      await audience.ready();
      held.keep(audience.watch(new NodeReactor(), workforce.asService()));
      hangUp.reloadBy(() => reload(workforce, audience));
      await stopAsked;
    }
    await audience.stopping();
  } finally {
    await workforce.stop();
  }
}

async function restart(workforce: Workforce, audience: Audience): Promise<void> {
  await audience.reloading();
  await workforce.restart();
  await audience.ready();
}

/** The workers reload what they serve; they tell nobody when they have. */
async function reload(workforce: Workforce, audience: Audience): Promise<void> {
  await audience.reloading();
  workforce.signal("SIGHUP");
  await audience.ready();
}

function tellUnlessStopped(error: unknown): void {
  if (!(error instanceof CancelledError)) log.error("The workers failed at their start: {error}", { error });
}

interface Supervising extends Serving {
  readonly workers: number;
  readonly cwd: string;
}

const log: Logger = new Logger("ropewalk.twistd");
/** As long as a service may take by default. */
const STOP_MS = 10_000;
/** Past what its services may take, a worker still has its connections to close. */
const GRACE_MS = 6_000;
/** Long downloads and answers that others wait for come to their end; what never does, a WebSocket, is not waited for for long. */
const DRAIN_MS = 30_000;
