import { availableParallelism } from "node:os";
import { option } from "../../app/option.ts";
import { LogLevels } from "../../core/log/levels.ts";
import { type Command, InvalidArgumentError, Option } from "../commander.ts";

/** What stands before the plug-in's name on the command line of `twistd`. */
export interface TwistdOptions {
  readonly help?: true;
  /** `-f`: a module in place of a plug-in. */
  readonly file?: string;
  readonly daemon?: true;
  readonly nodaemon?: true;
  readonly pidfile?: string;
  readonly logfile?: string;
  /** Bytes. */
  readonly logRotateBytes?: number;
  readonly logRotate?: "daily";
  readonly logKeep?: number;
  readonly logFormat: "text" | "json";
  /** As LogLevels reads it. */
  readonly logLevel?: string;
  /** The machine's own. */
  readonly syslog?: true;
  /** Another one: a path, or an endpoint. */
  readonly syslogTo?: string;
  readonly prefix?: string;
  readonly rundir?: string;
  readonly umask?: number;
  readonly uid?: string;
  readonly gid?: string;
  readonly reactor: ReactorName;
  readonly workers?: number;
  readonly sticky?: true;
  /** What a worker that was replaced may take to finish. */
  readonly drainTimeout?: number;
  /** Of the live view: a port of the loopback, or an endpoint. */
  readonly inspectPort?: string;
  /** Others than this machine may reach it. */
  readonly inspectAnywhere?: true;
  /** Names that the live view may be asked by. */
  readonly inspectHost?: readonly string[];
  /** The file that its token is in. */
  readonly inspectToken?: string;
  /** The path of its socket. */
  readonly manhole?: string;
  /** What each service may take to stop. */
  readonly stopTimeout?: number;
}

/** The reactors that `--reactor` can choose. */
export type ReactorName = "node" | "node-streams";

/** Declares all of them, in the order of the help. */
export function declareOptions(command: Command): void {
  command
    .option("-f, --file <module>", "run what this module exports: a Service, an Application, or a function")
    .addOption(new Option("-n, --nodaemon", "stay in the foreground (the default)").conflicts("daemon"))
    .option("--daemon", "detach, and return when the start has succeeded or failed")
    .option("--pidfile <file>", "keep the process id here while it runs (default with --daemon: twistd.pid)")
    .option("-d, --rundir <folder>", "change to this folder first")
    .addOption(
      new Option("--umask <octal>", "what new files do not permit (default with --daemon: 077)").argParser(octal),
    )
    .option("-u, --uid <user>", "become this user when the ports are open")
    .option("-g, --gid <group>", "and this group")
    .option(
      "-l, --logfile <file>",
      "log here and not to standard error; opened anew on SIGHUP (default with --daemon: twistd.log)",
    )
    .addOption(
      new Option("--log-rotate-bytes <bytes>", "begin a new log file at this size: 10M (default: 100M)").argParser(
        bytes,
      ),
    )
    .addOption(new Option("--log-rotate <when>", "begin a new log file each day (UTC)").choices(["daily"]))
    .addOption(new Option("--log-keep <count>", "how many old log files to keep (default: 10)").argParser(count))
    .addOption(new Option("--log-format <format>", "how an event is written").choices(["text", "json"]).default("text"))
    .addOption(
      new Option("--log-level <[ns=]level>", "the least level to log, of a namespace or of all; repeatable").argParser(
        logLevel,
      ),
    )
    .option("--syslog", "log to the machine's syslog, /dev/log")
    .option("--syslog-to <where>", "log to this syslog: a socket's path, udp:HOST:PORT, tcp:HOST:PORT, tls:HOST:PORT")
    .option("--prefix <text>", "the name of the program in syslog (default: twistd)")
    .addOption(
      new Option("-r, --reactor <name>", "what moves the bytes").choices(["node", "node-streams"]).default("node"),
    )
    .addOption(
      new Option("--workers <count|auto>", "so many processes share the ports; auto: one a processor").argParser(
        workers,
      ),
    )
    .option("--sticky", "with --workers: a client address stays with its worker")
    .addOption(
      new Option("--drain-timeout <duration>", "with --workers: what a replaced one may take to finish: 30s").argParser(
        duration,
      ),
    )
    .addOption(new Option("--stop-timeout <duration>", "what each service may take to stop: 10s").argParser(duration))
    .option(
      "--inspect-port [port]",
      "serve the live view here, on the loopback; or at an endpoint (default: a free port)",
    )
    .option("--inspect-anywhere", "allow the live view at an endpoint that other machines can reach")
    .addOption(
      new Option("--inspect-host <name>", "a name that the live view may be asked by; repeatable").argParser(
        (name: string, earlier: readonly string[] = []) => [...earlier, name],
      ),
    )
    .option("--inspect-token <file>", "the file with the live view's token (default: a new one at each start)")
    .option("--manhole <path>", "open a REPL into the process, on a socket only its user may open");
}

/**
 * What follows `--inspect-port` is its port only if it looks like one: in `--inspect-port web` it is the plug-in.
 */
export function withPort(words: readonly string[]): string[] {
  return words.map((word, at) =>
    word === "--inspect-port" && !/^\d+$|:/.test(words[at + 1] ?? "") ? "--inspect-port=0" : word,
  );
}

function octal(text: string): number {
  if (!/^(?:0o?)?[0-7]{1,3}$/.test(text)) throw new InvalidArgumentError("It is no umask in octal, such as 027.");
  return Number.parseInt(text.replace("o", ""), 8);
}

function count(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("It is a whole number of at least 1.");
  return Number(text);
}

function workers(text: string): number {
  return text === "auto" ? availableParallelism() : count(text);
}

function bytes(text: string): number {
  return told(() => option.bytes("").parse(text) as number);
}

function duration(text: string): number {
  return told(() => option.duration("").parse(text) as number);
}

function logLevel(text: string, earlier: string | undefined): string {
  return told(() => {
    if (!LEVELS.test(text)) throw new RangeError("It is no level such as debug or chat.room=debug.");
    new LogLevels(text);
    return earlier === undefined ? text : `${earlier},${text}`;
  });
}

function told<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** LogLevels would take what is empty for nothing to do. */
const LEVELS = /^(?:(?:[\w.-]+=)?[a-z]+)(?:,(?:[\w.-]+=)?[a-z]+)*$/;
