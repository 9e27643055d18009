import { isatty } from "node:tty";
import { reloadTree } from "../../app/reload.ts";
import type { ServiceLike } from "../../app/service.ts";
import { Logger } from "../../core/log/logger.ts";
import type { Reactor } from "../../core/reactor.ts";
import { onSignal } from "../../reactor/signals.ts";
import type { Audience } from "./audience.ts";
import type { OpenedLog } from "./log.ts";

/** What SIGHUP reloads besides the log, once it is there. */
export interface Reloading extends Disposable {
  tree: ServiceLike | undefined;
}

/** At SIGHUP opens the log anew, and has services read their settings again. */
export function reloadOnHangUp(reactor: Reactor, opened: OpenedLog, audience: Audience): Reloading {
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  const stop = (): void => {
    if (reactor.running) reactor.stop();
  };
  const listener = onHangUp(stop, () => {
    opened.reopen();
    log.info("Received SIGHUP: the log goes on");
    // Of those that come while one is on its way, one is enough.
    if (reloading.tree === undefined || waiting > 1) return;
    waiting += 1;
    last = last
      .then(() => reload(reloading.tree, audience))
      .finally(() => {
        waiting -= 1;
      });
  });
  const reloading: Reloading = { tree: undefined, [Symbol.dispose]: () => listener[Symbol.dispose]() };
  return reloading;
}

/** In a terminal SIGHUP means that the terminal is gone, as ever, and is to `stop`; otherwise it is to `reload`. */
export function onHangUp(stop: () => void, reload: () => void): Disposable {
  return onSignal("SIGHUP", () => {
    if (!isatty(STANDARD_INPUT)) {
      reload();
      return;
    }
    log.info("Received SIGHUP: the terminal is gone, shutting down");
    stop();
  });
}

async function reload(tree: ServiceLike | undefined, audience: Audience): Promise<void> {
  if (tree === undefined) return;
  await audience.reloading();
  await reloadTree(tree);
  await audience.ready();
}

const STANDARD_INPUT = 0;

const log: Logger = new Logger("ropewalk.twistd");
