import type { Reactor } from "../core/reactor.ts";
import type { Option } from "./option.ts";
import type { ServiceLike } from "./service.ts";

/** The options of a plug-in by name, in camelCase; the command line has them in kebab-case. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** What follows the options on the command line. */
export interface Operands {
  /** What stands for one in help: `COMMAND`. */
  readonly name: string;
  readonly summary: string;
  /** There may be more than one. */
  readonly repeatable?: boolean | undefined;
  /** There has to be one. */
  readonly required?: boolean | undefined;
}

/** What `makeService` gets: a value for each option, and `operands`. */
export type OptionValues<O extends OptionTable> = {
  readonly [Name in keyof O]: O[Name] extends Option<infer Value> ? Value : never;
} & { readonly operands: readonly string[] };

/** What a plug-in is made of. */
export interface PluginDefinition<O extends OptionTable> {
  /** One line, as it continues "NAME: …": `says back what it hears`. */
  readonly summary: string;
  readonly options: O;
  /** Default: none are taken. */
  readonly operands?: Operands | undefined;
  /** Makes what runs. Nothing is opened before the service is started. */
  makeService(values: OptionValues<O>, reactor: Reactor): ServiceLike | PromiseLike<ServiceLike>;
}

/** A service that `twistd NAME` can run. */
export interface Plugin {
  readonly summary: string;
  readonly options: OptionTable;
  readonly operands?: Operands | undefined;
  makeService(values: Readonly<Record<string, unknown>>, reactor: Reactor): ServiceLike | PromiseLike<ServiceLike>;
}

/**
 * Makes a plug-in for `twistd`. A package names its plug-ins in package.json, each a module whose default export this is:
 * `"ropewalk": { "plugins": { "greet": "./dist/greet.js" } }`.
 *
 * @throws TypeError if the name of an option is not in camelCase, or is taken.
 * @example
 * ```ts
 * import { Protocol } from "ropewalk";
 * import { definePlugin, option, StreamServerService } from "ropewalk/app";
 *
 * class Greeter extends Protocol {
 *   greeting = "";
 *   override connectionMade(): void {
 *     this.transport.write(this.greeting);
 *     this.transport.loseConnection();
 *   }
 * }
 * const greet = definePlugin({
 *   summary: "greets whoever connects",
 *   options: {
 *     listen: option.endpoint("where to listen", { default: "tcp:1400" }),
 *     greeting: option.text("what to say", { default: "hello" }),
 *   },
 *   makeService: ({ listen, greeting }) =>
 *     new StreamServerService(listen, () => Object.assign(new Greeter(), { greeting })),
 * });
 * console.log(greet.options["listen"]?.default); // tcp:1400
 * ```
 */
export function definePlugin<const O extends OptionTable>(definition: PluginDefinition<O>): Plugin {
  for (const name of Object.keys(definition.options)) {
    if (!/^[a-z][a-zA-Z0-9]*$/.test(name)) {
      throw new TypeError(`Cannot define a plug-in with option "${name}": want a name in camelCase`);
    }
    if (TAKEN.has(name)) throw new TypeError(`Cannot define a plug-in with option "${name}": that name is taken`);
  }
  return definition as Plugin;
}

const TAKEN = new Set(["help", "operands"]);
