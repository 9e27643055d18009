import { PORTABLE_TEXT } from "../wire/text-portable.ts";
import { Deferred } from "./deferred/deferred.ts";
import { fail, succeed, toDeferred } from "./deferred/succeed.ts";
import type { FileStatus, FileWriter, OpenFile } from "./files.ts";
import { systemError } from "./system-error.ts";

/** What a system does with one open file. */
export interface FileCalls {
  status(): Deferred<FileStatus>;
  read(offset: number, maxBytes: number): Deferred<Uint8Array>;
  /** All of `data`, at the end. Never called while another one, or a sync, is under way. */
  append(data: Uint8Array): Deferred<void>;
  sync(): Deferred<void>;
  /** Called once, when nothing else is under way. */
  close(): Deferred<void>;
}

/**
 * What every reactor's open files promise, on top of what its system does: a descriptor is closed once, and never under a
 * call (its number may be another file's by the time that call is done); writes keep their order, and stop at a failure.
 */
export class OpenedFile implements OpenFile, FileWriter {
  readonly path: string;
  readonly #calls: FileCalls;
  /** Calls, and writes that wait for their turn. */
  #underWay = 0;
  #isClosed = false;
  /** Who waits for the end; undefined once it is there. */
  #closers: Deferred<void>[] | undefined = [];
  /** The last write or sync that was called. */
  #lastChange: Promise<void> = Promise.resolve();

  constructor(path: string, calls: FileCalls) {
    this.path = path;
    this.#calls = calls;
  }

  status(): Deferred<FileStatus> {
    return this.#call("fstat", () => this.#calls.status());
  }

  read(offset: number, maxBytes: number): Deferred<Uint8Array> {
    if (!(Number.isSafeInteger(offset) && offset >= 0 && Number.isSafeInteger(maxBytes) && maxBytes > 0)) {
      throw new RangeError(
        `Cannot read ${maxBytes} bytes at ${offset} of "${this.path}": give whole numbers, the count above 0 and the offset 0 or more`,
      );
    }
    return this.#call("read", () => this.#calls.read(offset, maxBytes));
  }

  write(data: Uint8Array | string): Deferred<void> {
    const bytes = typeof data === "string" ? PORTABLE_TEXT.encodeUtf8(data) : data;
    return this.#call("write", () => this.#inTurn(() => this.#calls.append(bytes)));
  }

  sync(): Deferred<void> {
    return this.#call("fsync", () => this.#inTurn(() => this.#calls.sync()));
  }

  close(): Deferred<void> {
    if (this.#closers === undefined) return succeed();
    const closed = new Deferred<void>();
    this.#closers.push(closed);
    if (!this.#isClosed) {
      this.#isClosed = true;
      if (this.#underWay === 0) this.#close();
    }
    return closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #call<T>(syscall: string, call: () => Deferred<T>): Deferred<T> {
    if (this.#isClosed) return fail(systemError("EBADF", syscall, this.path));
    const result = new Deferred<T>();
    this.#underWay += 1;
    // First the count: whoever hears of the last result may already wait for the end.
    call().addCallbacks(
      (value) => {
        this.#done();
        if (!result.called) result.callback(value);
      },
      (error) => {
        this.#done();
        if (!result.called) result.errback(error);
      },
    );
    return result;
  }

  /** What a failure left undone stays so: all that is called after it has its error. */
  #inTurn(act: () => Deferred<void>): Deferred<void> {
    this.#lastChange = this.#lastChange.then(act);
    return toDeferred(this.#lastChange);
  }

  #done(): void {
    this.#underWay -= 1;
    if (this.#isClosed && this.#underWay === 0) this.#close();
  }

  #close(): void {
    const closers = this.#closers as Deferred<void>[];
    const ended = (tell: (closer: Deferred<void>) => void): void => {
      this.#closers = undefined;
      for (const closer of closers) if (!closer.called) tell(closer);
    };
    this.#calls.close().addCallbacks(
      () => ended((closer) => closer.callback()),
      (error) => ended((closer) => closer.errback(error)),
    );
  }
}
