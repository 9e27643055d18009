import { settings } from "./settings.ts";

/**
 * Calls `f` so that it takes `place`, `file:line:column`, for its caller: the runner shows where a test is by who called it,
 * and that is the line in the user's file, not the one here that passes it on.
 */
export function callFrom(
  place: string | undefined,
  f: (...args: never[]) => unknown,
  args: readonly unknown[],
): unknown {
  const [, file, line] = /^(.*):(\d+):\d+$/.exec(place ?? "") ?? [];
  if (file === undefined || settings.isCounted || !/^[^\n\r\u2028\u2029]*$/.test(file)) return f(...(args as never[]));
  // A function made of text begins on its third line.
  const blank = "\n".repeat(Math.max(0, Number(line) - 3));
  const call = new Function("f", "args", `${blank}return f(...args)\n//# sourceURL=${file}`);
  return call(f, args);
}
