import type { Application } from "../../app/application.ts";
import { CancelledError } from "../../core/deferred/errors.ts";
import { Logger } from "../../core/log/logger.ts";
import type { Reactor } from "../../core/reactor.ts";
import { DONE, FAILED } from "../exit-status.ts";
import { FailureError } from "../usage-error.ts";
import { type Audience, findAudience } from "./audience.ts";
import { HangUp, reloading, stopping } from "./hang-up.ts";
import { Held } from "./held.ts";
import { logsToStandardError, type OpenedLog, openLog } from "./log.ts";
import type { TwistdOptions } from "./options.ts";
import { enterPlace, pidfileOf } from "./place.ts";
import type { Program } from "./program.ts";
import { makeReactor } from "./reactor.ts";
import { rootOf } from "./root.ts";
import type { Membership } from "./workers/membership.ts";

/**
 * Runs a program from its first step to its last, and gives the exit status. A start that fails undoes what was done of it
 * and throws a FailureError. What few ask for is loaded when it is asked for: most starts are plain ones.
 */
export async function serve(options: TwistdOptions, program: Program): Promise<number> {
  if (options.workers !== undefined) {
    const { ownPlace, serveAsWorker } = await import("./workers/membership.ts");
    const place = ownPlace();
    if (place !== undefined)
      return serveAsWorker(options, place, (own, membership) => serveHere(own, program, membership));
  }
  if (options.daemon === true) {
    const { detach, isDetached } = await import("./daemon.ts");
    if (!isDetached()) return detach(options);
  }
  return serveHere(options, program);
}

/** All that happens in the process that serves. */
async function serveHere(options: TwistdOptions, program: Program, membership?: Membership): Promise<number> {
  const held = new Held();
  const audience = membership ?? (await findAudience(options));
  const hangUp = held.keep(new HangUp());
  const cwd = process.cwd();
  try {
    enterPlace(options);
    const opened = held.keep(await openLog(options, membership?.number));
    hangUp.opened = opened;
    if (options.workers !== undefined && membership === undefined) {
      const { superviseWorkers } = await import("./workers/supervise.ts");
      await superviseWorkers({ options, program, audience, held, opened, hangUp, cwd, workers: options.workers });
    } else {
      const reactor = makeReactor(options.reactor);
      membership?.join(reactor);
      hangUp.stop = stopping(reactor);
      await serveOn(reactor, { options, program, audience, held, opened, hangUp });
    }
    return DONE;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // Standard error gets one line, by whoever catches this; the stack is for those who ask for it.
    if (!logsToStandardError(options)) log.critical("{reason}", { reason: message });
    log.debug("Where that came from", { error });
    await audience.failed(message);
    // A daemon's standard error is its log, which says it already.
    if (options.daemon === true) return FAILED;
    throw error instanceof FailureError ? error : new FailureError(message, { cause: error });
  } finally {
    await held.release();
  }
}

/** Starts the reactor and the program on it, waits for the end of both. A signal stops the start too. */
async function serveOn(reactor: Reactor, serving: Serving): Promise<void> {
  let failure: unknown;
  let root: Application | undefined;
  let told: Promise<void> | undefined;
  const stopAsked = new Promise<void>((resolve) => {
    reactor.addTrigger("before", "shutdown", async () => {
      resolve();
      told = serving.audience.stopping();
      try {
        await root?.stopService();
      } catch (error) {
        failure ??= error;
      }
    });
  });
  const ended = reactor.run();
  const starting = start(reactor, serving, (application) => {
    root = application;
  });
  try {
    await Promise.race([starting, stopAsked]);
  } catch (error) {
    if (reactor.running) {
      failure = error;
      reactor.stop();
    }
  }
  await ended;
  await told;
  if (failure !== undefined) throw failure;
}

/** Every step of the start, in order. */
async function start(reactor: Reactor, serving: Serving, haveRoot: (root: Application) => void): Promise<void> {
  const { options, program, audience, held, opened, hangUp } = serving;
  await keepPidfile(serving);
  const inspection = options.inspectPort === undefined ? undefined : await import("./inspect.ts");
  // Before anything is made: what it is to tell of is made from here on.
  const watch = inspection && held.keep(inspection.beginWatch(reactor));
  const root = rootOf(await program.load(reactor), options);
  checkRunning(reactor);
  haveRoot(root);
  await root.privilegedStartService(reactor);
  if (root.uid !== undefined || root.gid !== undefined) {
    const { shed } = await import("./shed.ts");
    shed(root, opened);
  }
  if (inspection !== undefined && watch !== undefined) {
    held.keep(await inspection.openInspection(reactor, root, watch, { options, name: program.name }));
  }
  if (options.manhole !== undefined) {
    const { openManhole } = await import("./manhole.ts");
    held.keep(await openManhole(options.manhole, reactor, root));
  }
  checkRunning(reactor);
  await root.startService(reactor);
  log.info("Started {name}, process {pid}", { name: program.name, pid: reactor.environment.pid });
  await audience.ready();
  hangUp.reloadBy(reloading(root, audience));
  held.keep(audience.watch(reactor, root));
}

/** Writes the process id where the options say. */
export async function keepPidfile({ options, held }: Pick<Serving, "options" | "held">): Promise<void> {
  const pidfile = pidfileOf(options);
  if (pidfile === undefined) return;
  const { writePidfile } = await import("./pidfile.ts");
  held.keep(writePidfile(pidfile));
}

/** Nothing may start behind the back of a stop that has been. */
function checkRunning(reactor: Reactor): void {
  if (!reactor.running) throw new CancelledError("It was stopped while it started");
}

/** What the steps share. */
export interface Serving {
  readonly options: TwistdOptions;
  readonly program: Program;
  readonly audience: Audience;
  readonly held: Held;
  readonly opened: OpenedLog;
  readonly hangUp: HangUp;
}

const log: Logger = new Logger("ropewalk.twistd");
