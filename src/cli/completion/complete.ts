import { basename } from "node:path";
import type { Command, Option } from "commander";
import { endpointTypes } from "../../endpoints/default-types.ts";
import { pluginCommand } from "../twistd/plugin-options.ts";
import { findPlugin, findPlugins } from "../twistd/plugins.ts";

/**
 * What the last of `words` may become; the first is the command. Each line is a word, a tab and what it is about. A line
 * that begins with the tab asks the shell itself: for `files` or `folders`.
 */
export async function complete(program: Command, words: readonly string[]): Promise<string[]> {
  const [name = "", ...rest] = words;
  const current = rest.pop() ?? "";
  const start = new Place(commandNamed(program, basename(name)));
  let place = start;
  for (const word of rest) place = await place.after(word);
  const found = await place.candidates(current);
  return found.filter((line) => line.startsWith("\t") || line.startsWith(current));
}

/** `twistd` is `ropewalk run`, and `trial` is `ropewalk test`. */
function commandNamed(program: Command, name: string): Command {
  const inner = ALIASES[name];
  return program.commands.find((command) => command.name() === inner) ?? program;
}

/** A place on a command line: which command it belongs to, and what the word before wants. */
class Place {
  readonly #command: Command;
  readonly #operands: number;
  /** The option whose value comes next. */
  readonly #wanting: Option | undefined;
  /** Past `--`, or in the arguments of a module: nothing is known of what comes. */
  readonly #isForeign: boolean;

  constructor(command: Command, operands: number = 0, wanting?: Option, isForeign: boolean = false) {
    this.#command = command;
    this.#operands = operands;
    this.#wanting = wanting;
    this.#isForeign = isForeign;
  }

  async after(word: string): Promise<Place> {
    const command = this.#command;
    if (this.#isForeign) return this;
    if (this.#wanting !== undefined) {
      // What a module gets as arguments only the module knows.
      return new Place(command, this.#operands, undefined, this.#wanting.long === "--file");
    }
    if (word === "--") return new Place(command, this.#operands, undefined, true);
    if (word.startsWith("-")) {
      const option = command.options.find(({ long, short }) => long === word || short === word);
      return new Place(command, this.#operands, option?.required === true ? option : undefined);
    }
    const inner = command.commands.find((one) => one.name() === word);
    if (inner !== undefined) return new Place(inner);
    if (takesPlugins(command)) {
      const { plugin } = await findPlugin(word);
      return plugin === undefined
        ? new Place(command, 0, undefined, true)
        : new Place(pluginCommand(word, await plugin.load()));
    }
    return new Place(command, this.#operands + 1);
  }

  async candidates(current: string): Promise<string[]> {
    if (this.#isForeign) return [FILES];
    if (this.#wanting !== undefined) return valuesOf(this.#wanting);
    const [, name, value] = /^(--[a-z-]+)=(.*)$/.exec(current) ?? [];
    if (value !== undefined) {
      const option = this.#command.options.find(({ long }) => long === name);
      return option === undefined ? [] : valuesOf(option).map((line) => (line === FILES ? line : `${name}=${line}`));
    }
    if (current.startsWith("-")) return optionsOf(this.#command);
    if (takesPlugins(this.#command)) return pluginNames();
    const commands = this.#command.commands.filter((one) => !isHidden(one));
    if (commands.length > 0) return commands.map((one) => `${one.name()}\t${one.summary() || one.description()}`);
    const { registeredArguments: all } = this.#command;
    const argument = all[this.#operands] ?? all.find(({ variadic }) => variadic);
    if (argument?.argChoices !== undefined) return argument.argChoices.map((word) => `${word}\t`);
    return argument !== undefined && /file|path|command/i.test(argument.name()) ? [FILES] : [];
  }
}

function optionsOf(command: Command): string[] {
  const own = command.options.filter(({ hidden }) => !hidden).map(({ long, description }) => `${long}\t${description}`);
  return own.some((line) => line.startsWith("--help\t")) ? own : [...own, "--help\tshow the options"];
}

/** What stands for the value in help says what it is. */
function valuesOf({ argChoices, flags }: Option): string[] {
  if (argChoices !== undefined) return argChoices.map((word) => `${word}\t`);
  const placeholder = /<(.*)>/.exec(flags)?.[1] ?? "";
  if (placeholder === "endpoint") return endpointTypes.names().map((name) => `${name}:\t`);
  if (placeholder.endsWith("level")) return LEVELS.map((level) => `${level}\t`);
  if (/^(?:file|path|module)$/i.test(placeholder)) return [FILES];
  if (placeholder === "folder") return [FOLDERS];
  return placeholder.includes("|") ? placeholder.split("|").map((word) => `${word}\t`) : [];
}

async function pluginNames(): Promise<string[]> {
  const { plugins } = await findPlugins();
  return [...plugins.values()].map(({ name, origin }) => `${name}\t${origin}`);
}

function takesPlugins(command: Command): boolean {
  return command.name() === ALIASES["twistd"];
}

function isHidden(command: Command): boolean {
  return command.name() === "complete";
}

const ALIASES: Readonly<Record<string, string>> = { twistd: "run", trial: "test" };
const FILES = "\tfiles";
const FOLDERS = "\tfolders";
const LEVELS = ["debug", "info", "warn", "error", "critical", "off"];
