import type { ServiceParent } from "../../app/service.ts";
import type { Reactor } from "../../core/reactor.ts";
import type { TwistdOptions } from "./options.ts";

/** Who wants to hear how far it is: the command that waits for a daemon, systemd. */
export interface Audience {
  /** All ports are open. */
  ready(): Promise<void>;
  /** It reads its settings again; `ready` says that it has. */
  reloading(): Promise<void>;
  stopping(): Promise<void>;
  failed(message: string): Promise<void>;
  /** From now on it may look whether the tree is well, until the returned value is disposed. */
  watch(reactor: Reactor, root: ServiceParent): Disposable;
}

/** One that only wants to hear of the start. */
export type Waiting = Omit<Audience, "reloading" | "watch">;

/** All that listen. */
export async function findAudience(options: TwistdOptions): Promise<Audience> {
  const all: (Waiting & Partial<Audience>)[] = [];
  if (options.daemon === true) all.push((await import("./daemon.ts")).waitingCommand());
  if (process.env["NOTIFY_SOCKET"] !== undefined) all.push((await import("./notify.ts")).systemd());
  const each = async (tell: (one: Waiting & Partial<Audience>) => Promise<void> | undefined): Promise<void> => {
    await Promise.all(all.map(tell));
  };
  return {
    ready: () => each((one) => one.ready()),
    reloading: () => each((one) => one.reloading?.()),
    stopping: () => each((one) => one.stopping()),
    failed: (message) => each((one) => one.failed(message)),
    watch: (reactor, root) => {
      const watches = all.map((one) => one.watch?.(reactor, root));
      return {
        [Symbol.dispose]: () => {
          for (const watch of watches) watch?.[Symbol.dispose]();
        },
      };
    },
  };
}
