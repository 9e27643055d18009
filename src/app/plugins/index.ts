import type { Plugin } from "../plugin.ts";

/** What `twistd` can run without another package; each is loaded when it is asked for. */
export const shippedPlugins: Readonly<Record<string, () => Promise<Plugin>>> = {
  echo: async () => (await import("./echo.ts")).echo,
};
