/** The `name: value` lines between two `---` at the top of a page: no lists, no nesting, so no YAML. */

export type FrontMatter = Readonly<Record<string, string>>;

export interface Split {
  /** Undefined where a page has none. */
  readonly data: FrontMatter | undefined;
  readonly body: string;
  /** How many lines stand before the body. */
  readonly bodyLine: number;
}

/** Throws an Error that names the file and the line which is not `name: value`. */
export function splitFrontMatter(source: string, text: string): Split {
  const [whole, lines = ""] = /^---\n([\s\S]*?)\n---\n/.exec(text) ?? [];
  if (whole === undefined) return { data: undefined, body: text, bodyLine: 0 };
  const data: Record<string, string> = {};
  for (const [index, line] of lines.split("\n").entries()) {
    if (line.trim() === "") continue;
    const [, name, value = ""] = /^(\w+):\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined) throw new Error(`Cannot read the front matter of ${source}:${index + 2}: "${line}"`);
    data[name] = unquoted(value);
  }
  return { data, body: text.slice(whole.length), bodyLine: whole.split("\n").length - 1 };
}

function unquoted(value: string): string {
  return /^"(.*)"$/.exec(value)?.[1]?.replaceAll(`\\"`, `"`) ?? value;
}
