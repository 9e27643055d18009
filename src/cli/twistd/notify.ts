/**
 * sd_notify(3): tells systemd how far the service is, and that it is well. The socket takes datagrams of the UNIX kind, which Node
 * cannot send; `systemd-notify` can, and it is there wherever systemd is. It is a process of its own for each message, of which
 * there are few.
 */
import { execFile } from "node:child_process";
import { checkHealth, type HealthReport } from "../../app/health.ts";
import type { ServiceParent } from "../../app/service.ts";
import { Logger } from "../../core/log/logger.ts";
import type { Reactor } from "../../core/reactor.ts";
import type { Audience } from "./audience.ts";

/** The systemd that started this process. Its address is taken out of the environment: it is no business of children. */
export function systemd(): Audience {
  const notifier = new Notifier(process.env["NOTIFY_SOCKET"] ?? "");
  const beatMs = watchdogMs();
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete process.env[name];
  // A daemon is another process than the one that systemd started.
  const pid = `MAINPID=${process.pid}`;
  return {
    ready: () => notifier.send("READY=1", pid, "STATUS=Serving"),
    reloading: () => notifier.send("RELOADING=1", `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`),
    stopping: () => notifier.send("STOPPING=1", "STATUS=Stopping"),
    failed: (message) => notifier.send(`STATUS=${message.replaceAll("\n", " ")}`),
    watch: (reactor, root) => watch(reactor, root, notifier, beatMs),
  };
}

/** How often systemd is to hear of this process: twice as often as it asks for. Undefined if it does not ask for that. */
function watchdogMs(): number | undefined {
  const { WATCHDOG_USEC: usec = "", WATCHDOG_PID: pid } = process.env;
  if (!/^[1-9]\d{0,15}$/.test(usec) || (pid !== undefined && pid !== String(process.pid))) return undefined;
  return Number(usec) / 2_000;
}

/** A loop that hangs sends no beat, by itself; a tree that is not well must not have one sent. */
function watch(reactor: Reactor, root: ServiceParent, notifier: Notifier, beatMs: number | undefined): Disposable {
  if (beatMs === undefined) return { [Symbol.dispose]: () => undefined };
  let isOver = false;
  let wasWell = true;
  let call = reactor.callLater(0, beat);
  function beat(): void {
    call = reactor.callLater(beatMs as number, beat);
    void checkHealth(reactor, root).addCallback((report) => {
      if (isOver) return;
      const { ok } = report;
      if (ok) void notifier.send("WATCHDOG=1", ...(wasWell ? [] : ["STATUS=Serving"]));
      else if (wasWell) {
        const detail = unwellIn(report).join(", ");
        log.error("Not well, so systemd is told nothing until it is: {detail}", { detail });
        void notifier.send(`STATUS=Not well: ${detail.replaceAll("\n", " ")}`);
      }
      wasWell = ok;
    });
  }
  return {
    [Symbol.dispose]: () => {
      isOver = true;
      call.cancel();
    },
  };
}

/** The services that are the reason, each with what it says of itself. */
function unwellIn({ name, detail, children }: HealthReport): string[] {
  const below = children.filter(({ ok }) => !ok);
  return below.length > 0 ? below.flatMap(unwellIn) : [detail === undefined ? name : `${name} (${detail})`];
}

/** Sends one message after the other, so that they come in order. */
class Notifier {
  readonly #socket: string;
  #last: Promise<void> = Promise.resolve();
  #hasFailed = false;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** Fires when systemd has it. Never fails: a service goes on without. */
  send(...assignments: readonly string[]): Promise<void> {
    this.#last = this.#last.then(() => this.#sendNow(assignments));
    return this.#last;
  }

  #sendNow(assignments: readonly string[]): Promise<void> {
    const env = { ...process.env, NOTIFY_SOCKET: this.#socket };
    return new Promise((done) => {
      execFile("systemd-notify", assignments, { env, timeout: LIMIT_MS }, (error) => {
        if (error !== null && !this.#hasFailed) {
          log.warn("Cannot tell systemd {assignments}: {error}", { assignments: assignments.join(" "), error });
        }
        this.#hasFailed = error !== null;
        done();
      });
    });
  }
}

const log: Logger = new Logger("ropewalk.twistd");

/** systemd-notify itself waits 5 s for systemd to have read the message. */
const LIMIT_MS = 6_000;
