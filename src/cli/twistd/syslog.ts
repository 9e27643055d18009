import type { LogObserver } from "../../core/log/event.ts";
import { syslogObserver } from "../../protocols/syslog/observer/client.ts";
import { NodeReactor } from "../../reactor/node-reactor.ts";
import { FailureError } from "../usage-error.ts";
import { openLocalSyslog } from "./local-syslog.ts";

/** A way into syslog. */
export interface Syslog {
  readonly observer: LogObserver;
  /** Lets whoever works for it be another user. */
  giveTo?(uid: number, gid: number): void;
  /** Sends what waits, if somebody is there to take it. */
  close(): Promise<void>;
}

/**
 * The machine's own syslog by the path of its socket, or one that listens on the network: `udp:HOST:PORT`,
 * `tcp:HOST:PORT`, `tls:HOST:PORT`. `name` is the program's, in each message.
 *
 * @throws FailureError
 */
export function openSyslog(where: string, name: string): Syslog {
  try {
    if (where.startsWith("/")) return openLocalSyslog(where, name);
    // A reactor of its own: the program's takes its connections along when it stops, and the log has more to say then.
    const observer = syslogObserver(new NodeReactor(), where, { appName: name, facility: DAEMON });
    return { observer, close: async () => await observer.stop() };
  } catch (error) {
    throw new FailureError(`Cannot log to syslog "${where}": ${(error as Error).message}`, { cause: error });
  }
}

/** RFC 5424 §6.2.1: system daemons. */
const DAEMON = 3;
