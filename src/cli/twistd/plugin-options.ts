import type { Option as PluginOption } from "../../app/option.ts";
import type { Operands, Plugin } from "../../app/plugin.ts";
import { Command, InvalidArgumentError, Option } from "../commander.ts";
import { optionName, valuesOf } from "./option-values.ts";

/** What `words` say of a plug-in's options, with the defaults of what they do not say. @throws CommanderError */
export function readPluginOptions(
  name: string,
  plugin: Plugin,
  words: readonly string[],
): Readonly<Record<string, unknown>> {
  const command = pluginCommand(name, plugin).exitOverride();
  command.parse(words, { from: "user" });
  return valuesOf(plugin, command.opts(), command.args);
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

function operandForm({ name, repeatable, required }: Operands): string {
  const inner = repeatable === true ? `${name}...` : name;
  return required === true ? `<${inner}>` : `[${inner}]`;
}
