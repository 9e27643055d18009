import { FailureError } from "../usage-error.ts";
import type { TwistdOptions } from "./options.ts";

/** Goes where the process is to live, with its umask. @throws FailureError */
export function enterPlace(options: TwistdOptions): void {
  const { rundir, umask = options.daemon === true ? DAEMON_UMASK : undefined } = options;
  try {
    if (rundir !== undefined) process.chdir(rundir);
  } catch (error) {
    throw new FailureError(`Cannot use the folder "${rundir}": ${(error as Error).message}`, { cause: error });
  }
  if (umask !== undefined) process.umask(umask);
}

/** The log file, seen from `rundir`: a daemon has one unless it logs to syslog. */
export function logfileOf({ logfile, daemon, syslog, syslogTo }: TwistdOptions): string | undefined {
  return logfile ?? (daemon === true && syslog === undefined && syslogTo === undefined ? "twistd.log" : undefined);
}

/** The file for the process id, seen from `rundir`: a daemon has one, since nothing else remembers it. */
export function pidfileOf({ pidfile, daemon }: TwistdOptions): string | undefined {
  return pidfile ?? (daemon === true ? "twistd.pid" : undefined);
}

/**
 * What a daemon makes is its own, whatever shell it was started from. In the foreground the umask belongs to whoever starts and
 * watches the process: systemd and containers set one.
 */
const DAEMON_UMASK = 0o077;
