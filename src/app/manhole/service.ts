import type { Deferred } from "../../core/deferred/deferred.ts";
import { gatherResults } from "../../core/deferred/gather.ts";
import { maybeDeferred } from "../../core/deferred/succeed.ts";
import { Logger } from "../../core/log/logger.ts";
import type { Port, Reactor } from "../../core/reactor.ts";
import { ManholeFactory } from "../../reactor/manhole/manhole-protocol.ts";
import { checkManholePath } from "../../reactor/manhole/socket-guard.ts";
import { Service } from "../service.ts";
import { manholeNames } from "./names.ts";

/** What can be said of a ManholeService. */
export interface ManholeOptions {
  /**
   * Where the socket is made, with mode 0600. Its folder is ours or root's, and nobody else may write to it (unless it is
   * sticky, as /tmp is). A socket that nobody listens on any more is removed, a live one is not.
   */
  readonly path: string;
  /** What `application` and `services` stand for: the root of the service tree. */
  readonly application?: object | undefined;
  /** More names for the lines that are entered: `{ db, cache }`. Getters are read when a line uses them. */
  readonly names?: object | undefined;
  /** Keeps what was entered, with mode 0600, for later sessions; default: it is kept in memory, until the process ends. */
  readonly historyFile?: string | undefined;
}

/**
 * A read-eval-print loop into the running process, on a UNIX socket: `npx ropewalk manhole PATH`, or `nc -U PATH`. Whoever can
 * open the socket can do what the process can, so the mode of the file is the whole of the guard. Lines may use `reactor`,
 * `application`, `services` by name, `connections()`, `holdings()`, `log`, `levels`, `await` and `import()`. An error in what is entered stays in
 * its session, be it thrown later. Sessions and their lines go to the log, under `ropewalk.manhole` and
 * `ropewalk.manhole.lines`.
 *
 * @throws Error from `startService` if the path is no place for a manhole, or ListenError.
 *
 * @example
 * ```ts no-run: a manhole is for a process that goes on
 * import { Application } from "ropewalk/app";
 * import { ManholeService } from "ropewalk/manhole";
 *
 * export const application = new Application({ name: "shop" });
 * void application.addService(new ManholeService({ path: "run/manhole", application }));
 * ```
 */
export class ManholeService extends Service {
  override name = "manhole";
  readonly #options: ManholeOptions;
  #port: Port | undefined = undefined;
  #factory: ManholeFactory | undefined = undefined;

  constructor(options: ManholeOptions) {
    super();
    this.#options = options;
  }

  /** After root is given up: the socket belongs to whom the process runs as, and so does the power of who enters. */
  override startService(reactor: Reactor): Deferred<void> {
    return maybeDeferred(() => {
      const { application, names = {}, historyFile } = this.#options;
      const path = checkManholePath(this.#options.path);
      const factory = new ManholeFactory({
        names: () => manholeNames(reactor, application, names),
        greeting: greetingOf(reactor, application),
        historyFile,
      });
      this.#factory = factory;
      // A visitor who has gone for lunch with a full screen does not hold up the end.
      return reactor.listenUnix({ path, mode: OWNER_ONLY, exclusive: true, closeTimeoutMs: CLOSE_TIMEOUT_MS }, factory);
    }).addCallback((port) => {
      this.#port = port;
      log.info("Manhole at {path}: whoever can open it can do as they like in this process", {
        path: this.#options.path,
      });
    });
  }

  /** Ends the sessions, whatever they are doing. */
  override stopService(): Deferred<void> {
    const port = this.#port;
    const sessions = [...(this.#factory?.sessions ?? [])];
    this.#port = undefined;
    this.#factory = undefined;
    const closed = sessions.map((session) => {
      session.hangUp("The manhole is closed.");
      return session.transport.whenClosed();
    });
    return maybeDeferred(() => port?.stopListening())
      .addCallback(() => gatherResults(closed))
      .addCallback(() => undefined);
  }
}

function greetingOf(reactor: Reactor, application: object | undefined): string {
  const { name } = (application ?? {}) as { readonly name?: unknown };
  const of =
    typeof name === "string" ? `${name}, process ${reactor.environment.pid}` : `process ${reactor.environment.pid}`;
  return `Manhole of ${of}. Try: services, connections(), holdings(), reactor, application, log, levels, .help; leave with .exit`;
}

const OWNER_ONLY = 0o600;
const CLOSE_TIMEOUT_MS = 1_000;

const log: Logger = new Logger("ropewalk.manhole");
