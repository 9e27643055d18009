import { Deferred } from "../../../core/deferred/deferred.ts";
import { succeed } from "../../../core/deferred/succeed.ts";
import { Logger } from "../../../core/log/logger.ts";
import type { Reactor } from "../../../core/reactor.ts";
import { Service } from "../../service.ts";

/**
 * Adds lines to a file: in batches, each opened by its name, so that whoever rotates the file renames it and has nobody to tell.
 * The stop waits until all are written. What a disk does not take is dropped and counted in the log.
 */
export class LineFile extends Service {
  readonly path: string;
  readonly #files: Reactor["files"];
  #lines: string[] = [];
  #isWriting = false;
  #onIdle: Deferred<void> | undefined;
  #dropped = 0;
  #isBroken = false;

  constructor(reactor: Pick<Reactor, "files">, path: string) {
    super();
    this.name = `log ${path}`;
    this.path = path;
    this.#files = reactor.files;
  }

  /** Fails with what the system says if the file cannot be written. */
  override startService(): Deferred<void> {
    return this.#files.append(this.path, "").addErrback((error: Error) => {
      throw new Error(`Cannot write log "${this.path}": ${error.message}`, { cause: error });
    });
  }

  override stopService(): Deferred<void> {
    if (!this.#isWriting) return succeed();
    this.#onIdle ??= new Deferred();
    return this.#onIdle;
  }

  add(line: string): void {
    if (this.#lines.length >= MAX_LINES) {
      this.#dropped += 1;
      return;
    }
    this.#lines.push(line);
    if (!this.#isWriting) this.#write();
  }

  #write(): void {
    const text = `${this.#lines.join("\n")}\n`;
    this.#lines = [];
    this.#isWriting = true;
    this.#files.append(this.path, text).addCallbacks(
      () => this.#written(),
      (error: Error) => this.#failed(error),
    );
  }

  #written(): void {
    const { path } = this;
    if (this.#dropped > 0) log.error("{count} lines were dropped from {path}", { count: this.#dropped, path });
    this.#dropped = 0;
    this.#isBroken = false;
    this.#goOn();
  }

  #failed(error: Error): void {
    // Once for each time that it breaks: a full disk is not helped by a log that grows elsewhere.
    if (!this.#isBroken) log.failure("Cannot write access log", error, { path: this.path });
    this.#isBroken = true;
    this.#goOn();
  }

  #goOn(): void {
    this.#isWriting = false;
    if (this.#lines.length > 0) {
      this.#write();
      return;
    }
    const idle = this.#onIdle;
    this.#onIdle = undefined;
    idle?.callback();
  }
}

const log: Logger = new Logger("ropewalk.web");

/** Two megabytes or so of lines that wait for a slow disk. */
const MAX_LINES = 10_000;
