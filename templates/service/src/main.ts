/** What `twistd -f` runs; the arguments after `--` come here. */
import { parseArgs } from "node:util";
import type { Reactor } from "ropewalk";
import type { Application } from "ropewalk/app";
import { Logger } from "ropewalk/log";
import { makeSample } from "./sample.ts";

export function application(_reactor: Reactor, args: readonly string[]): Application {
  const { values } = parseArgs({ args: [...args], options: { listen: { type: "string", default: "tcp:1400" } } });
  const log = new Logger("sample");
  return makeSample(values.listen, (line) => log.info("{line}", { line }));
}
