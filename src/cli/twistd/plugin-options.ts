import type { Option as PluginOption } from "../../app/option.ts";
import type { Operands, Plugin } from "../../app/plugin.ts";
import { Command, InvalidArgumentError, Option } from "../commander.ts";

/** What `words` say of a plug-in's options, with the defaults of what they do not say. @throws CommanderError */
export function readPluginOptions(
  name: string,
  plugin: Plugin,
  words: readonly string[],
): Readonly<Record<string, unknown>> {
  const command = pluginCommand(name, plugin).exitOverride();
  command.parse(words, { from: "user" });
  const given = command.opts();
  const values = Object.entries(plugin.options).map(([key, option]) => [key, given[key] ?? defaultOf(option)]);
  return { ...Object.fromEntries(values), operands: command.args };
}

/** The plug-in's command line, as commander has it. */
export function pluginCommand(name: string, plugin: Plugin): Command {
  const command = new Command(name)
    .description(`${name.split(" ").at(-1)}: ${plugin.summary}`)
    .allowExcessArguments(false)
    .showHelpAfterError(`(${name} --help tells more)`);
  for (const [key, option] of Object.entries(plugin.options)) command.addOption(toCommander(key, option));
  if (plugin.operands !== undefined) command.argument(operandForm(plugin.operands), plugin.operands.summary);
  return command;
}

/** `maxConnections` as the command line has it: `max-connections`. */
function optionName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function toCommander(key: string, option: PluginOption<unknown>): Option {
  const name = optionName(key);
  if (option.kind === "flag") return new Option(option.default === true ? `--no-${name}` : `--${name}`, option.summary);
  const notes = [
    ...(option.default === undefined ? [] : [`default: ${option.default}`]),
    ...(option.repeatable ? ["repeatable"] : []),
  ];
  const summary = notes.length === 0 ? option.summary : `${option.summary} (${notes.join(", ")})`;
  return new Option(`--${name} <${option.placeholder}>`, summary)
    .makeOptionMandatory(option.required)
    .argParser((text, earlier: unknown) => {
      const value = parsed(option, text);
      return option.repeatable ? [...((earlier as unknown[] | undefined) ?? []), value] : value;
    });
}

function parsed(option: PluginOption<unknown>, text: string): unknown {
  try {
    return option.parse(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function defaultOf(option: PluginOption<unknown>): unknown {
  if (typeof option.default === "boolean") return option.default;
  const value = option.default === undefined ? undefined : option.parse(option.default);
  if (!option.repeatable) return value;
  return value === undefined ? [] : [value];
}

function operandForm({ name, repeatable, required }: Operands): string {
  const inner = repeatable === true ? `${name}...` : name;
  return required === true ? `<${inner}>` : `[${inner}]`;
}
