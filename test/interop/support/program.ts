/** Programs that nobody here wrote: found, started, watched, and ended by their pid. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { basename, delimiter, join } from "node:path";
import type { Afterwards } from "./places.ts";
import { excerpt, LIMIT_MS, Transcript } from "./transcript.ts";

export interface ProgramOptions {
  readonly cwd?: string;
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running child. Its bytes are taken as Latin-1, so that none is lost. */
export class Program {
  readonly out: Transcript;
  readonly err: Transcript;
  /** Settles when it is gone and all that it printed is in `out` and `err`. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(child: ChildProcessWithoutNullStreams, name: string) {
    this.#child = child;
    this.out = new Transcript(`${name} (standard output)`);
    this.err = new Transcript(`${name} (standard error)`);
    child.stdout.setEncoding("latin1").on("data", (text: string) => this.out.add(text));
    child.stderr.setEncoding("latin1").on("data", (text: string) => this.err.add(text));
    // A peer that ended may leave what the test still writes to it: its exit status tells, not the pipe.
    child.stdin.on("error", () => {});
    this.exited = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        const why = `it ended with ${signal ?? `status ${code}`}; on the other stream it said:\n`;
        this.out.end(why + excerpt(this.err.text));
        this.err.end(why + excerpt(this.out.text));
        resolve({ code, signal });
      });
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("Cannot tell the pid of a program that did not start");
    return this.#child.pid;
  }

  /** To its standard input. */
  write(data: string | Uint8Array): void {
    this.#child.stdin.write(data);
  }

  /** Ends its standard input. */
  endInput(): void {
    this.#child.stdin.end();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits for its own end; one that never ends is killed and told about. */
  async finished(): Promise<Exit> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), LIMIT_MS);
    const exit = await this.exited;
    clearTimeout(timer);
    if (exit.signal !== "SIGKILL") return exit;
    throw new Error(`Program never ended by itself; it said:\n${excerpt(this.out.text)}\n${excerpt(this.err.text)}`);
  }

  /** Ends it, whatever it does; nothing happens if it is gone. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGTERM");
    // A stopped program takes its signal only when it goes on, and a deaf one takes only SIGKILL.
    this.#child.kill("SIGCONT");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE_MS);
    await this.exited;
    clearTimeout(timer);
  }
}

/** Starts a program, which ends with the test (or the suite, given its `after`) at the latest. */
export function start(
  t: Afterwards,
  command: string,
  args: readonly string[] = [],
  options: ProgramOptions = {},
): Program {
  const env = { ...process.env, LC_ALL: "C", TERM: "dumb", ...options.env };
  const child = spawn(command, args, { env, stdio: "pipe", ...(options.cwd !== undefined && { cwd: options.cwd }) });
  const program = new Program(child, basename(command));
  t.after(() => program.end());
  return program;
}

/**
 * For the `skip` option of a test: false where the machine has the programs, and otherwise the reason, which is also said
 * aloud. CI installs them all, so there a missing one is a failure.
 */
export function lacks(...commands: readonly string[]): string | false {
  const missing = commands.filter((command) => !isInstalled(command));
  if (missing.length === 0) return false;
  const reason = `this machine has no ${missing.join(", ")}; .ci/run knows the package`;
  if (process.env["CI"] !== undefined) throw new Error(`Cannot test with real peers: ${reason}`);
  console.error(`!!! SKIPPED: ${reason}`);
  return reason;
}

function isInstalled(command: string): boolean {
  const folders = command.includes("/") ? [""] : (process.env["PATH"] ?? "").split(delimiter);
  return folders.some((folder) => {
    try {
      // A plug-in of a program is read, not run.
      accessSync(join(folder, command), command.endsWith(".so") ? constants.R_OK : constants.X_OK);
      return true;
    } catch {
      // Not in this folder: the next one is asked.
      return false;
    }
  });
}

/** Debian's Python, which has Debian's packages; another one on the PATH has not. */
export const PYTHON = "/usr/bin/python3";

/** For the `timeout` option of a suite, and of each test in it: nothing here takes long unless it hangs. */
export const FILE_LIMIT_MS = 60_000;

/** How long a program may take over SIGTERM. */
const PATIENCE_MS = 2_000;
