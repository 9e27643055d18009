import type { Option } from "../../app/option.ts";
import type { Plugin } from "../../app/plugin.ts";

/** What `makeService` gets: the options that the command line has, the defaults of the others, and the operands. */
export function valuesOf(
  plugin: Plugin,
  given: Readonly<Record<string, unknown>>,
  operands: readonly string[],
): Readonly<Record<string, unknown>> {
  const values = Object.entries(plugin.options).map(([key, option]) => [key, given[key] ?? defaultOf(option)]);
  return { ...Object.fromEntries(values), operands };
}

/** `maxConnections` as the command line has it: `max-connections`. */
export function optionName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function defaultOf(option: Option<unknown>): unknown {
  if (typeof option.default === "boolean") return option.default;
  const value = option.default === undefined ? undefined : option.parse(option.default);
  if (!option.repeatable) return value;
  return value === undefined ? [] : [value];
}
