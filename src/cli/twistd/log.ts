import { jsonObserver } from "../../core/log/json.ts";
import { LogLevels } from "../../core/log/levels.ts";
import { addObserver } from "../../core/log/observers.ts";
import { textObserver } from "../../core/log/text.ts";
import { notYet } from "./not-yet.ts";
import type { TwistdOptions } from "./options.ts";

/** Where the log goes until it is disposed: standard error, unless there is a file or syslog. */
export async function openLog(options: TwistdOptions): Promise<Disposable | AsyncDisposable> {
  if (options.logfile !== undefined) throw notYet("--logfile");
  if (options.syslog === true) throw notYet("--syslog");
  const observe = options.logFormat === "json" ? jsonObserver : textObserver;
  // Who reads the log may go away, and a program should outlive that.
  process.stderr.on("error", () => undefined);
  return addObserver(
    observe((text) => process.stderr.write(text)),
    options.logLevel === undefined ? undefined : new LogLevels(options.logLevel),
  );
}
