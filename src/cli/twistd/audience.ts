import type { TwistdOptions } from "./options.ts";

/** Who wants to hear how far it is: the command that waits for a daemon, systemd. */
export interface Audience {
  ready(): void;
  stopping(): void;
  failed(message: string): void;
}

/** All that listen, as one. */
export async function findAudience(options: TwistdOptions): Promise<Audience> {
  const all: Audience[] = [];
  if (options.daemon === true) all.push((await import("./daemon.ts")).waitingCommand());
  if (process.env["NOTIFY_SOCKET"] !== undefined) all.push((await import("./notify.ts")).systemd());
  const tell = (how: (one: Audience) => void) => {
    for (const one of all) how(one);
  };
  return {
    ready: () => tell((one) => one.ready()),
    stopping: () => tell((one) => one.stopping()),
    failed: (message) => tell((one) => one.failed(message)),
  };
}
