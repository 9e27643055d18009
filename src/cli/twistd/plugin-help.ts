import { findPlugins } from "./plugins.ts";

/** The list of plug-ins, for the end of the help. */
export async function pluginHelp(): Promise<string> {
  const rows = await Promise.all(
    findPlugins().map(async ({ name, origin, load }) => ({ name, origin, summary: (await load()).summary })),
  );
  const width = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map(({ name, origin, summary }) => `  ${name.padEnd(width)}  ${summary} (${origin})\n`);
  return `Plug-ins:\n${lines.join("")}`;
}
