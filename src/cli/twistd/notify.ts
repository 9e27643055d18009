import type { Audience } from "./audience.ts";

/** The systemd that started this process. */
export function systemd(): Audience {
  return { ready: () => undefined, stopping: () => undefined, failed: () => undefined };
}
