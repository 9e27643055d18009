/**
 * `--daemon`: the command starts itself again in a session of its own, without a terminal, and returns only when that one
 * says how its start went. Node cannot fork, so what the child is and does comes from the same command line; the
 * two speak over a channel that ends with either of them. Whoever loses the other gives up: a command that was killed
 * leaves no daemon behind, and one that never hears "ready" says so.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { resolve } from "node:path";
import { openForAppending } from "../../reactor/log-file.ts";
import { DONE } from "../exit-status.ts";
import { FailureError } from "../usage-error.ts";
import type { Waiting } from "./audience.ts";
import type { TwistdOptions } from "./options.ts";
import { logfileOf } from "./place.ts";

/** Whether this process is the daemon, and not the command that starts it. */
export function isDetached(): boolean {
  return DETACHED;
}

/** Starts the daemon, waits for what it tells of its start, and gives the exit status of the command. @throws FailureError */
export async function detach(options: TwistdOptions): Promise<number> {
  const errors = openErrors(options);
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    stdio: ["ignore", "ignore", errors.descriptor, "ipc"],
    env: environment(),
  });
  try {
    const failure = await outcomeOf(child);
    if (failure === undefined) return DONE;
    // What it said without us: a module that cannot be loaded, a crash of V8.
    const said = failure.isTold ? "" : errors.said();
    throw new FailureError(`${failure.message}${said === "" ? "" : `; it said:\n${said}`}`);
  } finally {
    closeSync(errors.descriptor);
  }
}

/** The command that started this daemon and waits for its start. */
export function waitingCommand(): Waiting {
  let isOver = false;
  // A command that was killed reports nothing to anybody: then there is to be no daemon. SIGTERM stops a start at any step.
  const onDisconnect = (): void => {
    if (!isOver) process.kill(process.pid, "SIGTERM");
  };
  process.on("disconnect", onDisconnect);
  const tell = (message: Told): Promise<void> =>
    new Promise((done) => {
      if (isOver || !process.connected) return done();
      process.once("disconnect", done);
      process.once("message", () => {
        isOver = true;
        process.disconnect?.();
        done();
      });
      // If it does not get there the channel is gone, and that is told.
      process.send?.(message, undefined, undefined, () => {});
    });
  return {
    ready: () => tell({ kind: "ready" }),
    failed: (message) => tell({ kind: "failed", message }),
    // Its end says the rest.
    stopping: async () => undefined,
  };
}

/** What the daemon tells the command, once. The command answers with anything, which says that it heard. */
type Told = { readonly kind: "ready" } | { readonly kind: "failed"; readonly message: string };

interface Failure {
  readonly message: string;
  /** By itself, and in its own words. */
  readonly isTold: boolean;
}

/** Undefined when it is ready; else once it is gone, so that whoever tries again finds its ports and files free. */
function outcomeOf(child: ChildProcess): Promise<Failure | undefined> {
  return new Promise((settle) => {
    let message: string | undefined;
    child.once("error", (error) => settle({ message: `Cannot start the daemon: ${error.message}`, isTold: true }));
    child.once("exit", (code, signal) => {
      const how = signal === null ? `with status ${code}` : `by ${signal}`;
      if (message !== undefined) settle({ message, isTold: true });
      else settle({ message: `Cannot start: the daemon ended ${how} before it was ready`, isTold: false });
    });
    child.once("message", (told: Told) => {
      if (told.kind === "failed") message = told.message;
      child.send("heard", () => {
        if (told.kind === "failed") return;
        child.unref();
        settle(undefined);
      });
    });
  });
}

/**
 * Where the daemon's bare standard error goes: into its log, or nowhere if that is syslog alone. Almost nothing is ever written
 * there, since what the program prints becomes events of the log.
 */
function openErrors(options: TwistdOptions): { readonly descriptor: number; said(): string } {
  const logfile = logfileOf(options);
  const path = logfile === undefined ? "/dev/null" : resolve(options.rundir ?? ".", logfile);
  try {
    const descriptor = logfile === undefined ? openSync(path, "a") : openForAppending(path);
    const reading = openSync(path, "r");
    const before = fstatSync(reading).size;
    return { descriptor, said: () => textSince(reading, before) };
  } catch (error) {
    throw new FailureError(`Cannot open log file "${path}": ${(error as Error).message}`, { cause: error });
  }
}

/** By descriptor: the file may have another name by now. */
function textSince(descriptor: number, offset: number): string {
  const bytes = Buffer.alloc(MAX_SAID_BYTES);
  return bytes
    .subarray(0, readSync(descriptor, bytes, 0, bytes.length, offset))
    .toString()
    .trimEnd();
}

function environment(): NodeJS.ProcessEnv {
  const variables: NodeJS.ProcessEnv = { ...process.env, [MARK]: "1" };
  // systemd watches over the process that it started; from now on that is another one.
  if (variables["WATCHDOG_PID"] === String(process.pid)) delete variables["WATCHDOG_PID"];
  return variables;
}

/** Says to the child which of the two it is. It believes that only over a channel, and its own children are not told. */
const MARK = "ROPEWALK_TWISTD_DETACHED";
const DETACHED = process.env[MARK] !== undefined && process.send !== undefined;
delete process.env[MARK];
const MAX_SAID_BYTES = 16_384;
