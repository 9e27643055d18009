/*
 * Errors that are thrown, or rejected, by what code from a session has set going: a timer, a callback, a promise that nobody
 * awaits. They are the session's, and must not end the process.
 *
 * Node's REPL would use a domain for it before version 26, and the first domain makes each `await` of the whole process several
 * times dearer until it ends. So the REPL gets a stand-in, and the context of the code says whose an error is. What is
 * nobody's ends the process as if nobody had looked.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { EventEmitter } from "node:events";

/** Calls `f`; `owner` is told of errors that what it sets going comes to, for as long as the process lives. */
export function ownStrayErrors<T>(owner: (error: unknown) => void, f: () => T): T {
  if (!isCatching) {
    isCatching = true;
    const { addUncaughtExceptionCaptureCallback } = process as unknown as NewerProcess;
    if (addUncaughtExceptionCaptureCallback === undefined) process.on("uncaughtException", catchStray);
    else addUncaughtExceptionCaptureCallback.call(process, tellOwner);
  }
  return owners.run(owner, f);
}

/** As much of a domain as Node's REPL makes use of; it shows what is emitted as "error". */
export class StandInDomain extends EventEmitter {
  bind<F>(f: F): F {
    return f;
  }
}

/** False if it is nobody's. */
function tellOwner(error: unknown): boolean {
  const owner = owners.getStore();
  owner?.(error);
  return owner !== undefined;
}

function catchStray(error: unknown): void {
  // Others who listen have taken it on themselves to decide.
  if (tellOwner(error) || process.listeners("uncaughtException").some(decides)) return;
  process.off("uncaughtException", catchStray);
  process.nextTick(() => {
    throw error;
  });
}

/** The REPL loads the module `domain`, whose listener tidies up in that module and decides nothing. */
function decides(listener: { readonly name: string }): boolean {
  return listener !== catchStray && listener.name !== "domainUncaughtExceptionClear";
}

/** Node 26 and newer ask the youngest first, which is us, and the REPL's own after it. */
interface NewerProcess {
  readonly addUncaughtExceptionCaptureCallback?: (callback: (error: unknown) => boolean) => void;
}

const owners: AsyncLocalStorage<(error: unknown) => void> = new AsyncLocalStorage();
let isCatching = false;
