import type { Plugin } from "../../app/plugin.ts";
import { shippedPlugins } from "../../app/plugins/index.ts";

/** A plug-in that can be run, and where it comes from. */
export interface FoundPlugin {
  readonly name: string;
  /** The package, with its version: `ropewalk`, `greeter@1.2.0`. */
  readonly origin: string;
  /** @throws FailureError if the module cannot be loaded, or holds no plug-in. */
  load(): Promise<Plugin>;
}

/** All plug-ins, by name. */
export function findPlugins(): readonly FoundPlugin[] {
  return Object.entries(shippedPlugins).map(([name, load]) => ({ name, origin: "ropewalk", load }));
}
