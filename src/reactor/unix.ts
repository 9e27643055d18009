import { chmodSync, existsSync, rmSync, statSync } from "node:fs";
import { Socket } from "node:net";
import { dirname } from "node:path";
import { Deferred } from "../core/deferred/deferred.ts";
import { CancelledError } from "../core/deferred/errors.ts";
import { fail, maybeDeferred } from "../core/deferred/succeed.ts";
import { ConnectError, ListenError } from "../core/errors.ts";
import type { Protocol, ProtocolFactory } from "../core/protocol.ts";
import type { ConnectUnixOptions, ListenUnixOptions, Port } from "../core/reactor.ts";
import { asListenError } from "./listen-error.ts";
import type { NodeLoop } from "./node-loop.ts";
import { openPort } from "./port.ts";
import type { Primary } from "./primary.ts";
import { dial, establish } from "./tcp.ts";
import { lockUnixPath } from "./unix-lock.ts";

export function listenUnix(loop: NodeLoop, options: ListenUnixOptions, factory: ProtocolFactory): Deferred<Port> {
  const { path, mode, backlog } = options;
  const asked = { kind: "unix", path } as const;
  const where = { path, exclusive: options.exclusive === true, ...(backlog !== undefined && { backlog }) };
  const { primary } = loop;
  const claimed = primary === undefined ? claimUnixPath(path, options.lockfile) : claimFrom(primary, options);
  return claimed
    .addCallback((release) =>
      openWithMode(mode, () => openPort(loop, where, asked, options, factory))
        .addCallback((port) => withMode(port, path, mode))
        .addCallbacks(
          (port) => {
            if (primary === undefined) return release === undefined ? port : unlockingAfter(port, release);
            release?.();
            return port;
          },
          (error: Error) => {
            release?.();
            throw error;
          },
        ),
    )
    .addErrback((error: Error) => {
      throw error instanceof CancelledError ? error : asListenError(asked, error);
    });
}

/**
 * Makes sure that nobody else listens there, and removes what a dead program left. What it fires with releases the lock, if
 * one was asked for. Fails with ListenError.
 */
export function claimUnixPath(path: string, lockfile: boolean | undefined = false): Deferred<(() => void) | undefined> {
  let unlock: (() => void) | undefined;
  const claimed = maybeDeferred(() => {
    const wrong = whatIsWrongWith(path) ?? missingFolder(path);
    if (wrong !== undefined) throw new ListenError({ kind: "unix", path }, wrong);
    if (lockfile) unlock = lockUnixPath(path);
    return removeStale(path);
  });
  return claimed.addCallbacks(
    () => unlock,
    (error: Error) => {
      unlock?.();
      throw error;
    },
  );
}

/** The same in a worker, whose primary makes the socket and holds the lock for all. */
function claimFrom(primary: Primary, { path, lockfile = false, mode }: ListenUnixOptions): Deferred<() => void> {
  const umask = mode === undefined ? 0 : 0o777 & ~mode;
  return primary.claim(path, lockfile, umask).addCallback(() => () => primary.claimed(path));
}

export function connectUnix<P extends Protocol>(
  loop: NodeLoop,
  options: ConnectUnixOptions,
  factory: ProtocolFactory<P>,
): Deferred<P> {
  const { path } = options;
  const wrong = whatIsWrongWith(path);
  if (wrong !== undefined) return fail(new ConnectError(`Cannot connect to unix:${path}: ${wrong}`));
  const dialled = dial(loop, options, { path }).addErrback((error: NodeJS.ErrnoException) => {
    if (error.name === "AbortError") throw error;
    const errors = [{ address: { kind: "unix", path } as const, error }];
    throw new ConnectError(`Cannot connect to unix:${path}: ${error.message}`, { errors, cause: error });
  });
  return establish(loop, dialled, options, factory, { name: `unix:${path}` });
}

/** Node takes an empty path for TCP, and some versions cut a long one short: another socket's name. */
function whatIsWrongWith(path: string): string | undefined {
  if (path === "") return "the path is empty";
  const bytes = Buffer.byteLength(path);
  if (bytes > LONGEST_PATH_BYTES) return `the path has ${bytes} bytes, and the system takes ${LONGEST_PATH_BYTES}`;
  return undefined;
}

/** The system says EACCES of it. */
function missingFolder(path: string): string | undefined {
  const folder = dirname(path);
  return isAbstract(path) || existsSync(folder) ? undefined : `there is no folder "${folder}"`;
}

/** Unlinks a socket that nobody listens on any more. Fails with ListenError on a live one, and on what is no socket. */
function removeStale(path: string): Deferred<void> {
  const checked = new Deferred<void>(() => probe.destroy());
  const probe = new Socket();
  const asked = { kind: "unix", path } as const;
  const stat = isAbstract(path) ? undefined : statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    checked.callback();
  } else if (!stat.isSocket()) {
    checked.errback(new ListenError(asked, "the path is taken by something that is no socket", { code: "EADDRINUSE" }));
  } else {
    probe.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") rmSync(path, { force: true });
      checked.callback();
    });
    probe.connect(path, () => {
      probe.destroy();
      checked.errback(new ListenError(asked, "another program listens on it", { code: "EADDRINUSE" }));
    });
  }
  return checked;
}

/**
 * Opens with no permission that `mode` lacks: a chmod comes after the first client may have come. The umask is the whole
 * process's, and Node may be making files on other threads meanwhile, so that it only ever becomes stricter.
 */
function openWithMode<T>(mode: number | undefined, open: () => T): T {
  if (mode === undefined) return open();
  const lacking = 0o777 & ~mode;
  const former = process.umask(lacking);
  process.umask(former | lacking);
  try {
    return open();
  } finally {
    process.umask(former);
  }
}

/** Gives the socket what the umask withheld. */
function withMode(port: Port, path: string, mode: number | undefined): Port | Deferred<Port> {
  try {
    if (mode !== undefined && !isAbstract(path)) chmodSync(path, mode);
    return port;
  } catch (error) {
    return port.stopListening().addCallback(() => {
      throw error;
    });
  }
}

function unlockingAfter(port: Port, unlock: () => void): Port {
  return {
    address: port.address,
    get listening() {
      return port.listening;
    },
    stopListening: () => port.stopListening().addBoth(unlock),
    [Symbol.asyncDispose]: async () => {
      await port.stopListening().addBoth(unlock);
    },
  };
}

/** Linux's abstract names have no file. */
function isAbstract(path: string): boolean {
  return path.startsWith("\0");
}

/** What `sockaddr_un` has room for, without the NUL at the end. */
const LONGEST_PATH_BYTES = process.platform === "linux" ? 107 : 103;
