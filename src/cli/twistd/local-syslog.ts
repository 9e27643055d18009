/**
 * The machine's own syslog. Its socket takes datagrams of the UNIX kind, which Node cannot send, so `logger` does it, a program
 * that every Linux system has: one process for all the time, that gets a line for each message. It is started again
 * when it dies, and what it cannot take is counted and told.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { lstatSync } from "node:fs";
import { describeError } from "../../core/log/error.ts";
import type { LogEvent } from "../../core/log/event.ts";
import { formatEvent } from "../../core/log/format.ts";
import type { LogLevel } from "../../core/log/levels.ts";
import { cut, escapedWithin } from "../../core/log/size.ts";
import { tellOnStandardError } from "../../reactor/log-file.ts";
import type { Syslog } from "./syslog.ts";

/** @throws Error if there is no such socket, or no `logger`. */
export function openLocalSyslog(path: string, name: string): Syslog {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
    throw new Error("there is no such socket; where a syslog listens on the network say udp:127.0.0.1:514");
  }
  const { error, stdout } = spawnSync("logger", ["--version"], { encoding: "utf8" });
  if (error !== undefined || !stdout.includes("util-linux")) {
    const seen = error === undefined ? "is another one" : `cannot be started: ${error.message}`;
    throw new Error(`it needs the program "logger" of util-linux, which ${seen}`);
  }
  const logger = new LoggerProcess(path, name);
  return {
    giveTo: (uid, gid) => logger.restart({ uid, gid }),
    observer: function localSyslog(event) {
      for (const line of linesOf(event)) logger.write(`<${DAEMON * 8 + SEVERITY[event.level]}>${line}\n`);
    },
    close: () => logger.close(),
  };
}

class LoggerProcess {
  readonly #args: readonly string[];
  #child: ChildProcess;
  #user: User = {};
  #lost = 0;
  #restartAtMs = 0;
  #isClosed = false;

  constructor(path: string, name: string) {
    const id = `--id=${process.pid}`;
    this.#args = ["--socket", path, "--tag", name, id, "--prio-prefix", "--size", String(MAX_MESSAGE_BYTES)];
    this.#child = this.#start();
  }

  /** Lets another one, of that user, go on: root is given up by all of the program. */
  restart(user: User): void {
    this.#user = user;
    const former = this.#child;
    former.removeAllListeners("exit");
    this.#child = this.#start();
    former.stdin?.end();
  }

  write(line: string): void {
    const { stdin } = this.#child;
    if (stdin === null || !stdin.writable || stdin.writableLength > MAX_QUEUED_BYTES) {
      this.#lost += 1;
      return;
    }
    if (this.#lost > 0) {
      stdin.write(`<${DAEMON * 8 + SEVERITY.error}>[ropewalk.twistd#error] ${this.#lost} lines of the log were lost\n`);
      this.#lost = 0;
    }
    stdin.write(line);
  }

  /** Waits until it has sent what it was given. */
  close(): Promise<void> {
    this.#isClosed = true;
    const child = this.#child;
    return new Promise((done) => {
      if (child.exitCode !== null || child.signalCode !== null) return done();
      const timer = setTimeout(() => child.kill(), CLOSE_LIMIT_MS);
      child.once("close", () => {
        clearTimeout(timer);
        done();
      });
      child.stdin?.end();
    });
  }

  #start(): ChildProcess {
    // Its own group, so that a Ctrl-C in the terminal leaves it to say what the program said last.
    const child = spawn("logger", this.#args, {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
      ...this.#user,
    });
    this.#restartAtMs = performance.now() + RESTART_INTERVAL_MS;
    child.unref();
    // Where it is gone its exit tells.
    child.stdin?.on("error", () => undefined);
    child.once("error", (error) => this.#again(`Cannot start "logger": ${error.message}`));
    child.once("exit", (code, signal) => this.#again(`"logger" ended with ${signal ?? `status ${code}`}`));
    return child;
  }

  #again(why: string): void {
    if (this.#isClosed) return;
    tellOnStandardError(`Cannot log to syslog: ${why}; it is started again`);
    const inMs = Math.max(0, this.#restartAtMs - performance.now());
    setTimeout(() => {
      if (!this.#isClosed) this.#child = this.#start();
    }, inMs).unref();
  }
}

interface User {
  readonly uid?: number;
  readonly gid?: number;
}

/** The message, and a line for each of an error's description. Nothing in them ends a line or begins another message. */
function linesOf(event: LogEvent): string[] {
  const namespace = escapedWithin(event.namespace, MAX_NAMESPACE_CHARACTERS);
  const head = `[${namespace}#${event.level}] ${escapedWithin(formatEvent(event), MAX_CHARACTERS)}`;
  const rest = Object.hasOwn(event, "error") ? describeError(event["error"]).slice(0, MAX_ERROR_LINES) : [];
  return [head, ...rest.map((line) => cut(line, MAX_CHARACTERS))];
}

/** RFC 5424 §6.2.1. */
const SEVERITY: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, warn: 4, error: 3, critical: 2 };
/** System daemons. */
const DAEMON = 3;
/** What rsyslog and journald take of one message. */
const MAX_MESSAGE_BYTES = 8_192;
/** Leaves room for the head, with three bytes for each. */
const MAX_CHARACTERS = 2_500;
const MAX_NAMESPACE_CHARACTERS = 128;
const MAX_ERROR_LINES = 30;
const MAX_QUEUED_BYTES = 1_048_576;
const RESTART_INTERVAL_MS = 1_000;
const CLOSE_LIMIT_MS = 5_000;
