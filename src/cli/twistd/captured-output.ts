import { Logger } from "../../core/log/logger.ts";

/**
 * Makes events of what the program prints, until it is disposed: a daemon has nobody to print to. A line of standard output
 * is an event of level info in the namespace `stdout`, one of standard error of level error in `stderr`.
 */
export function captureOutput(): Disposable {
  const out = capture(process.stdout, (line) => new Logger("stdout").info("{line}", { line }));
  const errors = capture(process.stderr, (line) => new Logger("stderr").error("{line}", { line }));
  return {
    [Symbol.dispose]: () => {
      out();
      errors();
    },
  };
}

function capture(stream: NodeJS.WriteStream, say: (line: string) => void): () => void {
  const write = stream.write;
  // A character may come in two pieces.
  const decoder = new TextDecoder();
  let rest = "";
  const take = (text: string): void => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) say(line);
    if (rest.length > MAX_LINE_CHARACTERS) flush();
  };
  const flush = (): void => {
    const line = rest;
    rest = "";
    if (line !== "") say(line);
  };
  stream.write = (chunk: Uint8Array | string, ...more: unknown[]): boolean => {
    take(typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true }));
    const done = more.find((one) => typeof one === "function") as (() => void) | undefined;
    if (done !== undefined) process.nextTick(done);
    return true;
  };
  return () => {
    flush();
    stream.write = write;
  };
}

/** Of a line without an end. */
const MAX_LINE_CHARACTERS = 16_384;
