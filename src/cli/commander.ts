import { createRequire } from "node:module";
import type * as library from "commander";

/**
 * The command-line library. It is CommonJS: asked for as such it is compiled, and that is all, where an `import` has Node
 * search its text for what it may export first, with a lexer that is loaded for it alone.
 */
const commander = createRequire(import.meta.url)("commander") as typeof library;

export const Argument: typeof library.Argument = commander.Argument;
export const Command: typeof library.Command = commander.Command;
export const CommanderError: typeof library.CommanderError = commander.CommanderError;
export const InvalidArgumentError: typeof library.InvalidArgumentError = commander.InvalidArgumentError;
export const Option: typeof library.Option = commander.Option;
export type Argument = library.Argument;
export type Command = library.Command;
export type Option = library.Option;
