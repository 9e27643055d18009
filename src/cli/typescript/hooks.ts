/** Hooks for Node's module loader, on its own thread: TypeScript without its types, line by line where it was. */
import { readFile } from "node:fs/promises";
import type { LoadFnOutput, LoadHookContext } from "node:module";
import { fileURLToPath } from "node:url";
import { transform } from "@swc/wasm-typescript";

export async function load(
  url: string,
  context: LoadHookContext,
  nextLoad: (url: string, context: LoadHookContext) => LoadFnOutput | Promise<LoadFnOutput>,
): Promise<LoadFnOutput> {
  if (!/^file:.*\.m?ts$/.test(url)) return nextLoad(url, context);
  const filename = fileURLToPath(url);
  const source = await readFile(filename, "utf8");
  try {
    const { code } = await transform(source, { filename, mode: "strip-only", module: true });
    return { format: "module", source: code, shortCircuit: true };
  } catch (error) {
    const { message, snippet = "", startLine = 0 } = error as StripError;
    throw new SyntaxError(`${message} (${filename}:${startLine})\n${snippet}`);
  }
}

/** What is thrown is no Error. */
interface StripError {
  readonly message: string;
  readonly snippet?: string;
  readonly startLine?: number;
}
