import { report } from "../report.ts";
import { readPlainly } from "./plain.ts";

const status = await run(process.argv.slice(2));
// What a service left behind, a timer or a socket, must not keep a process that was told to stop.
process.exit(status);

async function run(words: readonly string[]): Promise<number> {
  try {
    const plain = await readPlainly(words);
    if (plain === undefined) return await runByLibrary(words);
    const { serve } = await import("./serve.ts");
    return await serve(plain.options, plain.program);
  } catch (error) {
    return report("twistd", error);
  }
}

async function runByLibrary(words: readonly string[]): Promise<number> {
  const { runCommand } = await import("../run-command.ts");
  const { twistdCommand } = await import("./command.ts");
  return runCommand((done) => twistdCommand("twistd", done), words);
}
