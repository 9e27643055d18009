import { type FoundPlugin, findPlugins } from "./plugins.ts";

/** The list of plug-ins, for the end of the help, and what is wrong with those that cannot be used. */
export async function pluginHelp(): Promise<string> {
  const { plugins, problems } = await findPlugins();
  const rows = await Promise.all([...plugins.values()].map(describe));
  const width = Math.max(...rows.map(({ name }) => name.length));
  const good = rows.filter(({ error }) => error === undefined);
  const bad = [...rows.flatMap(({ error }) => (error === undefined ? [] : [error.message])), ...problems];
  return (
    section(
      "Plug-ins:",
      good.map(({ name, summary, origin }) => `${name.padEnd(width)}  ${summary} (${origin})`),
    ) + (bad.length === 0 ? "" : `\n${section("Plug-ins that cannot be used:", bad)}`)
  );
}

interface Row {
  readonly name: string;
  readonly origin: string;
  readonly summary?: string;
  readonly error?: Error;
}

async function describe({ name, origin, load }: FoundPlugin): Promise<Row> {
  try {
    return { name, origin, summary: (await load()).summary };
  } catch (error) {
    return { name, origin, error: error as Error };
  }
}

function section(title: string, lines: readonly string[]): string {
  return `${title}\n${lines.map((line) => `  ${line}\n`).join("")}`;
}
