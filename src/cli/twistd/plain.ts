import type { Option } from "../../app/option.ts";
import type { Plugin } from "../../app/plugin.ts";
import { shippedPlugins } from "../../app/plugins/index.ts";
import { optionName, valuesOf } from "./option-values.ts";
import type { TwistdOptions } from "./options.ts";
import type { Program } from "./program.ts";
import { runPlugin } from "./run-plugin.ts";

/** A command line that is understood. */
export interface PlainCommand {
  readonly options: TwistdOptions;
  readonly values: Readonly<Record<string, unknown>>;
  readonly program: Program;
}

/**
 * Reads what a service is mostly started with, `[-n] PLUGIN [--option value]…` of a plug-in of this package, without the library
 * for command lines: that is a tenth of the start. Undefined for everything else, right or wrong: then the library has the
 * word. What is understood here means what it means there.
 */
export async function readPlainly(words: readonly string[]): Promise<PlainCommand | undefined> {
  const staysHere = words[0] === "-n" || words[0] === "--nodaemon";
  const [name = "", ...rest] = staysHere ? words.slice(1) : words;
  const load = Object.hasOwn(shippedPlugins, name) ? shippedPlugins[name] : undefined;
  if (load === undefined) return undefined;
  const plugin = await load();
  const given = readOptions(plugin, rest);
  if (given === undefined) return undefined;
  const values = valuesOf(plugin, given, []);
  const options = { ...PLAIN, ...(staysHere && { nodaemon: true as const }) };
  return { options, values, program: runPlugin(name, plugin, values) };
}

function readOptions(plugin: Plugin, words: readonly string[]): Record<string, unknown> | undefined {
  const known = new Map(Object.entries(plugin.options).map(([key, option]) => [flagOf(key, option), { key, option }]));
  const given: Record<string, unknown> = {};
  const waiting = [...words];
  for (let word = waiting.shift(); word !== undefined; word = waiting.shift()) {
    const [flag = "", ...after] = word.split("=");
    const { key, option } = known.get(flag) ?? {};
    if (key === undefined || option === undefined) return undefined;
    const value =
      option.kind === "flag" ? readFlag(option, after) : readValue(option, after.join("=") || waiting.shift());
    if (value === undefined || (given[key] !== undefined && !option.repeatable)) return undefined;
    given[key] = option.repeatable ? [...((given[key] as unknown[] | undefined) ?? []), value] : value;
  }
  const isWhole = [...known.values()].every(({ key, option }) => !option.required || given[key] !== undefined);
  return isWhole && plugin.operands?.required !== true ? given : undefined;
}

function flagOf(key: string, option: Option<unknown>): string {
  return option.kind === "flag" && option.default === true ? `--no-${optionName(key)}` : `--${optionName(key)}`;
}

function readFlag(option: Option<unknown>, after: readonly string[]): boolean | undefined {
  return after.length === 0 ? option.default !== true : undefined;
}

function readValue(option: Option<unknown>, text: string | undefined): unknown {
  if (text === undefined || text.startsWith("-")) return undefined;
  try {
    return option.parse(text);
  } catch {
    // The library finds the same, and says it.
    return undefined;
  }
}

/** What the options are of which nothing is said. */
const PLAIN: TwistdOptions = { logFormat: "text", reactor: "node" };
