import { backoff } from "../../endpoints/backoff.ts";
import { splitWords } from "../../endpoints/words.ts";
import { option } from "../option.ts";
import { definePlugin, type Plugin } from "../plugin.ts";
import { ProcessMonitor } from "../process-monitor.ts";
import { commandOf, identityOf, processOptions, variablesOf } from "./process-options.ts";

/** `twistd procmon`. */
export const procmon: Plugin = definePlugin({
  summary: "keeps programs running, and logs what they say",
  options: {
    name: option.text("what the log calls the program; its own name without this"),
    program: option.text("NAME=COMMAND, one more program; quoted as in a shell, without a shell", { repeatable: true }),
    ...processOptions,
    minUptime: option.duration("a program that ends sooner has failed, and waits before its next start", {
      default: "1s",
    }),
    minRestartDelay: option.duration("the wait after the first failure; twice as long each time", { default: "1s" }),
    maxRestartDelay: option.duration("the longest wait", { default: "1h" }),
  },
  operands: { name: "COMMAND", summary: "a program and its arguments, after --", repeatable: true },
  makeService: async ({ name, program: programs, operands, env, cwd, uid, gid, ...values }, reactor) => {
    const identity = await identityOf(reactor, uid, gid);
    const monitor = new ProcessMonitor({
      minUptimeMs: values.minUptime,
      killTimeoutMs: values.killTimeout,
      policy: backoff({ initialDelayMs: values.minRestartDelay, factor: 2, maxDelayMs: values.maxRestartDelay }),
    });
    const add = (called: string, words: readonly string[]): void => {
      const [program, ...args] = commandOf(words);
      monitor.addProcess(called, { program, args, env: variablesOf(env), cwd, ...identity });
    };
    if (operands.length > 0) add(name ?? baseName(operands[0] as string), operands);
    for (const text of programs) {
      const at = text.indexOf("=");
      if (at < 1) throw new TypeError(`Cannot monitor program "${text}": want NAME=COMMAND`);
      add(text.slice(0, at), wordsOf(text.slice(at + 1)));
    }
    if (monitor.children.length === 0) commandOf([]);
    return monitor;
  },
});

function wordsOf(command: string): string[] {
  try {
    return splitWords(command);
  } catch (error) {
    throw new TypeError(`Cannot monitor command "${command}": ${(error as Error).message}`, { cause: error });
  }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1) || path;
}
