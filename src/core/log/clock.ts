/**
 * Gives log events their time, for as long as the returned value is not disposed; the one installed last wins. Every
 * reactor installs its own while it runs. Without any, events say 0.
 *
 * @example
 * ```ts
 * import { captureLogs, installWallClock, Logger } from "ropewalk/log";
 *
 * using clock = installWallClock(() => 1_000);
 * using logs = captureLogs();
 * new Logger("example").info("hello");
 * console.log(logs.events[0]?.timeMs); // 1000
 * ```
 */
export function installWallClock(readMs: () => number): Disposable {
  const entry = { readMs };
  installed.push(entry);
  return {
    [Symbol.dispose](): void {
      const index = installed.indexOf(entry);
      if (index >= 0) installed.splice(index, 1);
    },
  };
}

export function wallTimeMs(): number {
  return installed.at(-1)?.readMs() ?? 0;
}

const installed: { readonly readMs: () => number }[] = [];
