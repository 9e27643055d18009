import { loadEndpointFamilies } from "../../app/endpoint-families.ts";
import type { Plugin } from "../../app/plugin.ts";
import type { Program } from "./program.ts";

/** A plug-in, with the values of its options, as what `twistd` is to run. */
export function runPlugin(name: string, plugin: Plugin, values: Readonly<Record<string, unknown>>): Program {
  return {
    name,
    load: async (reactor) => {
      await loadEndpointFamilies(endpointsIn(plugin, values));
      return plugin.makeService(values, reactor);
    },
  };
}

function endpointsIn(plugin: Plugin, values: Readonly<Record<string, unknown>>): string[] {
  const keys = Object.entries(plugin.options).filter(([, option]) => option.kind === "endpoint");
  return keys.flatMap(([key]) => (values[key] ?? []) as string | string[]);
}
