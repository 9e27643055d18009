import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Scenario } from "../../sim/explore/scenario.ts";
import { readTypeScript } from "../typescript/register.ts";
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

function isScenario(value: unknown): value is Scenario {
  const { name, setup, durationMs } = (value ?? {}) as Partial<Scenario>;
  return typeof name === "string" && typeof setup === "function" && typeof durationMs === "number";
}
