import { existsSync } from "node:fs";
import { register } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Scenario } from "../../sim/explore/scenario.ts";
import { UsageError } from "../usage-error.ts";

/** The default export of a module, which may be TypeScript on any Node. @throws UsageError */
export async function loadScenario(file: string): Promise<Scenario> {
  const path = resolve(file);
  if (!existsSync(path)) throw new UsageError(`Cannot load "${file}": there is no such file`);
  readTypeScript();
  let loaded: { readonly default?: unknown };
  try {
    loaded = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
  } catch (error) {
    throw new UsageError(`Cannot load "${file}": ${error instanceof Error ? (error.stack ?? error.message) : error}`, {
      cause: error,
    });
  }
  if (isScenario(loaded.default)) return loaded.default;
  const seen = loaded.default === undefined ? "it has no default export" : "its default export is no scenario";
  throw new UsageError(`Cannot run "${file}": ${seen}; write: export default scenario({ name, durationMs, setup, … })`);
}

/** Node 22.18 and later do that themselves. */
function readTypeScript(): void {
  const { typescript } = process.features as { readonly typescript?: string | false };
  if (!typescript) register("./typescript-hooks.js", import.meta.url);
}

function isScenario(value: unknown): value is Scenario {
  const { name, setup, durationMs } = (value ?? {}) as Partial<Scenario>;
  return typeof name === "string" && typeof setup === "function" && typeof durationMs === "number";
}
